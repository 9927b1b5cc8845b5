"""Move the report to its place and record it: the last link of the chain of digests.

Inputs: the report that Snakemake has just written (--written) and, on standard input, the paths of the records of all
jobs that it shows. Outputs: the report and its record.
"""

import os
import sys
from pathlib import Path

from steps import command
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--written", required=True, type=Path, help="the new report; it is moved")
    parser.add_argument("--report", required=True, type=Path)
    arguments = parser.parse_args()
    with command.logged("record_report", arguments):
        for line in sys.stdin.read().splitlines():
            artifacts.reading(line)
        with artifacts.replacing(arguments.report) as temporary:
            os.replace(arguments.written, temporary)


if __name__ == "__main__":
    main()
