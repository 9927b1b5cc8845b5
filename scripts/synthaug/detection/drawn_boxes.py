"""The box of what a row of the case table draws on a slice."""

from collections.abc import Mapping

import numpy as np

from synthaug.cohort import annotations


def of(row: Mapping[str, str], mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the box of one lesion on one slice.

    Parameters
    ----------
    row
        Of the case table. Its ``box`` is taken as it is, half-open in px of the slice; what reaches beyond the slice is
        cut off. A mask or polygon has the smallest box that holds all of its pixels.
    mask
        What the row draws on the slice, bool (rows, columns), not empty.
    shape
        Rows and columns of the slice.

    Returns
    -------
    float64 (4,): x0, y0, x1, y1.
    """
    if annotations.kind(row) == "box":
        limits = np.array([shape[1], shape[0]] * 2)
        return np.clip(annotations.outline_parts(row)[0].ravel(), 0, limits).astype(np.float64)
    (x0, x1), (y0, y1) = (
        (found[0], found[-1] + 1) for found in (np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1))
    )
    return np.array([x0, y0, x1, y1], np.float64)
