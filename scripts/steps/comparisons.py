"""Compare the arms of any task, unit by unit: differences with intervals, tests and verdicts."""

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
        measures, params = statistics.read(task, comparisons.Params, arguments.params)
        pools = statistics.read_pools(arguments.predictions, measures, params.folds)
        table = comparisons.table(pools, artifacts.read_csv(arguments.operating_points), measures, params)
        artifacts.write_csv(table, arguments.out)
        verdicts = table[table["metric"] == measures.primary]["verdict"].value_counts()
        log.info("%d rows; verdicts on %s: %s", len(table), measures.primary, verdicts.to_dict())
