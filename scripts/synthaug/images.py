"""The images of a training set."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from synthaug import groups
from synthaug.errors import InputError


def gather(rows: pd.DataFrame, rois: np.ndarray, pool: np.ndarray, synthetic: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the images of ``rows``, a training set of `groups`.

    Parameters
    ----------
    rois, pool
        uint8 (n, 64, 64): the un-augmented ROIs and the classic pool.
    synthetic
        The synthetic images of each class, likewise.

    Returns
    -------
    numpy.ndarray
        uint8 (len(rows), 64, 64); zeros where the source is `groups.DRAWN`, for `online.redraw` to fill.

    Raises
    ------
    InputError
        If the rows ask for images of a class that ``synthetic`` lacks, or for more images than there are.
    """
    arrays = {groups.ROI: rois, groups.EXTRA_ROI: rois, groups.POOL: pool, groups.EXTRA_POOL: pool}
    images = np.zeros((len(rows), *rois.shape[1:]), np.uint8)
    positions = np.arange(len(rows))
    for (source, cls), part in rows.set_index(positions).groupby(["source", "class"]):
        if source == groups.DRAWN:
            continue
        array = synthetic.get(cls) if source == groups.SYNTHETIC else arrays[source]
        needed, found = int(part["row"].max()) + 1, 0 if array is None else len(array)
        if needed > found:
            raise InputError(
                f"training set: expected {needed} or more {source} images of class {cls}, found {found}; "
                f"{'raise samples' if source == groups.SYNTHETIC else 'delete the images and run again'}"
            )
        images[part.index] = array[part["row"].to_numpy()]
    return images
