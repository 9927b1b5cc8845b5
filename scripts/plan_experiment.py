"""Count what every classifier of the experiment will train on, before any of them does.

Reads the tables of ROIs, pool and folds. Writes one row per arm, size, seed, choice of training folds, class and source
of images. Fails at once if a size asks for more images than there are, hours before a training would.
"""

from dataclasses import asdict, dataclass

import pandas as pd

from steps import command
from synthaug.classification import training_sets
from synthaug.files import artifacts
from synthaug.terms import model_lists


@dataclass(frozen=True)
class Params:
    """What the choice of training images depends on besides the tables."""

    classes: list[str]
    master_seed: int
    validation_share: float
    """Of the training patients, those who tell a network when to stop; 0 for none."""


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rois", required=True, help="rois.csv")
    parser.add_argument("--pool-index", required=True, help="index.csv of the classic pool")
    parser.add_argument("--folds", required=True, nargs="+", metavar="SEED=PATH", help="folds.csv of each seed")
    parser.add_argument("--runs", required=True, help="arm, size, seed and folds of each model, see model_lists")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("plan_experiment", arguments) as log:
        params = asdict(command.params(Params, arguments.params))
        rois = artifacts.read_csv(arguments.rois)
        pool_index = artifacts.read_csv(arguments.pool_index, columns=training_sets.POOL_COLUMNS)
        folds = {seed: artifacts.read_csv(path) for seed, _, path in (item.partition("=") for item in arguments.folds)}
        plan = []
        for arm, size, seed, train_folds in model_lists.read(arguments.runs):
            rows = training_sets.classifier_set(
                rois, pool_index, folds[str(seed)], train_folds=train_folds, arm=arm, size=size, seed=seed, **params
            )
            counts = rows.groupby(["class", "source"], sort=False).size().rename("images").reset_index()
            plan.append(counts.assign(arm=arm, size=size, seed=seed, folds=train_folds))
        table = pd.concat(plan)[["arm", "size", "seed", "folds", "class", "source", "images"]]
        artifacts.write_csv(table, arguments.out)
        log.info("%d classifiers planned", len(plan))


if __name__ == "__main__":
    main()
