"""Write what the errors of each arm cost, where the config gives errors costs of their own.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` and `evaluation/comparisons.csv`.
Output, in ordinary errors, at the operating point of the config: the mean cost of a lesion, and what each arm saves
against `classic`. With several seeds the values are means.
"""

from steps import command, evaluation_tables
from synthaug.classification import cost_table
from synthaug.classification.measures import SAVED
from synthaug.files import artifacts


def main() -> None:
    parser = evaluation_tables.parser(__doc__)
    parser.add_argument("--params", required=True, help="JSON object, see classification.cost_table.Params")
    parser.add_argument("--out", required=True, help="costs.csv")
    arguments = parser.parse_args()
    with command.logged("make_cost_table", arguments):
        params = command.params(cost_table.Params, arguments.params)
        evaluated = evaluation_tables.read(arguments, SAVED)
        artifacts.write_csv(cost_table.cost_table(evaluated, params), arguments.out)


if __name__ == "__main__":
    main()
