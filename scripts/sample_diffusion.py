"""Draw synthetic images of each class from the diffusion model of one preset, group, seed and choice of training folds.

Reads the generator's weights and model.json. Writes what sample_dcgan writes: a folder a class.
"""

from steps import command, roi_generators, synthetic_pools
from synthaug.generators import diffusion


def main() -> None:
    arguments = synthetic_pools.parser(__doc__).parse_args()
    with command.logged("sample_diffusion", arguments) as log:
        roi_generators.sample(diffusion.FAMILY, arguments, log)


if __name__ == "__main__":
    main()
