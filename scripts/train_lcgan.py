"""Train one LcGAN on the slices with a lesion of a share of the training folds' patients.

Reads slices.csv, the slices, their label maps and the seed's folds, and trains a generator that paints slices from
label maps against a discriminator. Writes to --out-dir what train_dcgan writes, and each candidate: the generator after
so many epochs (generator-<epochs>.safetensors).
"""

from steps import command, slice_generators
from synthaug.generators import pix2pix


def main() -> None:
    arguments = slice_generators.parser_of_images(__doc__).parse_args()
    with command.logged("train_lcgan", arguments) as log:
        slice_generators.train(pix2pix.FAMILY, arguments, log)


if __name__ == "__main__":
    main()
