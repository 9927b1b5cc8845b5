"""Draw and apply the classic augmentations of every lesion, main and extra.

Reads the crops and their index. Writes the images, and an index with the parameters that were drawn, lesion by lesion;
``rank`` is an augmentation's place in the random order of its lesion.
"""

from dataclasses import dataclass

import numpy as np
import torch

from steps import classic_pool, command
from synthaug.classification import augmentation_choice, rois
from synthaug.files import artifacts


@dataclass(frozen=True)
class Params(rois.Params):
    """How ROIs are cut, the augmentations (see `augmentation_choice.Choice`), their seed, and the CPU threads."""

    augmentation: dict
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
        choice = augmentation_choice.Choice(**params.augmentation)
        shape = (len(index) * choice.per_lesion, rois.SIZE, rois.SIZE)
        with (
            artifacts.read_arrays(arguments.crops) as crops,
            artifacts.array_in_parts(arguments.images, shape, np.uint8) as append,
            artifacts.csv_in_parts(arguments.index) as append_rows,
        ):
            for table, images in classic_pool.build(index, crops, params, choice, params.master_seed):
                append(images)
                append_rows(table)
                log.info("%s: %d augmentations", table["lesion"].iloc[0], len(table))


if __name__ == "__main__":
    main()
