"""Boxes as a network is shown them: a mask of each class, 1 inside of its boxes and 0 elsewhere, at any resolution.

Images have different numbers of boxes. In one tensor they are filled up with boxes without an area, which no mask
shows.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

COLUMNS = 5  # left, top, right, bottom in px, and the position of the class


def padded(boxes: Sequence[np.ndarray]) -> np.ndarray:
    """Return the boxes of n images, arrays (k, 5), as one: float32 (n, most, 5), ``most`` being at least 1."""
    most = max([1, *(len(each) for each in boxes)])
    together = np.zeros((len(boxes), most, COLUMNS), np.float32)
    for row, each in zip(together, boxes, strict=True):
        row[: len(each)] = np.asarray(each).reshape(-1, COLUMNS)
    return together


def drawn(boxes: torch.Tensor, classes: int, side: int, px: int) -> torch.Tensor:
    """Return how much of each pixel lies in a box of each class.

    Parameters
    ----------
    boxes
        Of each image, float (n, most, 5), as `padded` returns them.
    classes
        How many there are.
    side
        px, of the images that the boxes were drawn on.
    px
        Side of the masks.

    Returns
    -------
    torch.Tensor
        float (n, classes, px, px), 0 to 1; where boxes overlap, the share of the one that has most of the pixel.
    """
    edges = torch.arange(px, device=boxes.device)
    corners = boxes[..., :4, None] * (px / side)
    across, down = (
        (torch.minimum(corners[..., axis + 2, :], edges + 1) - torch.maximum(corners[..., axis, :], edges)).clamp(0, 1)
        for axis in (0, 1)
    )
    shares = down[..., :, None] * across[..., None, :]
    own = boxes[..., 4, None, None] == torch.arange(classes, device=boxes.device)[:, None, None, None, None]
    return (shares * own).amax(2).movedim(0, 1)


def halved(masks: torch.Tensor, smallest: int) -> list[torch.Tensor]:
    """Return ``masks``, float (n, classes, px, px), at px ``smallest``, twice that and so on up to their own."""
    sizes = [masks]
    while sizes[-1].shape[-1] > smallest:
        sizes.append(functional.avg_pool2d(sizes[-1], 2))
    return sizes[::-1]
