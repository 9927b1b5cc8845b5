"""Where something may be pasted into a slice."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage, signal


def other_than_tissue(image: np.ndarray, tissue: Sequence[int], smallest: float) -> np.ndarray:
    """Return which pixels lie in an area that is no tissue.

    Parameters
    ----------
    image
        uint8 (side, side).
    tissue
        The least and the largest gray value of tissue.
    smallest
        Areas of other gray values count from so many px; smaller ones are noise within tissue.

    Returns
    -------
    numpy.ndarray
        bool (side, side).
    """
    low, high = tissue
    other = np.zeros(image.shape, bool)
    for beyond in (image < low, image > high):
        areas, _ = ndimage.label(beyond)
        large = np.bincount(areas.ravel()) >= smallest
        large[0] = False
        other |= large[areas]
    return other


def fits(taken: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Return for each corner of ``shape``, bool (rows, columns), whether it lies inside the slice and off ``taken``.

    Parameters
    ----------
    taken
        bool (side, side).

    Returns
    -------
    numpy.ndarray
        bool (side - rows + 1, side - columns + 1).
    """
    # The convolution with the mirrored shape counts the pixels that the shape at each corner shares with ``taken``.
    covered = signal.fftconvolve(taken.astype(float), shape[::-1, ::-1].astype(float), mode="valid")
    return covered < 0.5
