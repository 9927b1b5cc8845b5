"""Put the predictions of all models into one table.

Inputs: the runs' names, and the `predictions.csv` of each, found by its name below the cohort's results.
Output: `evaluation/predictions.csv`: the columns `arm,size,seed,folds` before those of the inputs, in their order.
"""

import json
from pathlib import Path

import pandas as pd

from steps import command
from synthaug.errors import InputError
from synthaug.files import artifacts


def file_of(stage: str, arm: str, size: str, seed: int, folds: str) -> str:
    """Return the path of a run's predictions below the cohort's results."""
    return f"seed-{seed}/{stage}/{arm}/{size}/train-{folds}/predictions.csv"


def labelled(run: list, path: Path) -> pd.DataFrame:
    """Return the predictions in ``path`` with the run's arm, size, seed and folds in front."""
    table = artifacts.read_csv(path)
    for place, (column, value) in enumerate(zip(("arm", "size", "seed", "folds"), run, strict=True)):
        table.insert(place, column, value)
    return table


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--stage", required=True, help="the folder of the task's models, such as classify")
    parser.add_argument("--runs", required=True, help="JSON list of [arm, size, seed, folds]")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("collect_predictions", arguments) as log:
        runs = json.loads(arguments.runs)
        if not runs:
            raise InputError("--runs: expected a run or more, found none; see experiment in the config")
        paths = [arguments.results / file_of(arguments.stage, *run) for run in runs]
        tables = [labelled(run, path) for run, path in zip(runs, paths, strict=True)]
        for table, path in zip(tables, paths, strict=True):
            if list(table) != list(tables[0]):
                raise InputError(
                    f"{path}: expected the columns of {paths[0]} ({', '.join(tables[0])}), "
                    f"found {', '.join(table)}; delete the older of the two and run again"
                )
        table = pd.concat(tables, ignore_index=True)
        artifacts.write_csv(table, arguments.out)
        log.info("%d predictions of %d runs", len(table), len(runs))


if __name__ == "__main__":
    main()
