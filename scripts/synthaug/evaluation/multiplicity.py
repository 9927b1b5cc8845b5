"""Tests of several arms at once: p values corrected so that the whole family keeps its level.

A claim about one arm is right at a level when its adjusted p is below it. One comparison may be declared primary before
any result; it is then tested first, so that the number of the others does not weaken it.
"""

import numpy as np


def holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's adjusted p of one family of tests; those that are not a number are no part of it.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p, kind="stable")[: np.count_nonzero(~np.isnan(p))]
    steps = np.arange(len(order), 0, -1) * np.asarray(p)[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def gatekept(p: np.ndarray, primary: int | None) -> np.ndarray:
    """Return adjusted p where the others, by Holm's method, are claimed only if the primary one is (Dmitrienko 2009).

    The primary one keeps the whole level.

    Parameters
    ----------
    p : (n,) float array
    primary
        The place of the primary comparison; without one it is Holm's method for all.

    >>> gatekept(np.array([0.02, 0.004, 0.3]), 0).round(3).tolist()
    [0.02, 0.02, 0.3]
    """
    if primary is None:
        return holm(p)
    others = np.arange(len(p)) != primary
    first = 1.0 if np.isnan(p[primary]) else p[primary]
    adjusted = np.array(p, dtype=float)
    adjusted[others] = np.maximum(holm(p[others]), first)
    return adjusted


def fallback(p: np.ndarray, primary: int | None) -> np.ndarray:
    """Return adjusted p where the primary one has half of the level and the others, by Holm's method, the other half.

    If the primary one is claimed, the others have all of it (Wiens, Pharm. Stat. 2:211, 2003). So a
    primary comparison of which something else was shown, such as a gain, does not silence the others.

    >>> fallback(np.array([0.005, 0.004, 0.3]), 0).round(3).tolist()
    [0.01, 0.01, 0.3]
    >>> fallback(np.array([0.9, 0.004, 0.3]), 0).round(3).tolist()
    [1.0, 0.016, 0.6]
    """
    if primary is None:
        return holm(p)
    others = np.arange(len(p)) != primary
    first = 1.0 if np.isnan(p[primary]) else min(2 * p[primary], 1.0)
    rest = holm(p[others])
    adjusted = np.array(p, dtype=float)
    adjusted[others] = np.minimum(np.maximum(rest, first), np.minimum(2 * rest, 1))
    if not np.isnan(p[primary]):
        adjusted[primary] = first
    return adjusted
