"""Choose the best strategy of each test fold, from the predictions of any task whose primary measure is a sum."""

from pathlib import Path

from steps import statistics
from synthaug.evaluation import best_strategy
from synthaug.evaluation.measures import Measures
from synthaug.files import artifacts


def chosen(
    task: type[Measures], text: str, predictions: str | Path, operating_points: str | Path
) -> best_strategy.Best:
    """Return what was chosen, with the parameters in the JSON object ``text``; empty tables where nothing can be."""
    measures, params = statistics.read(task, best_strategy.Params, text)
    pools = statistics.read_pools(predictions, measures, params.folds)
    table, points = artifacts.read_csv(predictions), artifacts.read_csv(operating_points)
    return best_strategy.choose(table, pools, points, measures, params) or best_strategy.none(measures)
