"""Export a finished run as an RO-Crate (Workflow Run Crate): a folder that describes itself, to publish beside a paper.

Reads the workflow, the run's config, its results and, to verify them first (see verify_results.py), the case table with
all images. Writes a new folder with the workflow, the config, the checked cases, all records, the evaluation and the
report, but no image, pool, synthetic image or weights, and no path of the user's files. The report shows every lesion:
look at it before you publish. Run by hand, in the folder in which the workflow ran:

    python scripts/export_crate.py --config mine.yaml --results results/liver --table data/cases.csv --out liver-crate
"""

import os
import shutil
from pathlib import Path

import yaml

import command
from synthaug import crate, records, verification
from synthaug.errors import InputError


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--config", required=True, type=Path, help="the config of the run")
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--table", type=Path, help="the case table; not for the phantom")
    parser.add_argument("--out", required=True, type=Path, help="new folder")
    arguments = parser.parse_args()
    with command.logged("export_crate", arguments):
        if arguments.out.exists():
            raise InputError(f"{arguments.out}: expected a new folder, found one; remove it or name another")
        config = yaml.safe_load(arguments.config.read_text(encoding="utf-8"))
        if config["cohort"] != arguments.results.resolve().name:
            found = config["cohort"]
            raise InputError(f"{arguments.config}: expected the config of {arguments.results}, found cohort {found}")
        verification.check(arguments.results, arguments.table)
        temporary = arguments.out.with_name(f".{arguments.out.name}.{os.getpid()}")
        try:
            crate.build(crate.Run(records.PROJECT, arguments.results, config)).write(temporary)
            temporary.rename(arguments.out)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    main()
