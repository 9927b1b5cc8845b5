"""Say which patients and slices each share has, before anything trains; stop if one lacks a class.

Inputs: the slices and the folds of each seed.
Output: `seed,folds,share,patients,slices` and, for each class, the slices that show it: a row for each choice of
training folds and share.
"""

from dataclasses import dataclass

import pandas as pd

from steps import command
from synthaug.files import artifacts
from synthaug.segmentation import columns, shares


@dataclass(frozen=True)
class Params:
    """What the shares need of the config."""

    classes: list[str]
    master_seed: int
    shares: list[int]  # per mille


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--units", required=True, help="slices.csv")
    parser.add_argument("--folds", required=True, nargs="+", metavar="SEED=PATH", help="folds.csv of each seed")
    parser.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, a digit each")
    parser.add_argument("--params", required=True, help="JSON object: classes, master_seed, shares")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("plan_shares", arguments) as log:
        params, slices = command.params(Params, arguments.params), artifacts.read_csv(arguments.units)
        rows = []
        for seed, path in (pair.split("=", 1) for pair in arguments.folds):
            folds = artifacts.read_csv(path)
            for trained in arguments.train_folds:
                for share in params.shares:
                    chosen = shares.training_slices(
                        slices, folds, trained, str(share),
                        classes=params.classes, seed=int(seed), master_seed=params.master_seed,
                    )  # fmt: skip
                    row = {"seed": seed, "folds": trained, "share": share, "patients": chosen["patient"].nunique()}
                    row |= {"slices": len(chosen)}
                    rows.append(row | {cls: int((chosen[columns.area(cls)] > 0).sum()) for cls in params.classes})
        artifacts.write_csv(pd.DataFrame(rows), arguments.out)
        log.info("%d shares of training folds have every class", len(rows))


if __name__ == "__main__":
    main()
