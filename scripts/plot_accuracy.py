"""Draw Fig. 8: total accuracy against the number of training images, a line an arm.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` (the sizes to mark) and `evaluation/predictions.csv`
(for the share of the largest class).
Outputs: the figure as PNG and SVG.
"""

from steps import command
from synthaug.files import artifacts
from synthaug.report import figure_style, size_curves


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="evaluation/metrics.csv")
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument("--predictions", required=True, help="evaluation/predictions.csv")
    parser.add_argument(
        "--params", required=True, help="JSON: classes, confidence, operating_point, arms (without classic)"
    )
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("plot_accuracy", arguments):
        params = command.params(size_curves.Params, arguments.params)
        truth = artifacts.read_csv(arguments.predictions).drop_duplicates("lesion")["truth"]
        majority = truth.value_counts(normalize=True).max()
        values = artifacts.read_csv(arguments.metrics)
        choice = artifacts.read_csv(arguments.operating_points)
        figure_style.save(size_curves.accuracy(values, choice, majority, params), arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
