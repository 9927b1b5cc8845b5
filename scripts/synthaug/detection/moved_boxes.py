"""The boxes that synthetic slices are made from: those of a training slice, mirrored, moved and scaled a little.

All boxes of a slice move together, so number, layout and sizes stay plausible.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from synthaug.detection import boxes

TRIES = 100  # to keep all boxes in the organ; then they stay where they are
BRIGHT = 0.5  # of the mean gray value of all training slices, above which a pixel is taken for the organ
DECIMALS = 3  # of shift, zoom and boxes


@dataclass(frozen=True, kw_only=True)
class Params:
    """How far boxes are moved."""

    flip: float
    """Chance that left and right change places."""
    shift: float
    """Most, in either direction, as a share of the slice's side."""
    zoom: float
    """Most, up or down, as a share of the size."""


@dataclass(frozen=True)
class Moved:
    """Boxes that were moved with their slice, see `boxes.transformed`.

    Attributes
    ----------
    corners
        float64 (k, 4), clipped to the slice.
    flip, shift_x, shift_y, zoom
        What was drawn; the shifts are shares of the side.
    """

    corners: np.ndarray
    flip: bool
    shift_x: float
    shift_y: float
    zoom: float


def organ(images: np.ndarray) -> np.ndarray:
    """Return where the mean of ``images``, uint8 (n, side, side), is brighter than `BRIGHT`: bool (side, side)."""
    mean = np.mean(images, axis=0, dtype=np.float64)
    return mean > BRIGHT * mean.mean()


def sources(slices: int, count: int, random: np.random.Generator) -> np.ndarray:
    """Return for each of ``count`` images whose boxes it has: positions among the ``slices``, int64 (count,).

    They come in random orders of all slices, one after the other, so the first ones are evenly spread however many
    follow.
    """
    rounds = [random.permutation(slices) for _ in range(-(-count // slices))]
    return np.concatenate(rounds)[:count]


def moved(
    corners: Sequence[np.ndarray], inside: np.ndarray, params: Params, random: np.random.Generator
) -> Iterator[Moved]:
    """Yield the boxes of each slice, moved.

    A movement that puts the centre of a box where there is no organ is drawn again. If `TRIES` of them do, the boxes
    stay as they are.

    Parameters
    ----------
    corners
        Of each slice, float (k, 4).
    inside
        The organ, bool (side, side), see `organ`.
    """
    side = len(inside)
    for each in corners:
        for _ in range(TRIES):
            flip = bool(random.random() < params.flip)
            x, y = random.uniform(-params.shift, params.shift, 2).round(DECIMALS).tolist()
            zoom = round(random.uniform(1 - params.zoom, 1 + params.zoom), DECIMALS)
            found = boxes.transformed(each, flip, (x, y), zoom, side)
            if _centres_lie(found, inside):
                break
        else:
            found, flip, x, y, zoom = each, False, 0.0, 0.0, 1.0
        yield Moved(boxes.clip(found, side).round(DECIMALS), flip, x, y, zoom)


def _centres_lie(found: np.ndarray, inside: np.ndarray) -> bool:
    x, y = np.floor((found[:, :2] + found[:, 2:]) / 2).astype(int).T
    here = (x >= 0) & (y >= 0) & (x < len(inside)) & (y < len(inside))
    return bool(here.all() and inside[y, x].all())
