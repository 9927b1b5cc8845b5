"""Distances between the outlines of two masks: how far apart their border pixels are.

Normalised surface distance (surface dice): Nikolov et al., arXiv 1809.04430, here counted in border pixels. HD95: the
95th percentile of the distances from one outline to the other, the larger one of the two directions.
"""

import numpy as np
from scipy import ndimage

PERCENTILE = 95


def distances(a: np.ndarray, b: np.ndarray, pixel: float) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each border pixel of one mask is from the nearest one of the other.

    Parameters
    ----------
    a, b
        Masks, bool (rows, columns), not empty. A border pixel has a neighbour (of four) outside the mask, or beyond the
        image.
    pixel
        Size of a pixel, in mm or 1.

    Returns
    -------
    Two float64 arrays, of the border pixels of ``a`` and of ``b``, in units of ``pixel``.
    """
    both = a | b
    rows, columns = (np.flatnonzero(both.any(axis=axis)) for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    borders = [mask[part] & ~ndimage.binary_erosion(mask[part]) for mask in (a, b)]
    to_a, to_b = (ndimage.distance_transform_edt(~border, sampling=pixel) for border in borders)
    return to_b[borders[0]], to_a[borders[1]]


def surface_dice(both: tuple[np.ndarray, np.ndarray], tolerance: float) -> float:
    """Return the share of all border pixels that lie within ``tolerance`` of the other mask's; see `distances`."""
    near = sum(np.count_nonzero(each <= tolerance) for each in both)
    return near / sum(map(len, both))


def hd95(both: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the larger one of the 95th percentiles of the two directions; see `distances`."""
    return float(max(np.percentile(each, PERCENTILE) for each in both))
