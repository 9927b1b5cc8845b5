"""Compare the arms of any task, unit by unit: differences with intervals, tests and verdicts."""

from pathlib import Path

import pandas as pd

from steps import command, statistics
from synthaug.evaluation import comparisons
from synthaug.evaluation.measures import Measures
from synthaug.files import artifacts


def run(task: type[Measures], doc: str) -> None:
    """Do what a script ``compare_arms_<task>.py`` does."""
    parser = statistics.parser(doc)
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("compare_arms", arguments) as log:
        table = compared(task, arguments.params, arguments.predictions, arguments.operating_points)
        artifacts.write_csv(table, arguments.out)
        verdicts = table[table["metric"] == task.primary]["verdict"].value_counts()
        log.info("%d rows; verdicts on %s: %s", len(table), task.primary, verdicts.to_dict())


def compared(task: type[Measures], text: str, predictions: str | Path, operating_points: str | Path) -> pd.DataFrame:
    """Return every comparison, with the parameters in the JSON object ``text``, from the two files."""
    measures, params = statistics.read(task, comparisons.Params, text)
    pools = statistics.read_pools(predictions, measures, params.folds)
    return comparisons.table(pools, artifacts.read_csv(operating_points), measures, params)
