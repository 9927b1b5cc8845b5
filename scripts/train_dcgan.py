"""Train one DCGAN of one class on the classic group of the training folds.

Reads the cohort's ROIs and classic pool and the seed's folds, and trains a generator against a discriminator. Writes
to --out-dir: the weights of both networks, the training set (without pixels), the losses of each epoch, images of the
same 16 latent vectors at some epochs (samples.npy), and model.json.
"""

from steps import command, roi_generators
from synthaug.generators import dcgan


def main() -> None:
    arguments = roi_generators.training_parser(__doc__).parse_args()
    with command.logged("train_dcgan", arguments) as log:
        roi_generators.train(dcgan.FAMILY, arguments, log)


if __name__ == "__main__":
    main()
