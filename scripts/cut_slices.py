"""Cut the slices with their label maps from the images of the case table.

Reads the checked cases and, through the case table's folder, images and annotations. Writes `slices.csv`, the images in
gray values and the label maps, one row a slice, sorted by id: all slices that the table is about, all others that a
mask volume shows a lesion on, and of each patient's volumes some without lesion.
"""

from pathlib import Path

from steps import command, slice_cutting
from synthaug.files import artifacts
from synthaug.segmentation import columns, slices


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True, help="the checked cases")
    parser.add_argument("--table", required=True, type=Path, help="the case table; image paths start at its folder")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.segmentation.slices.Params")
    parser.add_argument("--slices", required=True, help="slices.csv")
    parser.add_argument("--images", required=True, help="gray values (.npy)")
    parser.add_argument("--labels", required=True, help="label maps (.npy)")
    arguments = parser.parse_args()
    with command.logged("cut_slices", arguments, private=True) as log:
        command.note_file(case_table=arguments.table)
        params = command.params(slices.Params, arguments.params)
        made = slice_cutting.cut(artifacts.read_csv(arguments.cases), arguments.table, params)
        for path, arrays in ((arguments.images, made.images), (arguments.labels, made.labels)):
            with artifacts.array_in_parts(path, (len(arrays), params.side, params.side), "uint8") as append:
                for array in arrays:
                    append(array[None])
        artifacts.write_csv(made.table, arguments.slices)
        areas = made.table[[columns.area(cls) for cls in params.classes]]
        log.info("%d slices, %d of them without lesion", len(areas), int((areas.sum(axis=1) == 0).sum()))


if __name__ == "__main__":
    main()
