"""Put the predictions of all classifiers into one table.

Inputs: the `predictions.csv` of each run, and the runs' names in the same order.
Output: `evaluation/predictions.csv`: the columns `arm,size,seed,folds` before those of the inputs, in their order.
"""

import json

import pandas as pd

import command
from synthaug import artifacts
from synthaug.errors import InputError


def labelled(run: list, path: str) -> pd.DataFrame:
    """Return the predictions in ``path`` with the run's arm, size, seed and folds in front."""
    table = artifacts.read_csv(path)
    for place, (column, value) in enumerate(zip(("arm", "size", "seed", "folds"), run, strict=True)):
        table.insert(place, column, value)
    return table


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--runs", required=True, help="JSON list of [arm, size, seed, folds], one a file")
    parser.add_argument("--predictions", required=True, nargs="+", help="the runs' predictions.csv")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("collect_predictions", arguments.log) as log:
        runs = json.loads(arguments.runs)
        if len(runs) != len(arguments.predictions):
            raise InputError(f"--runs names {len(runs)} runs, --predictions gives {len(arguments.predictions)} files")
        tables = [labelled(run, path) for run, path in zip(runs, arguments.predictions, strict=True)]
        for table, path in zip(tables, arguments.predictions, strict=True):
            if list(table) != list(tables[0]):
                raise InputError(
                    f"{path}: expected the columns of {arguments.predictions[0]} ({', '.join(tables[0])}), "
                    f"found {', '.join(table)}; delete the older of the two and run again"
                )
        table = pd.concat(tables, ignore_index=True)
        artifacts.write_csv(table, arguments.out)
        log.info("%d predictions of %d runs", len(table), len(runs))


if __name__ == "__main__":
    main()
