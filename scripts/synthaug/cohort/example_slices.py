"""Which slices a sheet shows: chosen by a rule, so that nobody selects them."""

import numpy as np
import pandas as pd

WORST, MEDIAN, BEST = "worst", "median", "best"
GAIN, LOSS = "gain", "loss"


def by_score(scores: pd.Series, patients: pd.Series, each: int) -> dict[str, list[str]]:
    """Return the slices with the lowest, the middle and the highest scores, of as many patients as there are.

    Parameters
    ----------
    scores
        Of each slice, with the slices as its index; ties are settled by their order.
    patients
        Likewise, whose it is.
    each
        How many of each kind; no slice is shown twice.
    """
    order = scores.sort_values(kind="stable")
    middle = (order - order.median()).abs().sort_values(kind="stable")
    taken: set[str] = set()
    result = {}
    for kind, names in ((WORST, order.index), (BEST, order.index[::-1]), (MEDIAN, middle.index)):
        result[kind] = _spread([name for name in names if name not in taken], patients, each)
        taken |= set(result[kind])
    return {kind: result[kind] for kind in (WORST, MEDIAN, BEST)}


def by_change(before: pd.Series, after: pd.Series, patients: pd.Series, each: int) -> dict[str, list[str]]:
    """Return the slices where a number rises most, and those where it falls most, of as many patients as there are.

    Parameters
    ----------
    before, after
        Of each slice, with the slices as their index; ties are settled by their order.
    patients
        Likewise, whose it is.
    each
        How many of each kind; fewer where it rises, or falls, on fewer slices.
    """
    change = (after - before).sort_values(kind="stable")
    falls = change.index[change < 0].tolist()
    rises = (-change).sort_values(kind="stable")
    return {GAIN: _spread(rises.index[rises < 0].tolist(), patients, each), LOSS: _spread(falls, patients, each)}


def at_random(names: pd.Series, patients: pd.Series, number: int, random: np.random.Generator) -> list[int]:
    """Return the positions of up to ``number`` of the ``names``, of as many patients as there are, in random order."""
    order = random.permutation(len(names))
    return _spread(order.tolist(), patients.reset_index(drop=True), number)


def _spread(names: list, patients: pd.Series, number: int) -> list:
    """Return the first ``number`` of the ``names``, and of each patient one before any has a second."""
    turns = patients.loc[names].groupby(patients.loc[names]).cumcount().to_numpy()
    return [names[place] for place in np.argsort(turns, kind="stable")[:number]]
