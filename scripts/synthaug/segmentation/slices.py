"""A slice and its label map as the networks take them: square, of one size, in gray values.

Image and label map share one map of coordinates. A slice that is not square is centred in a square as large as its
longer side. The square of L px becomes one of S px: the centre of pixel u of the result lies at (u + 1/2) L / S - 1/2.
Where pixels are not square, ``aspect`` is their height over their width, and the square has fewer rows than columns or
more, see `pixel_shapes.square`.
"""

from dataclasses import dataclass

import numpy as np
from skimage import transform

from synthaug.imaging import intensity, pixel_shapes
from synthaug.segmentation.label_maps import GROUND


@dataclass(frozen=True)
class Params:
    """What slices there are, and how they are made.

    Attributes
    ----------
    classes
        In the order of the labels.
    side
        px, of the slices: a power of two.
    intensity
        The values that become black and white, see `imaging.intensity.limits`.
    empty_slices
        Slices without lesion that each patient's volumes give besides those of the case table.
    precedence
        See `label_maps.join`.
    """

    classes: list[str]
    side: int
    intensity: dict
    empty_slices: int
    precedence: list[str] | None


def gray(image: np.ndarray, params: Params, aspect: float = 1.0) -> np.ndarray:
    """Return a slice as the networks see it.

    Reduced, it is smoothed by a Gaussian of (L / S - 1) / 2 px before it is sampled, so that nothing aliases; sampling
    is linear. What lies beyond the slice is black.

    Parameters
    ----------
    image
        float32 (rows, columns), HU or source units.

    Returns
    -------
    uint8 (side, side).

    Raises
    ------
    InputError
        If ``params.intensity`` are percentiles and the slice has no contrast.
    """
    low, high = intensity.limits(image, params.intensity)
    square = _square(image, np.float32(low), aspect)
    size = (params.side, params.side)
    if square.shape != size:
        reduced = max(square.shape) > params.side
        square = transform.resize(square, size, 1, "edge", preserve_range=True, anti_aliasing=reduced)
    return np.rint(intensity.unit(square, low, high) * 255).astype(np.uint8)


def labels(label_map: np.ndarray, side: int, aspect: float = 1.0) -> np.ndarray:
    """Return the label map, uint8 (rows, columns), of a slice that becomes ``side`` px large: uint8 (side, side).

    Each pixel has the label of the pixel in which its centre lies; of the one below or to the right if it lies between
    two, as in all slices that are reduced by an even number.
    """
    square = _square(label_map, GROUND, aspect)
    rows, columns = ((2 * np.arange(side) + 1) * length // (2 * side) for length in square.shape)
    return square[rows][:, columns]


def pixel_mm(shape: tuple[int, int], spacing_mm: float, side: int, aspect: float = 1.0) -> float:
    """Return the size in mm of the pixels of a slice that becomes ``side`` px large; ``spacing_mm`` wide before."""
    return spacing_mm * pixel_shapes.square(*shape, aspect)[1] / side


def _square(image: np.ndarray, fill: float, aspect: float) -> np.ndarray:
    """Return the image centred in a square of its longer side; an odd remainder goes to the bottom or right."""
    missing = np.array(pixel_shapes.square(*image.shape, aspect)) - image.shape
    before = missing // 2
    return np.pad(image, list(zip(before, missing - before, strict=True)), constant_values=fill)
