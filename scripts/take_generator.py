"""Take over the generator of another preset that is trained in the same way, and differs in how images are drawn.

Reads the folder --of of that generator and writes the same files to --out-dir: the same training would write the same.
"""

from pathlib import Path

from steps import command
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--of", required=True, type=Path, help="folder of the trained generator")
    parser.add_argument("--files", required=True, nargs="+", help="the names of its files")
    parser.add_argument("--out-dir", required=True, type=Path)
    arguments = parser.parse_args()
    with command.logged("take_generator", arguments) as log:
        for name in arguments.files:
            content = artifacts.reading(arguments.of / name).read_bytes()
            artifacts.write_bytes(content, arguments.out_dir / name)
        log.info("%d files", len(arguments.files))


if __name__ == "__main__":
    main()
