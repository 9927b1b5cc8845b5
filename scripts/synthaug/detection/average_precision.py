"""Average precision: the area under the curve of precision over recall, in the two ways that papers report.

They differ: of one simulated set the first gives .162, the second .164. Both take the largest precision at this or any
higher recall, so that the curve never rises, and count a recall that is not reached as a precision of 0.
"""

import numpy as np

from synthaug.evaluation.ratios import ratio

RECALLS = np.linspace(0, 1, 101)  # COCO's


def all_points(found: np.ndarray, false: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the area under the whole curve (PASCAL VOC since 2010).

    Parameters
    ----------
    found, false : (b, hits) float arrays
        How many boxes are found down to each hit, this one included, and how many false positives there are down to
        it, in the order of descending scores.
    truth : (b,) float array
        How many boxes there are.

    Returns
    -------
    (b,) float array, 0 without hits; not a number without boxes.
    """
    return ratio((np.diff(found, prepend=0) * _precision(found, false)).sum(axis=1), truth)


def of_101_points(found: np.ndarray, false: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the mean precision at the recalls 0, 0.01 ... 1, as COCO does; otherwise as `all_points`."""
    reached = np.searchsorted(RECALLS, found / np.maximum(truth, 1)[:, np.newaxis], side="right")  # how many of them
    mean = (np.diff(reached, prepend=0) * _precision(found, false)).sum(axis=1) / len(RECALLS)
    return np.where(truth > 0, mean, np.nan)


def _precision(found: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Return the largest precision at each hit or at a later one, (b, hits)."""
    each = np.nan_to_num(ratio(found, found + false))
    return np.maximum.accumulate(each[:, ::-1], axis=1)[:, ::-1]
