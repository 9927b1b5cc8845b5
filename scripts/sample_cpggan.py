"""Draw synthetic slices from a CPGGAN, each around the boxes of a training slice, moved a little.

Reads the generator's folder and the slices that it was trained on. Writes to --out-dir the images (images.npy, uint8,
n x side x side), their boxes (boxes.csv) and, for each, whose boxes were moved and how (index.csv). The first k images
are those that k images alone would be.
"""

from pathlib import Path

from steps import box_generators, command
from synthaug.generators import cpggan


def main() -> None:
    parser = box_generators.parser(__doc__)
    parser.add_argument("--generator", required=True, help="name of the preset")
    parser.add_argument("--trained", required=True, type=Path, help="folder of the trained generator")
    arguments = parser.parse_args()
    with command.logged("sample_cpggan", arguments) as log:
        box_generators.sample(cpggan.FAMILY, arguments.generator, arguments.trained, arguments, log)


if __name__ == "__main__":
    main()
