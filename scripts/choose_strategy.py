"""Choose, for each test fold, the strategy that a careful user would have taken, and say what it was worth there.

A strategy is an arm at a size. Inputs: `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Outputs, empty where no choice is possible: choices: `seed,fold,arm,size` and the primary measure that the choice was
read off; strategies: how often each was chosen, its measure over all test folds, and its difference from the reference
arm and from what was chosen; metrics and comparison: rows as in `metrics.csv` and `comparisons.csv` of what was chosen;
table: all of it for the report, in percent.
"""

from steps import best_strategies, command, statistics
from synthaug.classification.measures import Classification
from synthaug.files import artifacts
from synthaug.report import best_table


def main() -> None:
    parser = statistics.parser(__doc__)
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    for name in ("choices", "strategies", "metrics", "comparison", "table"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    with command.logged("choose_strategy", arguments):
        best = best_strategies.chosen(
            Classification, arguments.params, arguments.predictions, arguments.operating_points
        )
        for name, table in vars(best).items():
            artifacts.write_csv(table, getattr(arguments, name))
        artifacts.write_csv(best_table.table(best, Classification.primary, Classification.reference), arguments.table)


if __name__ == "__main__":
    main()
