"""The checked cases from the case table, and the folds from the cases."""

from collections.abc import Callable, Iterator

import pandas as pd

from steps import fold_splitting
from steps.recomputing.job import Context
from synthaug.audit import recomputed
from synthaug.audit.recomputed import Finding
from synthaug.cohort import cases, folds


def checked_cases(context: Context) -> Iterator[Finding]:
    """Check the case table again."""
    for record in context.run.of("check_cases"):
        for file in record.outputs:
            if not context.table.is_file():
                yield Finding(file, not_done=f"there is no case table {context.table}; name it with --table")
                continue
            params = cases.Params(**record.content["params"])
            expected = cases.check(context.table, params)
            yield recomputed.table(context.run.results, file, expected, "the case table", tolerance=recomputed.ROUNDING)


def split(context: Context) -> Iterator[Finding]:
    """Draw the folds of each seed again."""
    yield from folds_again(context, folds.split, "cases.csv")


def folds_again(context: Context, split_by: Callable[..., pd.DataFrame], units: str) -> Iterator[Finding]:
    """Draw the folds of each seed again, by a task's rule, of its table of ``units``."""
    for record in context.run.of("make_folds"):
        for file in record.outputs:
            seed = int(file.split("/")[0].removeprefix("seed-"))
            expected = fold_splitting.divided(split_by, context.run.table(units), seed, record.content["params"])
            yield recomputed.table(context.run.results, file, expected, units)
