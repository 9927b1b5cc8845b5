"""Boxes on a square slice: how far two overlap, how they move with their slice, and the mask that they make.

A box is x0, y0, x1, y1 in px, half-open: x to the right, y down, 0 the left or upper edge of the slice, so that a box
as large as the slice is 0, 0, side, side, and its area is (x1 - x0) (y1 - y0).
"""

import numpy as np

BOX = ["x0", "y0", "x1", "y1"]


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the area that two boxes share, over the area that they cover together.

    Parameters
    ----------
    a, b
        float (n, 4) and (m, 4).

    Returns
    -------
    float64 (n, m), 0 to 1; 0 where both have no area.
    """
    a, b = (np.asarray(each, np.float64).reshape(-1, 4) for each in (a, b))
    start = np.maximum(a[:, None, :2], b[None, :, :2])
    end = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(end - start, 0, None).prod(axis=2)
    together = areas(a)[:, None] + areas(b)[None] - shared
    return np.divide(shared, together, out=np.zeros_like(shared), where=together > 0)


def areas(boxes: np.ndarray) -> np.ndarray:
    """Return the areas in px of boxes, float (n, 4): float64 (n,)."""
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    return np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)


def clip(boxes: np.ndarray, side: float) -> np.ndarray:
    """Return what of boxes, float (n, 4), lies on a slice of ``side`` px: float64 (n, 4), without area if nothing."""
    return np.clip(np.asarray(boxes, np.float64).reshape(-1, 4), 0, side)


def transformed(boxes: np.ndarray, flip: bool, shift: tuple[float, float], zoom: float, side: float) -> np.ndarray:
    """Return where boxes come to lie when their slice is mirrored, then enlarged about its centre, then moved.

    Parameters
    ----------
    boxes
        float (n, 4).
    flip
        Whether left and right change places.
    shift
        To the right and down, as fractions of ``side``.
    zoom
        Factor.
    side
        px, of the slice.

    Returns
    -------
    float64 (n, 4). Not clipped: see `clip`.
    """
    boxes = np.array(boxes, np.float64).reshape(-1, 4)
    if flip:
        boxes[:, [0, 2]] = side - boxes[:, [2, 0]]
    moved = np.asarray([*shift, *shift], np.float64) * side
    return (boxes - side / 2) * zoom + side / 2 + moved


def box_mask(boxes: np.ndarray, side: int) -> np.ndarray:
    """Return how much of each pixel of a slice lies in a box.

    Parameters
    ----------
    boxes
        float (n, 4), n of 0 or more, in px of this slice: for a mask of another size, multiply them before.
    side
        px, of the mask.

    Returns
    -------
    float32 (side, side), 0 to 1: the share of the pixel's area; where boxes overlap, that of the box with most of it.
    """
    mask = np.zeros((side, side), np.float32)
    edges = np.arange(side, dtype=np.float64)
    for x0, y0, x1, y1 in np.asarray(boxes, np.float64).reshape(-1, 4):
        across, down = (
            np.clip(np.minimum(edges + 1, end) - np.maximum(edges, start), 0, 1) for start, end in ((x0, x1), (y0, y1))
        )
        mask = np.maximum(mask, np.outer(down, across).astype(np.float32))
    return mask
