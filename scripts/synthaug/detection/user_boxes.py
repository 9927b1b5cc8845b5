"""Tables of boxes that users bring: a row a box, checked with a line for each kind of problem."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from synthaug.detection.boxes import BOX
from synthaug.errors import InputError
from synthaug.files import user_tables


class Problem(NamedTuple):
    """A kind of problem: in which rows, bool; what was expected there, what to do, and a note on the first row."""

    wrong: pd.Series
    expected: str
    advice: str
    note: str = ""


def read(
    path: Path, what: str, where: str, needed: Sequence[str], numbers: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a table of boxes.

    Parameters
    ----------
    what, where
        What the table is, and the key of the config that names it, for messages.
    needed
        The columns that it must have, once each.
    numbers
        Those of them that hold numbers.

    Returns
    -------
    The cells as text, and the numbers, float, not a number where a cell holds none; both by the row of the file.

    Raises
    ------
    InputError
        If the file is no such table.
    """
    header, lines = user_tables.read(path, what, where)
    user_tables.check_even(path, header, lines)
    if missing := [name for name in needed if header.count(name) != 1]:
        raise InputError(
            f"{path}, row 1: expected the columns {', '.join(needed)}, once each, found {', '.join(header)}: not "
            f"{', '.join(missing)}; correct the header"
        )
    table = pd.DataFrame(
        [cells for _, cells in lines], columns=header, index=[number for number, _ in lines], dtype=str
    )
    return table, table[list(numbers)].map(_number).astype(float)


def misshapen(values: pd.DataFrame, numbers: pd.Series, scaling: str) -> list[Problem]:
    """Return what is wrong with boxes as such: fractions in place of pixels, no corners.

    Parameters
    ----------
    values
        `BOX`, as the table has them.
    numbers
        Which rows hold finite numbers alone.
    scaling
        What to do with fractions.
    """
    boxes = values[BOX]
    fractions = bool(len(boxes)) and numbers.all() and boxes.max().max() <= 1
    corners = (boxes["x0"] < boxes["x1"]) & (boxes["y0"] < boxes["y1"])
    return [
        Problem(pd.Series(fractions, boxes.index), "boxes in pixels", scaling),
        Problem(
            numbers & ~corners & (not fractions), "x0 below x1 and y0 below y1", "give corners, not a width and height"
        ),
    ]


def refuse(path: Path, table: pd.DataFrame, problems: Iterable[Problem]) -> None:
    """Refuse a table by an `InputError` with a line for each kind of problem, which shows its first row's cells."""
    lines = []
    for wrong, expected, advice, note in problems:
        if wrong.any():
            rows = table.index[wrong.to_numpy()]
            cells = ", ".join(f"{name} {table.loc[rows[0], name] or 'empty'}" for name in table)
            more = len(rows) - 1
            likewise = f", likewise in {more} further row{'s' * (more > 1)}" if more else ""
            lines.append(f"{path}, row {rows[0]}: expected {expected}, found {cells}{note}{likewise}; {advice}")
    if lines:
        raise InputError("\n".join(lines))


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
