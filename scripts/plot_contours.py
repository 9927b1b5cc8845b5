"""Draw every lesion with its outline, and search for the same scan under two patients: to be looked at before training.

Reads the checked cases and, through the case table, their images and annotations. Writes a PDF of contour sheets, by
class, with the suspected duplicates at its end, and their table.
"""

from pathlib import Path

from steps import command
from synthaug.cohort import contour_sheets
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True, help="the checked cases")
    parser.add_argument("--table", required=True, help="the case table; paths are relative to its folder")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.cohort.contour_sheets.Params")
    parser.add_argument("--contours", required=True, help="the sheets (PDF)")
    parser.add_argument("--duplicates", required=True, help="the suspected duplicates (CSV)")
    arguments = parser.parse_args()
    with command.logged("plot_contours", arguments, private=True) as log:
        command.note_file(case_table=arguments.table)
        params = command.params(contour_sheets.Params, arguments.params)
        cases = artifacts.read_csv(arguments.cases)
        with artifacts.replacing(arguments.contours) as path:
            duplicates = contour_sheets.write(cases, Path(arguments.table), params, path)
        artifacts.write_csv(duplicates, arguments.duplicates)
        log.info("%d lesions drawn, %d pairs of different patients may be one scan", len(cases), len(duplicates))


if __name__ == "__main__":
    main()
