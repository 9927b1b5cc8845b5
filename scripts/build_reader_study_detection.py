"""Build the blinded pack of a reader study, real and synthetic slices that readers judge, and separately its key.

Inputs: `slices.csv`, `slices/images.npy` and the `images.npy` of one generator's synthetic slices, for every seed and
choice of training folds, with `boxes.csv` beside each. Slices without a box that counts are not shown.
Outputs: `study.json` and the images, see `steps.reader_packs`; and `key.csv`, which readers must not see:
`image,origin,class,slice,patient,generator,seed,folds,sample`, with `all` for the class.
"""

from pathlib import Path

import numpy as np

from steps import command, reader_packs
from synthaug.files import artifacts
from synthaug.readers import pack, shown_slices


def with_box(folder: Path, images: np.ndarray) -> np.ndarray:
    """Return the positions of the synthetic slices in ``folder`` that have a box, ascending."""
    return np.unique(artifacts.read_csv(folder / "boxes.csv")["sample"].to_numpy())


def main() -> None:
    arguments = reader_packs.parser(__doc__).parse_args()
    with command.logged("build_reader_study", arguments) as log:
        params = command.params(pack.Params, arguments.params)
        slices = artifacts.read_csv(arguments.units)
        images = artifacts.read_array(arguments.unit_images, memory_map=True)
        real = shown_slices.real(slices, images, (slices["boxes"] > 0).to_numpy())
        reader_packs.build(real, reader_packs.pools(arguments.synthetic, with_box), params, arguments, log)


if __name__ == "__main__":
    main()
