"""Label maps moved, turned and scaled a little: further masks for a generator, LcGAN's future work.

What is around a lesion is not looked at: the bounds must be small enough that it still lies where such a lesion may.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

TRIES = 20


@dataclass(frozen=True, kw_only=True)
class Params:
    """How many copies of each mask there are, and how far they may differ from it."""

    copies: int
    """0, as in the paper, for the masks alone."""
    shift: float
    """Largest shift to each side, as a share of the slice's side."""
    turn: float
    """Largest turn in degrees."""
    scale: float
    """Largest change of size: 0.1 for 0.9 to 1.1."""


def moved(labels: np.ndarray, params: Params, stream: np.random.Generator) -> np.ndarray:
    """Return a label map with everything in it turned and scaled about its common centre, and shifted.

    Nothing may leave the frame and no class may vanish; after `TRIES` draws that would, the map stays as it is. So
    does one without lesions.

    Parameters
    ----------
    labels
        uint8 (side, side): 0 for the ground.

    Returns
    -------
    numpy.ndarray
        uint8 (side, side), by the nearest pixel.
    """
    points = np.argwhere(labels)
    if not len(points):
        return labels.copy()
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    for _ in range(TRIES):
        forward, shift = _drawn(len(labels), params, stream)
        ends = (points - centre) @ forward.T + centre + shift
        if ends.min() < 0 or ends.max() > len(labels) - 1:
            continue
        back = np.linalg.inv(forward)
        offset = centre - back @ (centre + shift)
        result = ndimage.affine_transform(labels, back, offset, order=0, mode="grid-constant")
        if np.array_equal(np.unique(result), np.unique(labels)):
            return result
    return labels.copy()


def _drawn(side: int, params: Params, stream: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw a map of rows and columns, float (2, 2), and a shift in px, float (2,)."""
    angle = np.radians(stream.uniform(-params.turn, params.turn))
    factor = stream.uniform(1 - params.scale, 1 + params.scale)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return factor * turn, stream.uniform(-params.shift, params.shift, 2) * side
