"""The anchors of a detector: typical widths and heights of its training boxes, by k-means with 1 - IoU as distance.

As in Redmon and Farhadi 2017, section 2 ("Dimension Clusters"): boxes are compared as if they shared their centre.
"""

import numpy as np

from synthaug.errors import InputError

STARTS = 10  # of k-means, the best of which is taken
ROUNDS = 100


def clustered(sizes: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Return the centres of ``count`` clusters of boxes, those with the largest mean IoU of `STARTS` attempts.

    A centre is the mean width and height of its cluster. Boxes of fewer different sizes than ``count`` give some
    centres twice.

    Parameters
    ----------
    sizes
        float (n, 2): widths and heights, px.

    Returns
    -------
    float64 (count, 2), smallest area first.

    Raises
    ------
    InputError
        If there is no box.
    """
    if not len(sizes):
        raise InputError("anchors: expected a box among the training slices, found none; add lesions to the case table")
    sizes = np.asarray(sizes, np.float64)
    found = [_centres(sizes, count, random) for _ in range(STARTS)]
    best = max(found, key=lambda centres: mean_iou(sizes, centres))  # the first of equal ones
    return best[np.lexsort((best[:, 0], best.prod(1)))]


def mean_iou(sizes: np.ndarray, anchors: np.ndarray) -> float:
    """Return the mean, over boxes, of the IoU with the anchor that is most like each."""
    return float(_iou(sizes, anchors).max(1).mean())


def _centres(sizes: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    centres, nearest = _first_centres(sizes, count, random), None
    for _ in range(ROUNDS):
        before, nearest = nearest, _iou(sizes, centres).argmax(1)
        if before is not None and (before == nearest).all():
            break
        for cluster in np.unique(nearest):  # an empty one keeps its centre
            centres[cluster] = sizes[nearest == cluster].mean(0)
    return centres


def _first_centres(sizes: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Draw boxes to start from, each the likelier the less it is like those before (Arthur and Vassilvitskii 2007)."""
    centres = sizes[random.integers(len(sizes), size=1)]
    while len(centres) < count:
        far = np.clip(1 - _iou(sizes, centres).max(1), 0, None)
        chances = far / far.sum() if far.any() else None
        centres = np.concatenate([centres, sizes[random.choice(len(sizes), 1, p=chances)]])
    return centres


def _iou(sizes: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the IoU of boxes, (n, 2), with centres, (m, 2), of the same middle: (n, m)."""
    shared = np.minimum(sizes[:, None], centres).prod(2)
    return shared / (sizes.prod(1)[:, None] + centres.prod(1) - shared)
