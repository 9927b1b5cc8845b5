"""Measure the arms of any task in subgroups of its units, and draw them."""

from collections.abc import Callable

import pandas as pd

from steps import command, statistics
from synthaug.evaluation import operating_points, subgroups
from synthaug.evaluation.measures import Measures
from synthaug.files import artifacts
from synthaug.report import figure_style, forest_plot


def run(
    task: type[Measures], doc: str, groups: Callable[[pd.DataFrame, Measures], pd.DataFrame] = lambda units, _: units
) -> None:
    """Do what a script ``compute_subgroups_<task>.py`` does.

    Parameters
    ----------
    groups
        Makes of the table of units, as text, the one whose columns are the subgroups; by default they are one.
    """
    parser = statistics.parser(doc)
    parser.add_argument("--cases", required=True, help="cases.csv, or another table of the task's units")
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument("--out", required=True, help="subgroups.csv")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("compute_subgroups", arguments):
        measures, params = statistics.read(task, subgroups.Params, arguments.params)
        pools = statistics.read_pools(arguments.predictions, measures, params.folds)
        choice = artifacts.read_csv(arguments.operating_points)
        chosen = operating_points.of_arms(pools, choice, params.operating_point, params.arms)
        # Free columns are text: version 5.1 is not 5.10.
        cases = groups(artifacts.read_csv(arguments.cases, numbers=subgroups.NUMBERS), measures)
        values = subgroups.table(chosen, cases, measures, params)
        artifacts.write_csv(values, arguments.out)
        figure_style.save(forest_plot.forest(values, measures, params), arguments.png, arguments.svg)
