"""What YOLOv3 is to predict for the true boxes of a batch, and where."""

from dataclasses import dataclass

import numpy as np

from synthaug.detection import box_lists
from synthaug.detection.positions import Positions


@dataclass(frozen=True)
class Targets:
    """Of each box of a batch.

    Attributes
    ----------
    position
        int64 (n, k): where it is predicted; the number of all positions for a box that is not learned.
    values
        float32 (n, k, 4): x and y of the centre in cells from the cell's corner, and the logarithms of width and height
        over the anchor's.
    weight
        float32 (n, k): of the loss of these values: 2 less the share of the slice that the box covers, so that small
        boxes count more; 0 for a box that is not learned.
    """

    position: np.ndarray
    values: np.ndarray
    weight: np.ndarray


def targets(boxes: np.ndarray, labels: np.ndarray, where: Positions) -> Targets:
    """Assign each box to the anchor whose shape has the largest IoU with it, in the cell that holds its centre.

    Of several boxes at one position the first one is learned there, and the others nowhere.

    Parameters
    ----------
    boxes, labels
        float (n, k, 4) and int (n, k), see `box_lists`.
    """
    boxes = boxes.astype(np.float64)
    size = np.maximum(boxes[..., 2:] - boxes[..., :2], 1e-6)
    shared = np.minimum(size[..., None, :], where.sizes).prod(-1)
    anchor = (shared / (size.prod(-1)[..., None] + where.sizes.prod(-1) - shared)).argmax(-1)
    position, inside = where.of(anchor, boxes.reshape(*labels.shape, 2, 2).mean(-2))
    learned = labels > box_lists.EMPTY
    position = np.where(learned, position, len(where))
    for place in range(1, labels.shape[1]):
        learned[:, place] &= (position[:, :place] != position[:, place, None]).all(1)
    values = np.concatenate([inside, np.log(size / where.sizes[anchor])], -1)
    weight = np.where(learned, 2 - size.prod(-1) / where.side**2, 0)
    return Targets(np.where(learned, position, len(where)), values.astype(np.float32), weight.astype(np.float32))
