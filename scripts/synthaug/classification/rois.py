"""Lesion ROIs: crops at native resolution, and how they are brought to 64x64 px (paper section 2).

A crop is square, has the resolution of the image, and is centred on the lesion's bounding box. It is large enough for
every augmentation, so the original slice is sampled only once, from the crop to the 64x64 grid.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

SIZE = 64  # px, side of a ROI; the networks of the paper take nothing else
INTERPOLATION_PX = 2  # px, reach of bicubic interpolation


@dataclass(frozen=True)
class Params:
    """How a ROI is cut from its slice; the paper leaves all of it open.

    Attributes
    ----------
    margin
        Tissue kept on each side of the lesion, as a fraction of its diameter.
    scale
        ``"replace"``: the tissue that the scale augmentation draws is the margin. ``"add"``: it is added to the margin.
    antialias
        Whether a slice is low-pass filtered before it is reduced to 64 px, as image-resizing functions do.
    padding
        What lies beyond the image's border: its ``"edge"`` repeated, a ``"constant"`` (black, which is air in CT and MR
        and no echo in ultrasound), or the image mirrored (``"reflect"``, the border itself not repeated).
    intensity
        The values that become black and white, see `imaging.intensity.limits`.
    """

    margin: float
    scale: str
    antialias: bool
    padding: str
    intensity: dict

    def scaled_margin(self, surround: np.ndarray | float) -> np.ndarray | float:
        """Return the margin after a scale augmentation drew ``surround`` (both fractions of the diameter)."""
        return self.margin + surround if self.scale == "add" else surround


@dataclass(frozen=True)
class Reach:
    """The largest augmentations that the config allows, as far as a crop must be large enough for them.

    Attributes
    ----------
    surround
        The most tissue that the scale augmentation draws, as a fraction of the diameter.
    shift_diameters, shift_px
        The largest translation as a fraction of the diameter, and its limit in native px; None for no limit.
    """

    surround: float
    shift_diameters: float
    shift_px: float | None

    def px(self, diameter_px: float, params: Params) -> float:
        """Return how far from the lesion's centre an augmentation that is not rotated looks, in native px."""
        margin = max(params.margin, params.scaled_margin(self.surround))
        shift = self.shift_diameters * diameter_px if self.shift_px is None else self.shift_px
        return diameter_px * (0.5 + margin) + shift


def side_px(diameter_px: float, margin: np.ndarray | float) -> np.ndarray | float:
    """Return the side of the square that a ROI shows, in native px; ``margin`` is a fraction of the diameter."""
    return diameter_px * (1 + 2 * margin)


def share_beyond(shape: tuple[int, int], center_x: float, center_y: float, diameter_px: float, margin: float) -> float:
    """Return which share of the un-augmented ROI's area lies beyond the image, from 0 to below 1.

    Parameters
    ----------
    shape
        Rows and columns of the image.
    center_x, center_y
        Centre of the lesion's bounding box in px; pixel centres are integers.
    margin
        As a fraction of the diameter.
    """
    side = side_px(diameter_px, margin)
    inside = [
        min(center + side / 2, length - 0.5) - max(center - side / 2, -0.5)
        for center, length in ((center_y, shape[0]), (center_x, shape[1]))
    ]
    return 1 - math.prod(inside) / side**2


def crop(
    image: np.ndarray,
    center_x: float,
    center_y: float,
    diameter_px: float,
    params: Params,
    reach: Reach,
    black: float,
) -> np.ndarray:
    """Cut the native-resolution crop of one lesion.

    Parameters
    ----------
    image
        The key slice, float32 (rows, columns).
    center_x, center_y
        Centre of the lesion's bounding box in px; pixel centres are integers.
    diameter_px
        Largest diameter of the lesion in px.
    reach
        The largest augmentations.
    black
        The value, in the image's units, that becomes black; the constant of constant padding.

    Returns
    -------
    float32 (rows, columns), whose geometric centre is the lesion's centre. On each side it reaches sqrt(2) (d/2 +
    largest margin + largest translation) plus the reach of the interpolation; ``params.padding`` says what lies beyond
    the image's border.
    """
    half = math.ceil(math.sqrt(2) * reach.px(diameter_px, params)) + INTERPOLATION_PX
    # Bounding-box centres lie on half pixels, so the crop has an even or an odd number of them, by axis.
    columns, rows = (np.arange(math.ceil(c - half), math.floor(c + half) + 1) for c in (center_x, center_y))
    place = _mirrored if params.padding == "reflect" else _nearest
    cut = np.ascontiguousarray(image[place(rows, image.shape[0])][:, place(columns, image.shape[1])], dtype=np.float32)
    if params.padding == "constant":
        cut[(rows < 0) | (rows >= image.shape[0])] = black
        cut[:, (columns < 0) | (columns >= image.shape[1])] = black
    return cut


def _nearest(indices: np.ndarray, length: int) -> np.ndarray:
    return np.clip(indices, 0, length - 1)


def _mirrored(indices: np.ndarray, length: int) -> np.ndarray:
    """Return where ``indices`` lie if a row of ``length`` px is mirrored at its first and last px, again and again."""
    period = max(1, 2 * (length - 1))
    return (length - 1) - np.abs(indices % period - (length - 1))


def lowpass(crop: np.ndarray, diameter_px: float, params: Params) -> np.ndarray:
    """Filter a crop, float32 (rows, columns), so that the un-augmented ROI is reduced to 64 px without aliasing.

    The Gaussian has sigma = (reduction - 1) / 2 px, scikit-image's rule for ``resize``. A crop that is enlarged instead
    stays as it is.
    """
    sigma = (side_px(diameter_px, params.margin) / SIZE - 1) / 2
    if not params.antialias or sigma <= 0:
        return crop
    return ndimage.gaussian_filter(crop, sigma, mode="nearest")
