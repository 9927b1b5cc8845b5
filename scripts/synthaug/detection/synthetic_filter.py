"""Which synthetic slices clearly lack the disease: a detector that has seen real slices alone does not find it there.

Han et al. discard "images with unclear tumours" by eye. Here a slice is kept if the detector finds each of its boxes
with a score that a given share of real boxes reach, of patients whom it was not trained on.
"""

import numpy as np
import pandas as pd

from synthaug.detection import matching

MISSED = 0.0  # the score of a box that is not found


def scores(truth: pd.DataFrame, detections: pd.DataFrame, iou: float) -> np.ndarray:
    """Return the score of the detection that hits each box, float64 (n,); `MISSED` without one.

    Parameters
    ----------
    truth
        ``slice, class, x0, y0, x1, y1, ignore``, one row a box.
    detections
        ``slice, class, x0, y0, x1, y1, score``.
    iou
        The least overlap of a hit, see `matching.matches`.
    """
    matches = matching.matches(truth, detections, iou)
    hits = (matches["outcome"] == matching.HIT).to_numpy()
    found = np.full(len(truth), MISSED)
    found[matches["box"].to_numpy()[hits]] = detections["score"].to_numpy()[hits]
    return found


def threshold(found: np.ndarray, share: float) -> float:
    """Return the largest score that at least ``share``, above 0, of the boxes with the scores ``found`` reach."""
    return float(np.sort(found)[::-1][int(np.ceil(share * len(found))) - 1])


def of_slices(truth: pd.DataFrame, found: np.ndarray) -> pd.Series:
    """Return by slice the lowest score ``found`` of its boxes, in the order in which ``truth`` first names it."""
    return pd.Series(found, truth["slice"].to_numpy()).groupby(level=0, sort=False).min()


def kept(lowest: pd.Series, least: float) -> pd.Series:
    """Return whether each slice's `lowest <of_slices>` score reaches ``least`` and none of its boxes is missed."""
    return (lowest >= least) & (lowest > MISSED)
