"""Write the headline: the arms at the operating point of the config, and at each rule that chooses sizes.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` and `evaluation/comparisons.csv`; of the
best strategy, `evaluation/best/choices.csv`, `metrics.csv` and `comparison.csv`, where the task chooses one.
Outputs in percent: headline: the primary measure of each arm and its paired difference from `classic`; operating-table:
the same for each rule that chooses sizes. With several seeds the values are means.
"""

from pathlib import Path

from steps import command, evaluation_tables, headline_tables
from synthaug.files import artifacts


def main() -> None:
    parser = evaluation_tables.with_best(evaluation_tables.parser(__doc__))
    parser.add_argument("--params", required=True, help="JSON object, see report.headline.Params")
    parser.add_argument("--headline", required=True)
    parser.add_argument("--operating-table", required=True)
    arguments = parser.parse_args()
    with command.logged("write_headline", arguments):
        paths = (Path(path) for path in (arguments.metrics, arguments.operating_points, arguments.comparisons))
        headline, operating_table = headline_tables.tables(
            *paths, [Path(path) for path in arguments.best], arguments.params
        )
        artifacts.write_csv(headline, arguments.headline)
        artifacts.write_csv(operating_table, arguments.operating_table)


if __name__ == "__main__":
    main()
