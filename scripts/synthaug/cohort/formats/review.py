"""What a check of the data would refuse in a table that was just made, so that all of it is known at once."""

import logging
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from synthaug.cohort import cases
from synthaug.errors import InputError


def of_table(
    table: Path, params: cases.Params, before: Callable[[Path], None] | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Look at each image and annotation of a table, but not for damage within files.

    Parameters
    ----------
    before
        Looks at the table first, as the task's check does, and raises an `InputError`.

    Returns
    -------
    ``cases.csv`` of the rows that are in order, and what is wrong with the others, a line each.
    """
    remarks = logging.getLogger("synthaug")
    level = remarks.level
    remarks.setLevel(logging.ERROR)  # the check itself says them
    checked, lines = pd.DataFrame(columns=cases.COLUMNS), []
    try:
        checked, lines = cases.examined(table, params, whole_files=False)
        if before is not None:
            before(table)
    except InputError as error:
        lines = [*lines, *(line.strip() for line in str(error).splitlines())]
    finally:
        remarks.setLevel(level)
    return checked, lines
