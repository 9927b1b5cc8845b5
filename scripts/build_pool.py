"""Draw and apply the 480 classic augmentations of every lesion, main and extra.

Reads the crops and their index. Writes the images, and an index with the parameters that were drawn, lesion by lesion;
``rank`` is an augmentation's place in the random order of its lesion.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from steps import command
from synthaug import seeding
from synthaug.classification import augment, rois
from synthaug.files import artifacts


@dataclass(frozen=True)
class Params(rois.Params):
    """How ROIs are cut, the seed of the augmentations, and the CPU threads that sample them."""

    master_seed: int
    threads: int


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rois", required=True)
    parser.add_argument("--crops", required=True)
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--images", required=True)
    parser.add_argument("--index", required=True)
    arguments = parser.parse_args()
    with command.logged("build_pool", arguments) as log:
        params = command.params(Params, arguments.params)
        torch.set_num_threads(params.threads)
        index = artifacts.read_csv(arguments.rois)
        shape = (len(index) * augment.PER_LESION, rois.SIZE, rois.SIZE)
        tables = []
        with (
            artifacts.read_arrays(arguments.crops) as crops,
            artifacts.array_in_parts(arguments.images, shape, np.uint8) as append,
        ):
            for row in index.itertuples():
                table = augment.draw(seeding.stream(params.master_seed, "pool", row.lesion), row.diameter_px)
                maps = augment.matrices(table, row.diameter_px, params)
                crop = rois.lowpass(crops[row.lesion], row.diameter_px, params)
                append(augment.apply(crop, maps, row.low, row.high))
                tables.append(table.assign(lesion=row.lesion, rank=range(len(table))))
                log.info("%s: %d augmentations", row.lesion, len(table))
        artifacts.write_csv(pd.concat(tables)[["lesion", "rank", *augment.COLUMNS]], arguments.index)


if __name__ == "__main__":
    main()
