"""Split a cohort into folds for one seed, by any task's rule."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import pandas as pd

from steps import command
from synthaug.files import artifacts


@dataclass(frozen=True)
class Params:
    """The classes, the number of folds, and the master seed of the whole experiment."""

    classes: list[str]
    master_seed: int
    folds: int
    given_split: bool | None = None  # whether the case table divides the patients; only of tasks where it may
    drawn_by: int | None = None  # the seed whose folds all seeds have, where not every fold is tested


def run(doc: str, split: Callable[..., pd.DataFrame]) -> None:
    """Do what a script ``make_folds`` does; ``split`` takes the units and, by name, `Params` and the seed."""
    parser = command.parser(doc)
    parser.add_argument("--cases", required=True, help="the table whose rows are divided")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out", required=True, help="folds.csv")
    arguments = parser.parse_args()
    with command.logged("make_folds", arguments) as log:
        params = command.params(Params, arguments.params)
        table = divided(split, artifacts.read_csv(arguments.cases), arguments.seed, asdict(params))
        by = [name for name in ("class", "fold") if name in table]
        log.info("patients and rows:\n%s", table.groupby(by)["patient"].agg(["nunique", "size"]))
        artifacts.write_csv(table, arguments.out)


def divided(split: Callable[..., pd.DataFrame], table: pd.DataFrame, seed: int, params: Mapping) -> pd.DataFrame:
    """Return the folds of a seed; ``params`` are those of `Params` that are given, by name."""
    how = {name: value for name, value in params.items() if value is not None}
    return split(table, seed=how.pop("drawn_by", seed), **how)
