"""Draw Fig. 8: the task's primary measure against the number of training images, one line per arm.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` (the sizes to mark) and `evaluation/references.csv`.
Outputs: the figure as PNG and SVG.
"""

from steps import command
from synthaug.files import artifacts
from synthaug.report import figure_style, size_curves


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="evaluation/metrics.csv")
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument("--references", required=True, help="evaluation/references.csv")
    parser.add_argument("--params", required=True, help="JSON object, see report.size_curves.Params")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("plot_size_curves", arguments):
        params = command.params(size_curves.Params, arguments.params)
        paths = (arguments.metrics, arguments.operating_points, arguments.references)
        values, choice, references = (artifacts.read_csv(path) for path in paths)
        without = dict(zip(references["how"], references["value"].astype(float), strict=True))
        figure_style.save(size_curves.draw(values, choice, without, params), arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
