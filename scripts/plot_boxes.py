"""Draw the slices as the networks see them, with their boxes, to be looked at before any training.

Reads `slices.csv`, `images.npy` and `boxes.csv`. Writes a PDF: slices with boxes, then some without.
"""

from steps import command
from synthaug.detection import slice_pages, slice_table
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--slices", required=True, help="slices.csv")
    parser.add_argument("--images", required=True, help="their images (.npy)")
    parser.add_argument("--boxes", required=True, help="their boxes (CSV)")
    parser.add_argument("--out", required=True, help="the sheets (PDF)")
    arguments = parser.parse_args()
    with command.logged("plot_boxes", arguments):
        slices = slice_table.read(arguments.slices, arguments.boxes, arguments.images)
        with artifacts.replacing(arguments.out) as path:
            slice_pages.write(slices, path)


if __name__ == "__main__":
    main()
