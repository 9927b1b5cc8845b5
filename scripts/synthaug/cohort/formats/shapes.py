"""Outlines of annotation tools as cells of a case table.

The tools measure from the upper left corner of the image, so the first pixel lies between 0 and 1. The case table does
so in boxes; in polygons whole numbers are the centres of pixels.
"""

from collections.abc import Sequence

import numpy as np
from skimage import draw

from synthaug.errors import InputError

CORNERS_OF_A_CIRCLE = 64
LEAST = 0.5  # of a box that lies within its image; less is no slip of the hand


def box(x: float, y: float, width: float, height: float, size: tuple[int, int]) -> str:
    """Return the cell of a box, cut off at the border of an image of ``size`` (columns, rows); "" if none."""
    corners = np.array([[x, y], [x + width, y + height]], dtype=float)
    return _corners(corners, size)


def check_within(where: str, x: float, y: float, width: float, height: float, size: tuple[int, int]) -> None:
    """Refuse, by an `InputError` that begins with ``where``, a box most of which lies beyond its image.

    One that lies beyond it altogether is left to whoever leaves it out.
    """
    inside = [max(0, min(start + length, end) - max(start, 0)) for start, length, end in
              ((x, width, size[0]), (y, height, size[1]))]  # fmt: skip
    if 0 < inside[0] * inside[1] < LEAST * width * height:
        raise InputError(
            f"{where}: expected a box within {size[0]} x {size[1]} px, found x {x:g} to {x + width:g} and y {y:g} to "
            f"{y + height:g}, most of it beyond; draw it again, or give the image that was annotated"
        )


def around(points: np.ndarray, size: tuple[int, int]) -> str:
    """Return the cell of the smallest box around points (n, 2), x, y; "" if it has no area within the image."""
    return _corners(np.array([points.min(axis=0), points.max(axis=0)]), size)


def polygon(points: np.ndarray, size: tuple[int, int]) -> str:
    """Return the cell of a polygon through points (n, 2), x, y, cut off at the border; "" of fewer than three."""
    if len(points) < 3 or not around(points, size):
        return ""
    centred = np.clip(points, 0, size) - 0.5
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in centred)


def ellipse(x: float, y: float, x_radius: float, y_radius: float, turn: float = 0) -> np.ndarray:
    """Return points on an ellipse, float64 (`CORNERS_OF_A_CIRCLE`, 2), turned by ``turn`` radians from x towards y."""
    angle = np.linspace(0, 2 * np.pi, CORNERS_OF_A_CIRCLE, endpoint=False)
    across, down = x_radius * np.cos(angle), y_radius * np.sin(angle)
    turned = [across * np.cos(turn) - down * np.sin(turn), across * np.sin(turn) + down * np.cos(turn)]
    return np.add(np.stack(turned, axis=1), (x, y))


def union(polygons: Sequence[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """Return the mask of several polygons (n, 2): uint8 (y, x), 255 where one of them is."""
    mask = np.zeros(size[::-1], dtype=np.uint8)
    for points in polygons:
        rows, columns = draw.polygon(points[:, 1] - 0.5, points[:, 0] - 0.5, mask.shape)
        mask[rows, columns] = 255
    return mask


def _corners(corners: np.ndarray, size: tuple[int, int]) -> str:
    low, high = np.clip(corners, 0, size)
    return ",".join(map(_number, (*low, *high))) if np.isfinite(corners).all() and (low < high).all() else ""


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
