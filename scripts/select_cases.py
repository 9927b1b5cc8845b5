"""Choose a study of fixed size from a large case table, before the workflow runs.

Reads a case table and writes one beside it (image paths stay relative to the same folder) with as many main and extra
lesions of each class as asked for, from different patients. Run by hand:

    python scripts/select_cases.py --table resources/figshare-brain/all.csv \\
        --out resources/figshare-brain/case_table.csv --main 60 --extra 26 --main-share 0.75 --master-seed 2018
"""

from pathlib import Path

from steps import command
from synthaug.cohort import subset
from synthaug.errors import InputError
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--table", required=True)
    parser.add_argument("--out", required=True, help="in the same folder as the table")
    parser.add_argument("--main", type=int, required=True, help="main lesions of each class")
    parser.add_argument("--extra", type=int, required=True, help="extra lesions of each class")
    parser.add_argument("--main-share", type=float, required=True, help="share of the patients in the main set, 0 to 1")
    parser.add_argument("--master-seed", type=int, required=True)
    arguments = parser.parse_args()
    with command.logged("select_cases", arguments) as log:
        if Path(arguments.out).resolve().parent != Path(arguments.table).resolve().parent:
            raise InputError(f"{arguments.out}: expected a file in the folder of {arguments.table}")
        table = subset.select(
            artifacts.read_csv(arguments.table),
            main=arguments.main,
            extra=arguments.extra,
            main_share=arguments.main_share,
            master_seed=arguments.master_seed,
        )
        artifacts.write_csv(table, arguments.out)
        log.info("%s: %d lesions of %d patients", arguments.out, len(table), table["patient"].nunique())


if __name__ == "__main__":
    main()
