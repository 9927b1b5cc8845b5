"""Put the predictions of all models into one table.

Inputs: the runs' names, and the `predictions.csv` of each, found by its name below the cohort's results.
Output: `evaluation/predictions.csv`: the columns `arm,size,seed,folds` before those of the inputs, in their order.
"""

import json
from pathlib import Path

from steps import collected_predictions, command
from synthaug.errors import InputError
from synthaug.files import artifacts


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
        table = collected_predictions.table(arguments.results, arguments.stage, runs)
        artifacts.write_csv(table, arguments.out)
        log.info("%d predictions of %d runs", len(table), len(runs))


if __name__ == "__main__":
    main()
