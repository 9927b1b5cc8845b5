"""Which slices a detector trains on: those of its arm."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthaug.detection import arms
from synthaug.detection.columns import LEARNED, VALIDATION
from synthaug.errors import InputError

log = logging.getLogger(__name__)

SLICE, POOL, SYNTHETIC = "slice", "pool", "synthetic"  # sources
HOST, DONOR = 0, 1  # ranks of the two slices of a pasted one
HUNDRED = 100  # sizes are synthetic slices per so many real ones


def table(real: Sequence[str], arm: str, index: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a row a slice that is learned from: the training slices, then what the arm adds to them.

    Parameters
    ----------
    real
        The ids of the slices that are learned from.
    arm
        ``paste`` adds a place for each slice with a pasted lesion (source `POOL`).
    index
        The rows of ``index.csv`` of the synthetic slices, from `chosen`, for arms with such.

    Returns
    -------
    DataFrame with ``source``, ``slice`` (of a synthetic slice: whose boxes it was made from), ``rank`` (-1 for a slice
    itself, `HOST` for one with a pasted lesion, the sample's number for a synthetic slice) and ``generator``, which is
    empty for all others.
    """
    parts = [_rows(SLICE, real, -1)]
    if arm == arms.PASTE:
        parts.append(_rows(POOL, real, HOST))
    if index is not None:
        parts.append(_rows(SYNTHETIC, index["slice"], index["sample"].to_numpy(), index["generator"].tolist()))
    return pd.concat(parts, ignore_index=True)


def chosen(index: pd.DataFrame, size: str, real: int, kept: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the rows of ``index.csv`` of the synthetic slices of a size: the first ones that may be used.

    Parameters
    ----------
    index
        ``sample,slice,generator`` and more, in the order of the samples.
    size
        Synthetic slices per hundred real ones, such as "100".
    real
        The number of real slices that are learned from.
    kept
        ``sample,kept`` and more, for an arm of chosen slices, ``filter.csv`` or ``kept.csv``: where fewer are kept, all
        that are, even if there is none.

    Raises
    ------
    InputError
        If there are too few.
    """
    count = number_of(size, real)
    if len(index) < count:
        raise InputError(
            f"synthetic slices: expected {count}, {size} per {HUNDRED} of the {real} real ones, found {len(index)}; "
            f"make more, or take size {size} out of experiment, synthetic"
        )
    if kept is not None:
        index = index[index["sample"].isin(kept.loc[kept["kept"] == 1, "sample"])]
        if len(index) < count:
            log.warning("only %d of the %d synthetic slices of size %s are kept", len(index), count, size)
    return index.head(count)


def number_of(size: str, real: int) -> int:
    """Return how many synthetic slices a size adds to ``real`` ones.

    >>> number_of("142", 2813)
    3994
    """
    return (int(size) * real + HUNDRED // 2) // HUNDRED


def with_others(rows: pd.DataFrame, donors: Sequence[str], validation: Sequence[str]) -> pd.DataFrame:
    """Return ``rows`` and, after them, one for each slice that a pasted lesion comes from, and each validation slice.

    The donors have the source `POOL` and the rank `DONOR`.
    """
    others = [_rows(POOL, donors, DONOR), _rows(VALIDATION, validation, -1)]
    return pd.concat([rows, *others], ignore_index=True)


def _rows(source: str, names: Sequence[str], rank: int | np.ndarray, generator: str | list[str] = "") -> pd.DataFrame:
    values = (source, list(names), rank, generator)
    return pd.DataFrame(dict(zip(LEARNED, values, strict=True)), index=range(len(names)))
