"""Measure each arm and size of any task, with bootstrap intervals."""

from dataclasses import dataclass

import pandas as pd

from steps import command, statistics
from synthaug.evaluation import operating_points, resampling
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
    parser.add_argument("--references", required=True)
    arguments = parser.parse_args()
    with command.logged("compute_metrics", arguments) as log:
        measures, params = statistics.read(task, Params, arguments.params)
        predictions = artifacts.read_csv(arguments.predictions)
        pools = pooled(predictions, measures, params.folds)
        references = measures.references(next(iter(pools.values())))
        choice = operating_points.choose(predictions, measures, params.operating_points())
        for rule in operating_points.RULES:
            at_rule = operating_points.at(pools, choice, rule)
            log.info("%s: %s", rule, ", ".join(sorted({arm for arm, *_ in at_rule})) or "possible for no arm")
            pools |= at_rule
        table, seeds = resampling.evaluate(pools, measures, params)
        artifacts.write_csv(choice, arguments.operating_points)
        artifacts.write_csv(seeds, arguments.seeds)
        artifacts.write_csv(pd.DataFrame(references.items(), columns=["how", "value"]), arguments.references)
        artifacts.write_csv(table, arguments.out)
        log.info("%d rows for %d pools of predictions", len(table), len(pools))
