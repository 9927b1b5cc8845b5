"""What is found when results are computed again: a finding for each file, in one line with its row."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.files import artifacts

LISTED = 5  # further rows that a line names
SHOWN = 5  # columns of a row that a line names
NEAR = 1e-4  # how far what a network computes in float32 may be apart on two machines
ROUNDING = 1e-9  # how far statistics in float64 may be apart, likewise
HEADER = 2  # the first row after the header is the second line of the file


@dataclass(frozen=True)
class Finding:
    """One file that was to be computed again. Without ``problem`` and ``not_done`` it is as computed.

    Attributes
    ----------
    file
        Its path below the results.
    problem
        The line that says how it differs.
    not_done
        Why it could not be computed again, which is no problem.
    """

    file: str
    problem: str | None = None
    not_done: str | None = None


def table(
    results: Path,
    file: str,
    expected: pd.DataFrame,
    source: str,
    *,
    tolerance: float = 0,
) -> Finding:
    """Compare a table with what was computed again.

    Parameters
    ----------
    results
        The folder that ``file`` lies in.
    expected
        What it should hold, in this order of rows.
    source
        What it was computed from, for the message.
    tolerance
        How far numbers may be apart; columns of identifiers (`artifacts.TEXT_COLUMNS`) must be the same text.

    Returns
    -------
    Finding
        It names the first row that differs, as a line of the file (the header is row 1), and how many more there are.
    """
    found, right = artifacts.read_csv(results / file, numbers=()), _as_text(expected)
    if sorted(found) != sorted(right):
        return Finding(file, f"{file}: expected the columns {', '.join(right)}, found {', '.join(found)}; run again")
    found = found[list(right)]
    common = min(len(found), len(right))
    same = np.column_stack([_same(found[name][:common], right[name][:common], name, tolerance) for name in right])
    wrong = np.flatnonzero(~same.all(axis=1))
    if not len(wrong) and len(found) == len(right):
        return Finding(file)
    differing = len(wrong) + abs(len(found) - len(right))
    more = f", and {differing - 1} further row{'s' if differing > 2 else ''}" if differing > 1 else ""
    row = int(wrong[0]) if len(wrong) else common
    if row >= len(right):
        what = f"no such row, found {_cells(found.iloc[row])}"
    elif row >= len(found):
        what = f"{_cells(right.iloc[row])}, found no such row"
    else:
        columns = [name for name, equal in zip(right, same[row], strict=True) if not equal]
        pair = [
            ", ".join(f"{name} {each.iloc[row][name] or 'empty'}" for name in columns[:SHOWN])
            for each in (right, found)
        ]
        what = f"{pair[0]}, found {pair[1]} (the row of {_cells(found.iloc[row])})"
    return Finding(file, f"{file}, row {row + HEADER}: expected, from {source}, {what}{more}; run again")


def images(
    file: str, expected: Iterable[np.ndarray], found: np.ndarray, name: Callable[[int], str], source: str, levels: int
) -> Finding:
    """Compare images with what was computed again.

    Parameters
    ----------
    expected
        The images in consecutive parts, uint8 (some, side, side), so that they need not lie in memory together.
    found
        uint8 (n, side, side).
    name
        Returns what to call the image of a row, in a message.
    source
        What they were computed from, for the message.
    levels
        How many gray levels a pixel may be apart, because machines round differently.

    Returns
    -------
    Finding
        It names the first image that differs by its row in the array, from 0, and some of the further ones.
    """
    apart: list[int] = []
    for part in expected:
        there = found[len(apart) : len(apart) + len(part)]
        if there.shape != part.shape or there.dtype != part.dtype:
            pair = [f"{each.dtype} {each.shape}" for each in (part, there)]
            return Finding(file, f"{file}, from row {len(apart)}: expected {pair[0]}, found {pair[1]}; run again")
        apart += np.abs(part.astype(np.int16) - there).max(axis=(1, 2), initial=0).tolist()
    if len(found) > len(apart):
        return Finding(file, f"{file}: expected {len(apart)} images, found {len(found)}; run again")
    wrong = [row for row, distance in enumerate(apart) if distance > levels]
    if not wrong:
        return Finding(file)
    first, *others = wrong
    rest = f" and {len(others) - LISTED} more" if len(others) > LISTED else ""
    also = f"; likewise row {', '.join(map(str, others[:LISTED]))}{rest}" if others else ""
    return Finding(
        file,
        f"{file}, row {first} ({name(first)}): expected the image of {source}, found another one, up to {apart[first]} "
        f"gray levels apart{also}; run again",
    )


def arrays(file: str, expected: np.ndarray, found: np.ndarray, name: Callable[[int], str], source: str) -> Finding:
    """Compare arrays of real numbers, (n, ...), row by row; as `images`, with a tolerance of `NEAR` of the largest."""
    if found.shape != expected.shape:
        return Finding(file, f"{file}: expected the shape {expected.shape}, found {found.shape}; run again")
    if not expected.size:
        return Finding(file)
    distance = np.abs(expected.astype(float) - found).reshape(len(expected), -1).max(axis=1)
    wrong = np.flatnonzero(~(distance <= NEAR * max(1.0, float(np.abs(expected).max()))))
    if not len(wrong):
        return Finding(file)
    row = int(wrong[0])
    more = f", and {len(wrong) - 1} further" if len(wrong) > 1 else ""
    return Finding(
        file,
        f"{file}, row {row} ({name(row)}): expected the values of {source}, found others, up to {distance[row]:.3g} "
        f"apart{more}; run again",
    )


def _as_text(expected: pd.DataFrame) -> pd.DataFrame:
    """Return a table as it is read back from its file, all of it text."""
    written = io.StringIO(expected.to_csv(index=False, lineterminator="\n"))
    return pd.read_csv(written, dtype=str, keep_default_na=False)


def _same(found: pd.Series, right: pd.Series, name: str, tolerance: float) -> np.ndarray:
    """Return which cells of a column are the same, bool (n,)."""
    same = found.to_numpy() == right.to_numpy()
    if not tolerance or name in artifacts.TEXT_COLUMNS or same.all():
        return same
    a, b = (pd.to_numeric(each, errors="coerce").to_numpy(float) for each in (found, right))
    return same | np.isclose(a, b, rtol=tolerance, atol=tolerance)


def _cells(row: pd.Series) -> str:
    filled = [f"{name} {value}" for name, value in row.items() if value != ""]
    return ", ".join(filled[:SHOWN]) or "an empty row"
