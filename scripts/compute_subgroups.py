"""Compute the accuracy of each arm at the operating point by lesion size and by the free columns of the case table.

Inputs: `cases.csv`, `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Outputs: `subgroups.csv`: `subgroup,level,arm,rule,value,low,high,lesions,patients,delta,delta_low,delta_high`, in
fractions, delta being the paired difference from `classic`; and a forest plot of it as PNG and SVG.
"""

from steps import command
from synthaug.classification import measures
from synthaug.evaluation import operating_points, subgroups
from synthaug.files import artifacts
from synthaug.report import figure_style, forest_plot


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True, help="cases.csv")
    parser.add_argument("--predictions", required=True, help="evaluation/predictions.csv")
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument(
        "--params",
        required=True,
        help="JSON: master_seed, classes, folds, bootstrap, confidence, operating_point, arms (with classic), shown",
    )
    parser.add_argument("--out", required=True, help="subgroups.csv")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("compute_subgroups", arguments):
        params = command.params(subgroups.Params, arguments.params)
        pools = measures.pools(artifacts.read_csv(arguments.predictions), params.classes, params.folds)
        choice = artifacts.read_csv(arguments.operating_points)
        chosen = operating_points.of_arms(pools, choice, params.operating_point, params.arms)
        # Free columns are text: version 5.1 is not 5.10.
        cases = artifacts.read_csv(arguments.cases, numbers=subgroups.NUMBERS)
        values = subgroups.table(chosen, cases, params)
        artifacts.write_csv(values, arguments.out)
        figure_style.save(forest_plot.forest(values, params), arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
