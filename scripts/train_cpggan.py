"""Train one CPGGAN on the slices of the training folds, without those of validation patients.

Reads slices.csv, the boxes and images of the slices and the seed's folds, and trains a generator that makes slices with
lesions in given boxes, from 4 px up. Writes to --out-dir what train_dcgan writes: the weights (the generator's are the
running average), the training set without pixels, the losses on the way with resolution and fade, images of the same
boxes at some epochs, and model.json.
"""

from steps import box_generators, command
from synthaug.generators import cpggan


def main() -> None:
    arguments = box_generators.parser(__doc__).parse_args()
    with command.logged("train_cpggan", arguments) as log:
        box_generators.train(cpggan.FAMILY, arguments, log)


if __name__ == "__main__":
    main()
