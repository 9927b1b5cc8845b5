"""Measure each arm and size of any task, with bootstrap intervals."""

from dataclasses import dataclass

import pandas as pd

from steps import command, statistics
from synthaug.evaluation import operating_points, resampling, variance_components
from synthaug.evaluation.measures import Measures
from synthaug.evaluation.pools import pooled
from synthaug.files import artifacts


@dataclass(frozen=True)
class Params(resampling.Params):
    """The parameters of `resampling` and of `operating_points`."""

    classes: int
    group: int
    synthetic: int
    plateau: float

    def operating_points(self) -> operating_points.Params:
        """Return the part that chooses sizes."""
        return operating_points.Params(self.folds, self.classes, self.group, self.synthetic, self.plateau)


def run(task: type[Measures], doc: str) -> None:
    """Do what a script ``compute_metrics_<task>.py`` does."""
    parser = statistics.parser(doc)
    parser.add_argument("--out", required=True, help="metrics.csv")
    parser.add_argument("--operating-points", required=True)
    parser.add_argument("--seeds", required=True)
    parser.add_argument("--variances", required=True)
    parser.add_argument("--references", required=True)
    arguments = parser.parse_args()
    with command.logged("compute_metrics", arguments) as log:
        measures, params = statistics.read(task, Params, arguments.params)
        made = tables(artifacts.read_csv(arguments.predictions), measures, params)
        for rule in operating_points.RULES:
            arms = set(made.metrics["arm"][made.metrics["size"] == rule])
            log.info("%s: %s", rule, ", ".join(sorted(arms)) or "possible for no arm")
        artifacts.write_csv(made.operating_points, arguments.operating_points)
        artifacts.write_csv(made.seeds, arguments.seeds)
        artifacts.write_csv(made.variances, arguments.variances)
        artifacts.write_csv(made.references, arguments.references)
        artifacts.write_csv(made.metrics, arguments.out)
        log.info("%d rows", len(made.metrics))


@dataclass(frozen=True)
class Tables:
    """What is written, each table to the file of its name."""

    metrics: pd.DataFrame
    operating_points: pd.DataFrame
    references: pd.DataFrame
    seeds: pd.DataFrame
    variances: pd.DataFrame


def tables(predictions: pd.DataFrame, measures: Measures, params: Params) -> Tables:
    """Return the measures of each arm and size, from ``evaluation/predictions.csv``.

    Raises
    ------
    InputError
        If predictions are impossible or not of the same units in every arm.
    """
    pools = pooled(predictions, measures, params.folds)
    references = measures.references(next(iter(pools.values())))
    choice = operating_points.choose(predictions, measures, params.operating_points())
    chosen = {}
    for rule in operating_points.RULES:
        chosen |= operating_points.at(pools, choice, rule)
    table, seeds = resampling.evaluate(pools | chosen, measures, params)
    return Tables(
        table,
        choice,
        pd.DataFrame(references.items(), columns=["how", "value"]),
        seeds,
        variance_components.table(chosen, choice, measures),
    )
