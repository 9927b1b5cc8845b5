"""Say how many patients another study like this one would need, and what more would bring; of any task."""

from steps import command, statistics
from synthaug.evaluation import learning_curve, observed_variation, operating_points, simulated_power
from synthaug.evaluation.measures import Measures
from synthaug.files import artifacts
from synthaug.report import figure_style, study_size_figures


def run(task: type[Measures], doc: str) -> None:
    """Do what a script ``estimate_study_size_<task>.py`` does."""
    parser = statistics.parser(doc)
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument("--out", required=True, help="study_size.csv")
    parser.add_argument("--power", required=True, help="simulated_power.csv")
    parser.add_argument("--curve", required=True, help="learning_curve.csv")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("estimate_study_size", arguments):
        measures, params = statistics.read(task, observed_variation.Params, arguments.params)
        pools = statistics.read_pools(arguments.predictions, measures, params.folds)
        choice = artifacts.read_csv(arguments.operating_points)
        chosen = operating_points.of_arms(pools, choice, params.operating_point, params.arms)
        observed = observed_variation.observe(chosen, measures, params)
        artifacts.write_csv(observed_variation.table(observed, measures, params), arguments.out)
        power = simulated_power.table(chosen, observed, measures, params)
        artifacts.write_csv(power, arguments.power)
        predictions = artifacts.read_csv(arguments.predictions)
        artifacts.write_csv(learning_curve.table(predictions, chosen, choice, measures, params), arguments.curve)
        figure_style.save(study_size_figures.after(observed, params, measures.reference), arguments.png, arguments.svg)
