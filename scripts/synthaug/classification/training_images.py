"""The images of a training set."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from synthaug.classification import training_sets
from synthaug.errors import InputError


def gather(rows: pd.DataFrame, rois: np.ndarray, pool: np.ndarray, synthetic: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the images of ``rows``, a training set of `training_sets`.

    Parameters
    ----------
    rois, pool
        uint8 (n, 64, 64): the un-augmented ROIs and the classic pool.
    synthetic
        The synthetic images of each class, of the same type and shape.

    Returns
    -------
    numpy.ndarray
        uint8 (len(rows), 64, 64); zeros where the source is `training_sets.FRESH`, for `fresh.redraw` to fill.

    Raises
    ------
    InputError
        If there are fewer images than the rows ask for, or none of a class.
    """
    arrays = {
        training_sets.ROI: rois,
        training_sets.EXTRA_ROI: rois,
        training_sets.POOL: pool,
        training_sets.EXTRA_POOL: pool,
    }
    images = np.zeros((len(rows), *rois.shape[1:]), np.uint8)
    positions = np.arange(len(rows))
    for (source, cls), part in rows.set_index(positions).groupby(["source", "class"]):
        if source == training_sets.FRESH:
            continue
        array = synthetic.get(cls) if source == training_sets.SYNTHETIC else arrays[source]
        needed, found = int(part["row"].max()) + 1, 0 if array is None else len(array)
        if needed > found:
            raise InputError(
                f"training set: expected {needed} or more {source} images of class {cls}, found {found}; "
                f"{'raise samples' if source == training_sets.SYNTHETIC else 'delete the images and run again'}"
            )
        images[part.index] = array[part["row"].to_numpy()]
    return images
