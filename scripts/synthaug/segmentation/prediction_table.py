"""The predictions of a segmenter as a table: the test slices, and what was found on each."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthaug.cohort import tested_units
from synthaug.errors import InputError
from synthaug.segmentation import slice_scores


def table(
    slices: pd.DataFrame,
    labels: np.ndarray,
    folds: pd.DataFrame,
    trained: str,
    masks: np.ndarray,
    classes: Sequence[str],
    params: slice_scores.Params,
) -> pd.DataFrame:
    """Return ``predictions.csv``: ``slice,patient,fold`` of the test slices, then `slice_scores.scores`.

    Parameters
    ----------
    slices, labels
        ``slices.csv``, and the label maps of its rows, uint8 (n, side, side). Distances are in mm only if the size of
        the pixels of every slice is known.
    folds
        ``folds.csv``.
    trained
        The folds that the segmenter was trained on, such as "12".
    masks
        Its label map of each test slice, uint8 (tests, side, side), in the order of `tested_units.outside`.

    Raises
    ------
    InputError
        If ``masks`` are not of these slices.
    """
    test = tested_units.outside(folds, trained)
    expected = (len(test), *labels.shape[1:])
    if masks.shape != expected or masks.max(initial=0) > len(classes):
        raise InputError(
            f"predicted masks: expected {expected} with labels up to {len(classes)}, found {masks.shape} with labels "
            f"up to {masks.max(initial=0)}; train again"
        )
    rows = pd.Index(slices["slice"]).get_indexer(test["slice"])
    sizes = slices["pixel_mm"].to_numpy(dtype=float)
    pixel_mm = sizes[rows] if np.isfinite(sizes).all() else np.full(len(rows), np.nan)
    return test[["slice", "patient", "fold"]].join(slice_scores.scores(labels[rows], masks, classes, pixel_mm, params))
