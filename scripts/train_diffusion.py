"""Train one diffusion model of all classes on the classic group of the training folds.

Reads the cohort's ROIs and classic pool and the seed's folds, and trains a network that denoises images of a class.
Writes to --out-dir what train_dcgan writes, but there is no discriminator.
"""

from steps import command, roi_generators
from synthaug.generators import diffusion


def main() -> None:
    arguments = roi_generators.training_parser(__doc__).parse_args()
    with command.logged("train_diffusion", arguments) as log:
        roi_generators.train(diffusion.FAMILY, arguments, log)


if __name__ == "__main__":
    main()
