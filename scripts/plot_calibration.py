"""Draw reliability diagrams of the arms at the operating point, and measure their calibration.

Inputs: `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Outputs: the figure as PNG and SVG, and `calibration.csv`: `arm,rule,measure,value,low,high,scores`; measures are
fractions, but the Brier score (from 0 to 2), the log loss (from 0 to 87) and the slope (without bounds). `scores`
says whether the arm gives probabilities.
"""

from steps import command, statistics
from synthaug.classification import calibration_table, reliability_diagrams
from synthaug.classification.measures import Classification
from synthaug.evaluation import operating_points
from synthaug.files import artifacts
from synthaug.report import figure_style


def main() -> None:
    parser = statistics.parser(__doc__)
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--out", required=True, help="calibration.csv")
    arguments = parser.parse_args()
    with command.logged("plot_calibration", arguments):
        measures, params = statistics.read(Classification, calibration_table.Params, arguments.params)
        pools = statistics.read_pools(arguments.predictions, measures, params.folds)
        choice = artifacts.read_csv(arguments.operating_points)
        chosen = operating_points.of_arms(pools, choice, params.operating_point, params.arms)
        values = calibration_table.table(chosen, measures, params)
        artifacts.write_csv(values, arguments.out)
        figure_style.save(reliability_diagrams.diagrams(chosen, values, params), arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
