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
    intensity
        The values that become black and white, see `imaging.intensity.limits`.
    """

    margin: float
    scale: str
    antialias: bool
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


def crop(
    image: np.ndarray, center_x: float, center_y: float, diameter_px: float, params: Params, reach: Reach
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

    Returns
    -------
    float32 (rows, columns), whose geometric centre is the lesion's centre. On each side it reaches sqrt(2) (d/2 +
    largest margin + largest translation) plus the reach of the interpolation; beyond the image's border its edge
    repeats.
    """
    half = math.ceil(math.sqrt(2) * reach.px(diameter_px, params)) + INTERPOLATION_PX
    # Bounding-box centres lie on half pixels, so the crop has an even or an odd number of them, by axis.
    columns, rows = (np.arange(math.ceil(c - half), math.floor(c + half) + 1) for c in (center_x, center_y))
    cut = image[np.clip(rows, 0, image.shape[0] - 1)][:, np.clip(columns, 0, image.shape[1] - 1)]
    return np.ascontiguousarray(cut, dtype=np.float32)


def lowpass(crop: np.ndarray, diameter_px: float, params: Params) -> np.ndarray:
    """Filter a crop, float32 (rows, columns), so that the un-augmented ROI is reduced to 64 px without aliasing.

    The Gaussian has sigma = (reduction - 1) / 2 px, scikit-image's rule for ``resize``. A crop that is enlarged instead
    stays as it is.
    """
    sigma = (side_px(diameter_px, params.margin) / SIZE - 1) / 2
    if not params.antialias or sigma <= 0:
        return crop
    return ndimage.gaussian_filter(crop, sigma, mode="nearest")
