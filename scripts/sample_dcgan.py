"""Draw synthetic images of each class from the DCGANs of one preset, classic group, seed and choice of training folds.

Reads the generators' weights and model.json. Writes, in a folder a class, the images (uint8, n x 64 x 64) and their
index. The first n images are the same however many are drawn.
"""

from steps import command, roi_generators, synthetic_pools
from synthaug.generators import dcgan


def main() -> None:
    arguments = synthetic_pools.parser(__doc__).parse_args()
    with command.logged("sample_dcgan", arguments) as log:
        roi_generators.sample(dcgan.FAMILY, arguments, log)


if __name__ == "__main__":
    main()
