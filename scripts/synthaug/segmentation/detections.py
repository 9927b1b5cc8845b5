"""Precision and recall of the LcGAN paper: a class on a slice is found or not, and small or poor findings are noise.

"A false positive detection with less than 200 pixels area and a true positive detection where DSC score is less than
.25 are not included" (section 4.1). The paper does not say what a detection is, nor of which size its slices are. Here
it is a class on a slice, and 200 pixels are those of a slice of 256 x 256. A class that is found with too small a DSC
counts as missed, and not as a false positive.
"""

import numpy as np

LEAST_PX, SIDE = 200, 256  # a smaller prediction where nothing is, on a slice of this side, is no false positive
LEAST_DSC = 0.25


def smallest(side: int) -> float:
    """Return from how many pixels on a prediction counts as a false positive, on slices of ``side`` px.

    >>> smallest(128)
    50.0
    """
    return LEAST_PX * (side / SIDE) ** 2


def true_positives(truth: np.ndarray, dsc: np.ndarray) -> np.ndarray:
    """Return which classes are found on which slices: bool (n, classes), from pixels of truth and DSC of this shape."""
    return (truth > 0) & (dsc >= LEAST_DSC)


def false_positives(truth: np.ndarray, predicted: np.ndarray, side: int) -> np.ndarray:
    """Return which classes are predicted where they are not: bool (n, classes), from pixels of this shape."""
    return (truth == 0) & (predicted >= smallest(side))
