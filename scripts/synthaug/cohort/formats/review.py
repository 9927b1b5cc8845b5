"""What a check of the data would refuse in a table that was just made, so that all of it is known at once."""

import logging
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from synthaug.cohort import cases
from synthaug.cohort.formats.found import Drawn, listed
from synthaug.errors import InputError
from synthaug.imaging import picture_files, volumes

FIRST_ROW = 2  # of a table in its file: the header is row 1


def of_pictures(images: Iterable[Path | Drawn]) -> list[str]:
    """Return what is wrong with pictures that no table can be made of, such as colours, a line each."""
    lines = []
    for image in dict.fromkeys(image for image in images if not isinstance(image, Drawn)):
        try:
            if image.name.lower().endswith(picture_files.SUFFIXES):
                volumes.open_image(image).slice(0)
        except InputError as error:
            lines.append(str(error))
    return lines


def without(table: pd.DataFrame, problems: Iterable[str]) -> tuple[pd.DataFrame, list[str]]:
    """Return a table without the rows that ``problems`` name, as `of_table` returned them, and the problems that do.

    Raises
    ------
    InputError
        If no row is left.
    """
    named = {line: found for line in problems if (found := re.match(r"row (\d+)\b", line))}
    rows = {int(found[1]) - FIRST_ROW for found in named.values()}
    if len(rows) == len(table):
        raise InputError("\n  ".join(["expected a row that can be used, found none:", *listed(list(named))]))
    return table.drop(index=table.index[sorted(rows)]).reset_index(drop=True), list(named)


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
