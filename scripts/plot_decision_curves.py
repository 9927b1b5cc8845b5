"""Draw decision curves of the arms at the operating point: what it is worth to act on their probabilities.

Inputs: `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Outputs: the figure as PNG and SVG, and `decision_curves.csv`:
`class,arm,rule,threshold,value,low,high,delta,delta_low,delta_high`; value is the net benefit per lesion, delta its
paired difference from `classic`. The arm `treat all` acts on every lesion.
"""

from steps import command, statistics
from synthaug.classification import decision_curves, decision_figure
from synthaug.classification.measures import Classification
from synthaug.evaluation import operating_points
from synthaug.files import artifacts
from synthaug.report import figure_style


def main() -> None:
    parser = statistics.parser(__doc__)
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--out", required=True, help="decision_curves.csv")
    arguments = parser.parse_args()
    with command.logged("plot_decision_curves", arguments):
        measures, params = statistics.read(Classification, decision_curves.Params, arguments.params)
        pools = statistics.read_pools(arguments.predictions, measures, params.folds)
        choice = artifacts.read_csv(arguments.operating_points)
        chosen = operating_points.of_arms(pools, choice, params.operating_point, params.arms)
        values = decision_curves.table(chosen, measures, params)
        artifacts.write_csv(values, arguments.out)
        figure_style.save(decision_figure.curves(values, params), arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
