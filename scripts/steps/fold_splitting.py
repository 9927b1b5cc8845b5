"""Split a cohort into folds for one seed, by any task's rule."""

from collections.abc import Callable
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
        how = {name: value for name, value in asdict(params).items() if value is not None}
        table = split(artifacts.read_csv(arguments.cases), seed=arguments.seed, **how)
        by = [name for name in ("class", "fold") if name in table]
        log.info("patients and rows:\n%s", table.groupby(by)["patient"].agg(["nunique", "size"]))
        artifacts.write_csv(table, arguments.out)
