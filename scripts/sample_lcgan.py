"""Draw one synthetic slice per training mask, and per moved copy of it if asked, from each candidate of an LcGAN.

Reads the generator's folder and the label maps that it was trained on. Writes to --out-dir the images (images.npy,
uint8, candidates x n x side x side), all candidates' from the same masks and noise, the masks (labels.npy) and their
index.csv.
"""

from pathlib import Path

from steps import command, slice_generators
from synthaug.generators import pix2pix


def main() -> None:
    arguments = slice_generators.parser(__doc__)
    arguments.add_argument("--generator", required=True, type=Path, help="folder of the trained LcGAN")
    arguments = arguments.parse_args()
    with command.logged("sample_lcgan", arguments) as log:
        slice_generators.sample(pix2pix.FAMILY, arguments, log)


if __name__ == "__main__":
    main()
