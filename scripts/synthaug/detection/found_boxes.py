"""What detectors find at the threshold that gives each of them as many false positives a slice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.detection import froc, matching
from synthaug.detection.box_sheets import Detected
from synthaug.detection.boxes import BOX


@dataclass(frozen=True)
class Found:
    """Detections that reach their network's threshold, on the slices that it was tested on.

    Attributes
    ----------
    slices
        The test slices.
    detections
        ``slice, x0, y0, x1, y1, outcome, box``: see `matching.OUTCOMES`, and the name of the box that is hit.
    """

    slices: list[str]
    detections: pd.DataFrame

    def hits(self, names: pd.Index) -> pd.Series:
        """Return how many boxes are hit on each of the slices ``names``."""
        hits = self.detections[self.detections["outcome"] == matching.HIT]
        return hits.groupby("slice").size().reindex(names, fill_value=0)

    def on(self, name: str, boxes: pd.Series) -> Detected:
        """Return what is detected on a slice, whose ``boxes`` have these names; what is ignored is left out."""
        rows = self.detections[self.detections["slice"] == name]
        rows = rows[rows["outcome"] != matching.IGNORED]
        place = {box: number for number, box in enumerate(boxes)}
        hits = rows["box"].where(rows["outcome"] == matching.HIT).map(place).fillna(-1)
        return Detected(rows[BOX].to_numpy(float), hits.to_numpy(int))


def of_network(
    slices: pd.Series, detections: pd.DataFrame, matches: pd.DataFrame, iou: float, false_positives: float
) -> Found:
    """Return what one network finds on its test slices.

    Parameters
    ----------
    slices
        The test slices.
    detections, matches
        ``detections.csv`` and ``matches.csv``.
    iou
        From which on a box is hit.
    false_positives
        A slice, on these slices: the threshold is the lowest score with no more.
    """
    rows = matches[np.isclose(matches["iou"].astype(float), iou)]
    scores = rows["score"].to_numpy(float)
    counts = (rows["outcome"] != matching.IGNORED).to_numpy()
    false = counts & (rows["outcome"] != matching.HIT).to_numpy()
    least = froc.threshold(scores[counts], false[counts], len(slices), false_positives)
    reached = rows[scores >= least]
    corners = detections.loc[reached["detection"].astype(int), BOX].astype(float).reset_index(drop=True)
    return Found(list(slices), reached[["slice", "outcome", "box"]].reset_index(drop=True).join(corners))


def joined(parts: Sequence[Found]) -> Found:
    """Return what several networks of one arm find, each on other slices."""
    slices = [name for part in parts for name in part.slices]
    return Found(slices, pd.concat([part.detections for part in parts], ignore_index=True))
