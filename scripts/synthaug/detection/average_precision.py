"""Average precision: the area under the curve of precision over recall, in the two ways that papers report.

They differ: of one simulated set the first gives .162, the second .164. Both take the largest precision at this or any
higher recall, so that the curve never rises, and count a recall that is not reached as a precision of 0.
"""

import numpy as np

RECALLS = np.linspace(0, 1, 101)  # COCO's


def all_points(found: np.ndarray, false: np.ndarray, truth: float) -> float:
    """Return the area under the whole curve (PASCAL VOC since 2010).

    Parameters
    ----------
    found, false : (hits,) float arrays
        How many boxes are found down to each hit, this one included, and how many false positives there are down to
        it, in the order of descending scores.
    truth
        How many boxes there are.

    Returns
    -------
    float, 0 without hits; not a number without boxes.
    """
    if not truth > 0:
        return np.nan
    return float((np.diff(found, prepend=0) * _precision(found, false)).sum() / truth)


def of_101_points(found: np.ndarray, false: np.ndarray, truth: float) -> float:
    """Return the mean precision at the recalls 0, 0.01 ... 1, as COCO does; otherwise as `all_points`."""
    if not truth > 0:
        return np.nan
    reached = np.searchsorted(RECALLS, found / truth, side="right")  # how many of the recalls
    return float((np.diff(reached, prepend=0) * _precision(found, false)).sum() / len(RECALLS))


def _precision(found: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Return the largest precision at each hit or at a later one."""
    each = np.divide(found, found + false, out=np.zeros(len(found)), where=found + false > 0)
    return np.maximum.accumulate(each[::-1])[::-1]
