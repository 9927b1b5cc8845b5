"""Non-maximum suppression: of detections that overlap, the one of highest score stays."""

import numpy as np

from synthaug.detection import boxes as boxes_on_slices


def kept(boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, iou: float, most: int) -> np.ndarray:
    """Return which detections of a slice stay, by descending score; of equal scores the first one comes first.

    A detection goes if it overlaps one of its class that stays by more than ``iou``.

    Parameters
    ----------
    boxes
        float (n, 4), px.
    scores
        float (n,).
    classes
        int (n,).
    most
        The largest number that stays.

    Returns
    -------
    int64 (m,), m at most ``most``.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, classes = np.asarray(boxes, np.float64)[order], classes[order]
    areas, alive, stays = boxes_on_slices.areas(boxes), np.ones(len(boxes), bool), []
    for place in range(len(boxes)):
        if not alive[place]:
            continue
        stays.append(order[place])
        if len(stays) == most:
            break
        # As `boxes.iou`, of one box with those after it: here a slice may have thousands.
        others = boxes[place + 1 :]
        start, end = np.maximum(others[:, :2], boxes[place, :2]), np.minimum(others[:, 2:], boxes[place, 2:])
        shared = np.clip(end - start, 0, None).prod(1)
        overlaps = shared > iou * (areas[place + 1 :] + areas[place] - shared)
        alive[place + 1 :] &= ~(overlaps & (classes[place + 1 :] == classes[place]))
    return np.array(stays, np.int64)
