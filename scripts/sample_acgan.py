"""Draw synthetic images of each class from the ACGAN of one preset, classic group, seed and choice of training folds.

Reads the generator's weights and model.json. Writes what sample_dcgan writes: a folder a class.
"""

from steps import command, roi_generators, synthetic_pools
from synthaug.generators import acgan


def main() -> None:
    arguments = synthetic_pools.parser(__doc__).parse_args()
    with command.logged("sample_acgan", arguments) as log:
        roi_generators.sample(acgan.FAMILY, arguments, log)


if __name__ == "__main__":
    main()
