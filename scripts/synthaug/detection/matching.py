"""Which detections are hits: one to one with the boxes of their class on their slice, the surest detection first.

As COCO's evaluation counts (Lin et al., arXiv 1405.0312), which a test holds against pycocotools, so that an average
precision from these matches is the one that other papers report.
"""

import numpy as np
import pandas as pd

from synthaug.detection import boxes
from synthaug.detection.boxes import BOX

HIT, DUPLICATE, FALSE, IGNORED = OUTCOMES = ("hit", "duplicate", "false", "ignored")
NO_BOX = -1
EXACT = 1 - 1e-10  # an IoU of 1 that is asked for, but for rounding


def matches(truth: pd.DataFrame, detections: pd.DataFrame, iou: float) -> pd.DataFrame:
    """Match detections with boxes at one threshold of the intersection over union (IoU).

    From the highest score down (equal ones in their order), a detection takes the box of largest IoU, ``iou`` or more,
    that no other has taken; of two equal ones the later. If there is none it is ignored where ``iou`` or more of its
    own area lies in a box to be ignored, which any number of detections may lie in. Otherwise it is a false positive:
    a duplicate if it reaches a box that is taken.

    Parameters
    ----------
    truth
        ``slice, class, x0, y0, x1, y1, ignore``, one row a box.
    detections
        ``slice, class, x0, y0, x1, y1, score``, one row a detection, in any order.

    Returns
    -------
    DataFrame with the index of ``detections``: ``outcome``, one of `OUTCOMES`; ``box``, the position of the row of
    ``truth`` that was hit, is taken or is ignored, int, `NO_BOX` for none; ``overlap``, the IoU with it, of an ignored
    one the share of the detection's area, float, 0 for none.
    """
    corners, ignore = truth[BOX].to_numpy(float), truth["ignore"].to_numpy().astype(bool)
    near = truth.groupby(["slice", "class"], sort=False).indices
    found, scores = detections[BOX].to_numpy(float), detections["score"].to_numpy(float)
    outcome = np.full(len(found), FALSE, dtype=object)
    box, overlap = np.full(len(found), NO_BOX), np.zeros(len(found))
    for place, rows in detections.groupby(["slice", "class"], sort=False).indices.items():
        if place not in near:
            continue
        order, there = rows[np.argsort(-scores[rows], kind="stable")], near[place]
        matched = _matched(found[order], corners[there], ignore[there], iou)
        for row, (what, number, shared) in zip(order, matched, strict=True):
            if number != NO_BOX:
                outcome[row], box[row], overlap[row] = what, there[number], shared
    return pd.DataFrame({"outcome": outcome, "box": box, "overlap": overlap}, index=detections.index)


def _matched(found: np.ndarray, corners: np.ndarray, ignore: np.ndarray, iou: float) -> list[tuple[str, int, float]]:
    """Return outcome, number of the box and overlap of each detection, by descending score, with boxes of its slice."""
    least = min(iou, EXACT)
    shared = boxes.iou(found, corners)
    both = shared * (boxes.areas(found)[:, None] + boxes.areas(corners)[None]) / (1 + shared)
    inside = both / np.maximum(boxes.areas(found)[:, None], np.finfo(float).tiny)
    amount = np.where(ignore, inside, shared)
    reached, taken = amount >= least, np.zeros(len(corners), dtype=bool)
    result = [(FALSE, NO_BOX, 0.0)] * len(found)
    for row in np.flatnonzero(reached.any(axis=1)):
        for outcome, allowed in ((HIT, ~ignore & ~taken), (IGNORED, ignore), (DUPLICATE, taken)):
            there = np.flatnonzero(reached[row] & allowed)
            if len(there):
                number = there[len(there) - 1 - int(amount[row, there[::-1]].argmax())]
                result[row] = outcome, number, float(amount[row, number])
                taken[number] |= outcome == HIT
                break
    return result
