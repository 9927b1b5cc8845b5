"""Build the blinded pack of a reader study, real and synthetic ROIs that radiologists judge, and separately its key.

Inputs: `cases.csv`, `rois/images.npy` and the `images.npy` of one generator's synthetic ROIs, for every seed, choice of
training folds and class.
Outputs: `study.json` and the images of 64x64 pixels, see `steps.reader_packs`; and `key.csv`, which readers must not
see: `image,origin,class,lesion,patient,generator,seed,folds,sample`.
"""

from dataclasses import dataclass

import numpy as np

from steps import command, reader_packs
from synthaug.files import artifacts
from synthaug.readers import pack, shown_rois


@dataclass(frozen=True)
class Params(pack.Params):
    """What a pack of ROIs needs of the config."""

    margin: float  # of the un-augmented ROI, as a fraction of the diameter


def main() -> None:
    arguments = reader_packs.parser(__doc__).parse_args()
    with command.logged("build_reader_study", arguments) as log:
        params = command.params(Params, arguments.params)
        cases, images = artifacts.read_csv(arguments.units), artifacts.read_array(arguments.unit_images)
        synthetic = reader_packs.pools(arguments.synthetic, lambda _, images: np.arange(len(images)))
        reader_packs.build(shown_rois.real(cases, images, params.margin), synthetic, params, arguments, log)


if __name__ == "__main__":
    main()
