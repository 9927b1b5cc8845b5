"""Compute accuracy, sensitivity, specificity and AUC of each arm and size, with bootstrap intervals.

Input: `evaluation/predictions.csv`. Only runs trained on all folds but one count; their predictions are pooled, one a
lesion. Runs trained on one fold fewer serve the operating point `nested` only.
Outputs: `evaluation/metrics.csv`: `arm,size,seed,metric,class,value,low,high,n`, in fractions; n is the number of
lesions that the measure counts. Seed `all` is the mean over seeds, class `all` the average weighted by prevalence; a
size `fixed`, `published` or `nested` is the arm at that operating point.
`evaluation/operating_points.csv`: `rule,arm,seed,fold,size,accuracy`: the size chosen for each test fold and the
accuracy by which it was. `published` was read off the test folds, so it is optimistic.
`evaluation/seeds.csv`: `arm,size,metric,seeds,mean,sd_between,se_within`: how much of the spread is the seed's.
"""

from dataclasses import dataclass

from steps import command
from synthaug.classification import measures
from synthaug.evaluation import operating_points as operating
from synthaug.evaluation import resampling
from synthaug.files import artifacts


@dataclass(frozen=True)
class Params:
    master_seed: int
    classes: list[str]
    folds: int
    bootstrap: int
    confidence: float
    group: int
    synthetic: int
    plateau: float

    def statistics(self) -> resampling.Params:
        return resampling.Params(self.master_seed, self.classes, self.folds, self.bootstrap, self.confidence)

    def operating_points(self) -> operating.Params:
        return operating.Params(self.classes, self.folds, self.group, self.synthetic, self.plateau)


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--predictions", required=True, help="evaluation/predictions.csv")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out", required=True, help="metrics.csv")
    parser.add_argument("--operating-points", required=True)
    parser.add_argument("--seeds", required=True)
    arguments = parser.parse_args()
    with command.logged("compute_metrics", arguments) as log:
        params = command.params(Params, arguments.params)
        predictions = artifacts.read_csv(arguments.predictions)
        pools = measures.pools(predictions, params.classes, params.folds)
        choice = operating.choose(predictions, params.operating_points())
        for rule in operating.RULES:
            at_rule = operating.at(pools, choice, rule)
            log.info("%s: %s", rule, ", ".join(sorted({arm for arm, *_ in at_rule})) or "possible for no arm")
            pools |= at_rule
        table, seeds = resampling.evaluate(pools, params.statistics())
        artifacts.write_csv(choice, arguments.operating_points)
        artifacts.write_csv(seeds, arguments.seeds)
        artifacts.write_csv(table, arguments.out)
        log.info("%d rows for %d pools of predictions", len(table), len(pools))


if __name__ == "__main__":
    main()
