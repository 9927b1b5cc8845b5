"""How good a network is on the validation slices, for the choice of a checkpoint."""

import pandas as pd

from synthaug.detection import froc, matching


def sensitivity(
    truth: pd.DataFrame, detections: pd.DataFrame, slices: int, iou: float, false_positives: float
) -> float:
    """Return the share of boxes that are found at a number of false positives a slice, or at all if it is not reached.

    Parameters
    ----------
    truth, detections
        See `matching.matches`; boxes to be ignored are not counted.
    slices
        How many slices there are, those without boxes included.
    iou
        From which a detection is a hit, 0 to 1.
    false_positives
        A slice.
    """
    outcome = matching.matches(truth, detections, iou)["outcome"]
    counted = outcome != matching.IGNORED
    scores, hits = detections["score"][counted].to_numpy(float), (outcome[counted] == matching.HIT).to_numpy()
    least = froc.threshold(scores, ~hits, slices, false_positives)
    return float((hits & (scores >= least)).sum() / (truth["ignore"] == 0).sum())
