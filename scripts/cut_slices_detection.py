"""Cut the slices with the boxes of their lesions from the images of the case table.

Reads the checked cases and, through the case table's folder, images and annotations. Writes `slices.csv`, one row a
slice, sorted by id: all slices that the table is about, all others that a mask volume shows a lesion on, and of each
patient's volumes some without lesion; the images in gray values; and `boxes.csv`, one row a box, in the order of the
slices. Organ, crop and size are those of the config, and the boxes follow the image.
"""

from pathlib import Path

from steps import boxed_slices, command
from synthaug.detection import preprocessing
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True, help="the checked cases")
    parser.add_argument("--table", required=True, type=Path, help="the case table; image paths start at its folder")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.detection.preprocessing.Params")
    parser.add_argument("--slices", required=True, help="slices.csv")
    parser.add_argument("--images", required=True, help="gray values (.npy)")
    parser.add_argument("--boxes", required=True, help="boxes.csv")
    arguments = parser.parse_args()
    with command.logged("cut_slices", arguments, private=True) as log:
        command.note_file(case_table=arguments.table)
        params = command.params(preprocessing.Params, arguments.params)
        made = boxed_slices.cut(artifacts.read_csv(arguments.cases), arguments.table, params)
        artifacts.write_array(made.images, arguments.images)
        artifacts.write_csv(made.boxes, arguments.boxes)
        artifacts.write_csv(made.table, arguments.slices)
        log.info(
            "%d slices, %d of them without a lesion that counts; %d boxes",
            len(made.table), int((made.table["boxes"] == 0).sum()), len(made.boxes),
        )  # fmt: skip


if __name__ == "__main__":
    main()
