"""What a segmenter has found on each slice: areas, overlaps, lesions and the distances of outlines, class by class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import ndimage

from synthaug.segmentation import surface_distances

TRUTH, PREDICTED, OVERLAP = "{}_truth_px", "{}_predicted_px", "{}_overlap_px"
LESIONS, FOUND, FALSE_POSITIVES = "{}_lesions", "{}_found", "{}_false_positives"
SURFACE_DICE, HD95 = "{}_surface_dice", "{}_hd95"
COLUMNS = (TRUTH, PREDICTED, OVERLAP, LESIONS, FOUND, FALSE_POSITIVES, SURFACE_DICE, HD95)  # of each class
TOUCHING = np.ones((3, 3))  # pixels that share a side or a corner are of one lesion


@dataclass(frozen=True)
class Params:
    """What counts.

    Attributes
    ----------
    tolerance_mm
        How far two outlines may be apart to agree, mm; px of slices whose pixel size is unknown.
    smallest_lesion_px
        A predicted lesion of fewer pixels of the slice is no false positive.
    """

    tolerance_mm: float
    smallest_lesion_px: int


def scores(
    truth: np.ndarray, predicted: np.ndarray, classes: Sequence[str], pixel_mm: np.ndarray, params: Params
) -> pd.DataFrame:
    """Compare predicted label maps with the true ones.

    Parameters
    ----------
    truth, predicted
        uint8 (n, side, side): 0 ground, 1, 2, ... the ``classes``.
    pixel_mm
        (n,): the size of a pixel of each slice in mm, NaN where it is unknown and distances are in px.

    Returns
    -------
    DataFrame of n rows with, for each class, `COLUMNS`: pixels of the class in truth, in the prediction and in both;
    true lesions and how many of them the prediction touches; predicted lesions that touch no true one; surface dice,
    missing where neither has the class and 0 where one has it; HD95 in mm or px, missing unless both have it.
    """
    rows = []
    for true, found, size in zip(truth, predicted, np.nan_to_num(pixel_mm, nan=1.0), strict=True):
        row = {}
        for label, cls in enumerate(classes, 1):
            values = _of_class(true == label, found == label, float(size), params)
            row |= {column.format(cls): value for column, value in zip(COLUMNS, values, strict=True)}
        rows.append(row)
    return pd.DataFrame(rows, columns=[column.format(cls) for cls in classes for column in COLUMNS])


def _of_class(truth: np.ndarray, predicted: np.ndarray, size: float, params: Params) -> tuple[float, ...]:
    areas = (int(np.count_nonzero(each)) for each in (truth, predicted, truth & predicted))
    return *areas, *lesions(truth, predicted, params.smallest_lesion_px), *_outlines(truth, predicted, size, params)


def lesions(truth: np.ndarray, predicted: np.ndarray, smallest_px: int) -> tuple[int, int, int]:
    """Return the true lesions, how many of them are found, and the false positives of one class on one slice.

    A lesion is found if a predicted pixel lies on it. A false positive is a predicted lesion of ``smallest_px`` or more
    that touches no true one.

    Parameters
    ----------
    truth, predicted
        bool (side, side).
    """
    true_ones, count = ndimage.label(truth, TOUCHING)
    predicted_ones, predicted_count = ndimage.label(predicted, TOUCHING)
    found = len(np.unique(true_ones[predicted & truth]))
    areas = np.bincount(predicted_ones.ravel(), minlength=predicted_count + 1)[1:]
    false = areas >= max(smallest_px, 1)
    false[np.unique(predicted_ones[predicted & truth]) - 1] = False
    return count, found, int(false.sum())


def _outlines(truth: np.ndarray, predicted: np.ndarray, size: float, params: Params) -> tuple[float, float]:
    if not truth.any() and not predicted.any():
        return np.nan, np.nan
    if not truth.any() or not predicted.any():
        return 0.0, np.nan
    both = surface_distances.distances(truth, predicted, size)
    surface_dice = surface_distances.surface_dice(both, params.tolerance_mm)
    return round(surface_dice, 6), round(surface_distances.hd95(both), 6)
