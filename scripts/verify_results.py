"""Verify that results are what their records say, from the case table and its images to the report.

Reads the results of a cohort with their records, the case table with all images and annotations, and the workflow's
code. Recomputes every digest, in the order in which the files were made, and stops at the first break: an edited or
replaced file, an input newer than what was made from it, changed code, mixed library versions, a missing record. Writes
nothing. Run by hand, in the folder in which the workflow ran:

    python scripts/verify_results.py --results results/liver --table data/cases.csv
"""

from pathlib import Path

from steps import command
from synthaug.audit import verification


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--table", type=Path, help="the case table; not for the phantom")
    arguments = parser.parse_args()
    with command.logged("verify_results", arguments):
        done = verification.check(arguments.results, arguments.table)
        counts = f"{done.records} records, {len(done.files)} files, {done.links} links, {done.lesions} lesions"
        print(f"{counts}: all as recorded")
        if not done.report:
            print(f"There is no {verification.REPORT} yet: part of a run was verified")
        if done.closed:
            print("The reader study is closed: its pack is as recorded; what the pack was made of was not compared")
        if done.left_over:
            print(f"{done.left_over} records of earlier runs are not part of the report and were not verified")


if __name__ == "__main__":
    main()
