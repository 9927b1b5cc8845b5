"""Boxes as a hurried reader draws them, and the most that a detector can reach when such boxes are the truth.

Each of the four edges lies beside the true one, by a normal deviate of 0 mean and `JITTER` of the side to which it is
perpendicular. So how far a rough box overlaps the true one does not depend on the lesion's size.
"""

import numpy as np

from synthaug import seeding

JITTER = 0.12  # standard deviation of an edge, over the length of the side
DRAWS = 200_000  # of `ceiling`: its standard error is 0.0011 at most


def draw(rng: np.random.Generator, boxes: np.ndarray) -> np.ndarray:
    """Return a rough box for each true one, float (n, 4) as x0, y0, x1, y1 in any unit: float64 (n, 4).

    An edge never passes the middle of the true box.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    moved = np.clip(JITTER * rng.standard_normal(boxes.shape), -0.45, 0.45)
    return boxes + moved * sides


def ceiling(iou: float) -> float:
    """Return the sensitivity of a detector that gives every lesion its true box, where rough boxes are the truth.

    No detector is better but by chance: how an edge deviates cannot be known, and most often it is by little.

    Parameters
    ----------
    iou
        From which overlap on a box is found, 0 to 1.
    """
    rough = draw(seeding.stream(0, "phantom", "ceiling"), np.tile([0.0, 0.0, 1.0, 1.0], (DRAWS, 1)))
    shared = np.clip(np.minimum(rough[:, 2:], 1) - np.maximum(rough[:, :2], 0), 0, None).prod(axis=1)
    together = (rough[:, 2:] - rough[:, :2]).prod(axis=1) + 1 - shared
    return float((shared / together >= iou).mean())
