"""Put the predictions of all models into one table.

Inputs: the runs' names, and the `predictions.csv` of each, found by its name below the cohort's results.
Output: `evaluation/predictions.csv`: the columns `arm,size,seed,folds` before those of the inputs, in their order.
"""

from steps import collected_predictions, command
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.terms import model_lists


def main() -> None:
    arguments = collected_predictions.parser(__doc__).parse_args()
    with command.logged("collect_predictions", arguments) as log:
        runs = model_lists.read(arguments.runs)
        if not runs:
            raise InputError("--runs: expected a run or more, found none; see experiment in the config")
        table = collected_predictions.table(arguments.results, arguments.stage, runs)
        artifacts.write_csv(table, arguments.out)
        log.info("%d predictions of %d runs", len(table), len(runs))


if __name__ == "__main__":
    main()
