"""Export a finished run as an RO-Crate (Workflow Run Crate): a folder that describes itself, to publish beside a paper.

Reads the workflow, the run's results and, to verify them first (see verify_results.py), the case table with all
images. Writes a new folder with the workflow, the config that ran, the checked cases, and the run's records, evaluation
and report. It holds no image, pool, synthetic image or weights, no path of the user's files, and nothing left over from
an earlier run. The report shows every lesion: look at it before you publish. Run by hand, in the folder in which the
workflow ran:

    python scripts/export_crate.py --results results/liver --table data/cases.csv --author "A. Name" --out liver-crate
"""

from pathlib import Path

from steps import command
from synthaug.audit import crate, verification
from synthaug.errors import InputError
from synthaug.files import artifacts, records


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--table", type=Path, help="the case table; not for the phantom")
    parser.add_argument("--author", required=True, action="append", help="who answers for the run; may be repeated")
    parser.add_argument("--license", default=crate.NO_LICENSE, help="of the results: an address, or words")
    parser.add_argument("--out", required=True, type=Path, help="new folder")
    arguments = parser.parse_args()
    with command.logged("export_crate", arguments):
        if arguments.out.exists():
            raise InputError(f"{arguments.out}: expected a new folder, found one; remove it or name another")
        done = verification.check(arguments.results, arguments.table)
        run = crate.Run(records.PROJECT, arguments.results, done.results, arguments.author, arguments.license)
        with artifacts.replacing_folder(arguments.out) as folder:
            crate.build(run).write(folder)
        left_over = crate.publishable(run)[1]
        if left_over:
            print(f"{len(left_over)} files of earlier runs were left out: no record of this run names them")


if __name__ == "__main__":
    main()
