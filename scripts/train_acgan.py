"""Train one ACGAN of all classes on the classic group of the training folds.

Reads the cohort's ROIs and classic pool and the seed's folds, and trains a generator that is conditioned on the class
against a discriminator that also names the class. Writes to --out-dir what train_dcgan writes.
"""

from steps import command, roi_generators
from synthaug.generators import acgan


def main() -> None:
    arguments = roi_generators.training_parser(__doc__).parse_args()
    with command.logged("train_acgan", arguments) as log:
        roi_generators.train(acgan.FAMILY, arguments, log)


if __name__ == "__main__":
    main()
