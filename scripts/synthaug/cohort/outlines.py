"""Outlines as pixels: the contours of one lesion on one slice, and what an outline must be to have an area.

Coordinates are x, y in px; pixel centres are integers. A pixel is taken if its centre is inside an outline or on it.
"""

import itertools
from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from skimage import draw

from synthaug.errors import InputError

THINNEST = 0.05  # px across; an outline that is thinner is a line
ALIKE = 0.5  # px; two outlines that run so near to each other all along are one
FINE = 8  # parts of a pixel, to measure an area
ODD_AREA = 0.3  # of what is filled, by which the area of a small loop may differ


def is_line(points: np.ndarray) -> bool:
    """Return whether an outline, float (n, 2), has no area: its points lie on one line or are fewer than three."""
    if len(points) < 3:
        return True
    across = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][-1]
    return bool(np.ptp(points @ across) < THINNEST)


def crosses_itself(points: np.ndarray) -> bool:
    """Return whether an outline, float (n, 2), turns back across itself all along.

    Such are numbers in the wrong order: sides cross, and the area by the shoelace formula is not what is filled. A slip
    of the hand, a small loop, passes.
    """
    x, y = (points - points.min(axis=0)).T
    area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    filled = len(draw.polygon(y, x)[0])
    border = np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1).sum()
    if abs(area - filled) + border < ODD_AREA * filled:
        return False  # even if each pixel on its border were counted wrongly
    filled = len(draw.polygon(FINE * y, FINE * x)[0]) / FINE**2
    return bool(abs(area - filled) > ODD_AREA * filled) and _sides_cross(points)


def _sides_cross(points: np.ndarray) -> bool:
    """Return whether two sides of an outline cross, each at a point between its ends."""
    starts, ends = points, np.roll(points, -1, axis=0)

    def side(origin: np.ndarray, to: np.ndarray, point: np.ndarray) -> np.ndarray:
        (ax, ay), (bx, by) = np.moveaxis(to - origin, -1, 0), np.moveaxis(point - origin, -1, 0)
        return np.sign(ax * by - ay * bx)

    one, other = (starts[:, None], ends[:, None]), (starts[None], ends[None])
    apart = side(*one, other[0]) * side(*one, other[1]) < 0
    return bool((apart & apart.T).any())


def fill(where: str, outlines: Sequence[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Fill the outlines of one lesion on one slice: one within another is a hole, and one listed twice counts once.

    Parameters
    ----------
    where
        What they belong to, for a message.
    outlines
        float (n, 2) each; they may touch.
    shape
        Rows and columns.

    Returns
    -------
    bool (y, x). Pixels on the outline of a hole belong to the hole.

    Raises
    ------
    InputError
        If one has no area, or two cross.
    """
    different: list[np.ndarray] = []
    for points in outlines:
        if is_line(points):
            raise InputError(
                f"{where}: expected contours with an area, found one of {len(points)} points on a line; delete it"
            )
        if not any(_are_one(points, other) for other in different):
            different.append(points)
    masks = sorted((_polygon(points, shape) for points in different), key=np.sum, reverse=True)
    depths = [0] * len(masks)
    for (_, outer), (number, inner) in itertools.combinations(enumerate(masks), 2):
        depths[number] += _is_within(where, inner, outer)
    filled = np.zeros(shape, dtype=bool)
    for mask, depth in zip(masks, depths, strict=True):
        filled[mask] = depth % 2 == 0
    return filled


def _polygon(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[draw.polygon(points[:, 1], points[:, 0], shape)] = True
    return mask


def _is_within(where: str, inner: np.ndarray, outer: np.ndarray) -> bool:
    """Return whether one filled outline lies within a larger one, but for pixels on its border; False if apart."""
    if not (inner & outer).any():
        return False
    core = ndimage.binary_erosion(inner)
    if not (inner & ~outer).any() or (core.any() and not (core & ~outer).any()):
        return True
    if (core & ndimage.binary_erosion(outer)).any():
        raise InputError(
            f"{where}: expected contours apart from each other or within each other, found two that cross; draw one "
            "around both"
        )
    return False  # they touch


def _are_one(points: np.ndarray, others: np.ndarray) -> bool:
    """Return whether two outlines run within `ALIKE` of each other all along."""
    bounds = [np.concatenate([each.min(axis=0), each.max(axis=0)]) for each in (points, others)]
    if np.abs(bounds[0] - bounds[1]).max() > ALIKE:
        return False
    return max(_distance(points, others), _distance(others, points)) <= ALIKE


def _distance(points: np.ndarray, outline: np.ndarray) -> float:
    """Return how far the farthest of ``points`` (n, 2) lies from a closed outline (m, 2)."""
    starts, steps = outline, np.roll(outline, -1, axis=0) - outline
    lengths = np.maximum((steps**2).sum(axis=1), 1e-12)
    farthest = 0.0
    for point in points:
        along = np.clip(((point - starts) * steps).sum(axis=1) / lengths, 0, 1)
        farthest = max(farthest, np.linalg.norm(starts + along[:, None] * steps - point, axis=1).min())
    return farthest
