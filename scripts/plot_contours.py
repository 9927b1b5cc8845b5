"""Draw every lesion with its outline and as the network sees it, and search for the same scan under two patients.

Reads the checked cases, the task's samples and their images, and, through the case table, the images and annotations.
Writes a PDF of contour sheets, by class, with the suspected duplicates at its end, and their table: to be looked at
before any training.
"""

from pathlib import Path

from steps import command
from synthaug.cohort import contour_sheets
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True, help="the checked cases")
    parser.add_argument("--table", required=True, help="the case table; paths are relative to its folder")
    parser.add_argument("--units", required=True, help="the task's samples (CSV)")
    parser.add_argument("--unit-images", required=True, help="their images (.npy)")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.cohort.contour_sheets.Params")
    parser.add_argument("--contours", required=True, help="the sheets (PDF)")
    parser.add_argument("--duplicates", required=True, help="the suspected duplicates (CSV)")
    arguments = parser.parse_args()
    with command.logged("plot_contours", arguments, private=True) as log:
        command.note_file(case_table=arguments.table)
        params = command.params(contour_sheets.Params, arguments.params)
        cases, units = artifacts.read_csv(arguments.cases), artifacts.read_csv(arguments.units)
        seen = artifacts.read_array(arguments.unit_images)
        with artifacts.replacing(arguments.contours) as path:
            duplicates = contour_sheets.write(cases, Path(arguments.table), params, units, seen, path)
        artifacts.write_csv(duplicates, arguments.duplicates)
        log.info("%d lesions drawn, %d pairs of different patients may be one scan", len(cases), len(duplicates))


if __name__ == "__main__":
    main()
