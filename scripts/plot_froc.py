"""Draw the FROC curves of all arms at the operating point: sensitivity against false positives a slice.

Inputs: `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Outputs: `froc.csv`: `arm,rule,iou,false_positives,sensitivity,low,high,end`, sensitivities in fractions, see
`synthaug.detection.froc_table`; `equal_sensitivity.csv`: `arm,rule,iou,sensitivity,false_positives,low,high,reached`,
see `synthaug.detection.equal_sensitivity`; and the figure as PNG and SVG.
"""

from steps import command, statistics
from synthaug.detection import equal_sensitivity, froc_figure, froc_table
from synthaug.detection.measures import Detection
from synthaug.evaluation import operating_points
from synthaug.files import artifacts
from synthaug.report import figure_style


def main() -> None:
    parser = statistics.parser(__doc__)
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument("--out", required=True, help="froc.csv")
    parser.add_argument("--equal-sensitivity", required=True, help="equal_sensitivity.csv")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("plot_froc", arguments):
        measures, params = statistics.read(Detection, froc_table.Params, arguments.params)
        pools = statistics.read_pools(arguments.predictions, measures, params.folds)
        choice = artifacts.read_csv(arguments.operating_points)
        chosen = operating_points.of_arms(pools, choice, params.operating_point, params.arms)
        curves = froc_table.table(chosen, measures, params)
        artifacts.write_csv(equal_sensitivity.table(chosen, measures, params), arguments.equal_sensitivity)
        artifacts.write_csv(curves, arguments.out)
        figure = froc_figure.draw(curves, params.arms, params.generators, measures.false_positives, params.confidence)
        figure_style.save(figure, arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
