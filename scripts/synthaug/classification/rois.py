"""Lesion ROIs: crops at native resolution, and how they are brought to 64x64 px (paper section 2).

A crop is square, has the resolution of the image, and is centred on the lesion's bounding box. It is large enough for
every augmentation, so the original slice is sampled only once, from the crop to the 64x64 grid.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

SIZE = 64  # px, side of a ROI; the networks of the paper take nothing else
MAX_SHIFT_PX = 4.0  # px, largest translation (paper section 3.1)
INTERPOLATION_PX = 2  # px, reach of bicubic interpolation
SURROUND = (0.1, 0.4)  # range of the scale augmentation, as a fraction of the diameter (paper section 3.1)


@dataclass(frozen=True)
class Params:
    """How a ROI is cut from its slice; the paper leaves all of it open.

    Attributes
    ----------
    margin
        Tissue kept on each side of the lesion, as a fraction of its diameter.
    scale
        ``"replace"``: the scale augmentation sets the margin to 0.1-0.4 diameters. ``"add"``: it adds that much to
        the margin.
    antialias
        Whether a slice is low-pass filtered before it is reduced to 64 px, as image-resizing functions do.
    intensity
        The values that become black and white, see `imaging.intensity.limits`.
    """

    margin: float
    scale: str
    antialias: bool
    intensity: dict

    def largest_margin(self) -> float:
        """Return the largest margin that any augmentation needs, as a fraction of the diameter."""
        return self.margin + SURROUND[1] if self.scale == "add" else max(self.margin, SURROUND[1])

    def scaled_margin(self, surround: np.ndarray) -> np.ndarray:
        """Return the margin after a scale augmentation drew ``surround`` (both fractions of the diameter)."""
        return self.margin + surround if self.scale == "add" else surround


def side_px(diameter_px: float, margin: np.ndarray | float) -> np.ndarray | float:
    """Return the side of the square that a ROI shows, in native px; ``margin`` is a fraction of the diameter."""
    return diameter_px * (1 + 2 * margin)


def crop(image: np.ndarray, center_x: float, center_y: float, diameter_px: float, params: Params) -> np.ndarray:
    """Cut the native-resolution crop of one lesion.

    Parameters
    ----------
    image
        The key slice, float32 (rows, columns).
    center_x, center_y
        Centre of the lesion's bounding box in px; pixel centres are integers.
    diameter_px
        Largest diameter of the lesion in px.

    Returns
    -------
    float32 (rows, columns), whose geometric centre is the lesion's centre. On each side it reaches sqrt(2) (d/2 +
    largest margin + largest shift) plus the reach of the interpolation; beyond the image's border its edge repeats.
    """
    reach = math.sqrt(2) * (diameter_px * (0.5 + params.largest_margin()) + MAX_SHIFT_PX)
    half = math.ceil(reach) + INTERPOLATION_PX
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
