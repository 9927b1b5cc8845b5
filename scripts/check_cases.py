"""Check the case table and everything that it names, and describe every lesion.

Reads the user's case table and, relative to its folder, each image, mask and outline. Writes one checked row per
lesion: key slice, geometry, position, largest diameter and a digest of its pixels. All problems are reported together,
with their rows; nothing is written if there are any.
"""

from steps import command
from synthaug.cohort import cases
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--table", required=True, help="the case table (CSV)")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.cohort.cases.Params")
    parser.add_argument("--out", required=True, help="the checked cases (CSV)")
    arguments = parser.parse_args()
    with command.logged("check_cases", arguments, private=True) as log:
        command.note_file(case_table=arguments.table)
        params = command.params(cases.Params, arguments.params)
        checked = cases.check(arguments.table, params)
        artifacts.write_csv(checked, arguments.out)
        counts = checked.groupby(["set", "class"])[["lesion", "patient"]].nunique()
        log.info("%d lesions checked\n%s", len(checked), counts)


if __name__ == "__main__":
    main()
