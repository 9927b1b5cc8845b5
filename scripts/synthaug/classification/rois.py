"""Lesion ROIs: crops at native resolution, and how they are brought to 64x64 px (paper section 2).

A crop is square, has the resolution of the image, and is centred on the lesion's bounding box. It is large enough for
every augmentation, so the original slice is sampled only once, from the crop to the 64x64 grid. The crop of a very
large ROI, such as a whole X-ray, is made smaller first, by the means of square blocks of pixels (see `reduction`), so
that the cost of its augmentations does not grow with the image.

Where an image's pixels are not square, lengths in native px are widths of a pixel, and ``aspect`` is its height over
its width. The crop keeps these pixels; the map to the 64x64 grid makes them square.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import ndimage

from synthaug.imaging import pixel_shapes

SIZE = 64  # px, side of a ROI; the networks of the paper take nothing else
INTERPOLATION_PX = 2  # px, reach of bicubic interpolation
FINEST = 12  # native px a pixel of the ROI, at most, that are kept as they are
KEPT = 4  # px of a reduced crop a pixel of the ROI, at least


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


def reduction(diameter_px: float, params: Params) -> int:
    """Return how many native px a crop's pixel is wide: 1, or an odd number for a ROI of `FINEST` times 64 px or more.

    The same of its height, if the diameter is given in heights of a pixel.

    It is odd because only an odd number of pixels has its centre where a crop of an odd number of pixels has it.
    """
    ratio = side_px(diameter_px, params.margin) / SIZE
    return 1 if ratio < FINEST else (int(ratio / KEPT) - 1) // 2 * 2 + 1


def share_beyond(
    shape: tuple[int, int], center_x: float, center_y: float, diameter_px: float, margin: float, aspect: float = 1.0
) -> float:
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
        min(center + length / 2, count - 0.5) - max(center - length / 2, -0.5)
        for center, count, length in ((center_y, shape[0], side / aspect), (center_x, shape[1], side))
    ]
    share = 1 - math.prod(inside) / (side**2 / aspect)
    return share if aspect == 1 else max(0.0, share)


def shares_beyond(cases: pd.DataFrame, margin: float) -> list[float]:
    """Return `share_beyond` of each row of ``cases.csv``, to four decimals."""
    return [
        round(
            share_beyond(
                (row.rows, row.columns),
                row.center_x_px,
                row.center_y_px,
                row.diameter_px,
                margin,
                pixel_shapes.aspect(row.spacing_y_mm, row.spacing_x_mm),
            ),
            4,
        )
        for row in cases.itertuples()
    ]


def crop(
    image: np.ndarray,
    center_x: float,
    center_y: float,
    diameter_px: float,
    params: Params,
    reach: Reach,
    black: float,
    aspect: float = 1.0,
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
    float32 (rows, columns), whose geometric centre is the lesion's centre. Its pixels are `reduction` native px wide.
    On each side it reaches sqrt(2) (d/2 + largest margin + largest translation) plus the reach of the interpolation;
    ``params.padding`` says what lies beyond the image's border.
    """
    reached = math.sqrt(2) * reach.px(diameter_px, params)
    cut = image
    for center, length in (
        (center_y, aspect),
        (center_x, 1.0),
    ):  # one axis after the other, so that nothing of the crop's full size is made
        wide = reduction(diameter_px / length, params)
        half = math.ceil(reached / length) + INTERPOLATION_PX * wide
        # Bounding-box centres lie on half pixels, so the crop has an even or an odd number of them, by axis.
        count = math.floor(center + half) - math.ceil(center - half) + 1
        more = next(more for more in range(wide) if (count + 2 * more) % wide == 0)
        places = np.arange(count + 2 * more) + math.ceil(center - half) - more
        cut = _along(cut, places, wide, params, black).T
    return np.ascontiguousarray(cut, dtype=np.float32)


def _along(image: np.ndarray, places: np.ndarray, wide: int, params: Params, black: float) -> np.ndarray:
    """Return the rows ``places`` of an image, also those beyond it, or the means of each ``wide`` of them."""
    place = _mirrored if params.padding == "reflect" else _nearest
    rows = image[place(places, len(image))]
    if params.padding == "constant":
        rows[(places < 0) | (places >= len(image))] = black
    return rows if wide == 1 else rows.reshape(-1, wide, rows.shape[1]).mean(axis=1)


def _nearest(indices: np.ndarray, length: int) -> np.ndarray:
    return np.clip(indices, 0, length - 1)


def _mirrored(indices: np.ndarray, length: int) -> np.ndarray:
    """Return where ``indices`` lie if a row of ``length`` px is mirrored at its first and last px, again and again."""
    period = max(1, 2 * (length - 1))
    return (length - 1) - np.abs(indices % period - (length - 1))


def lowpass(crop: np.ndarray, diameter_px: float, params: Params, aspect: float = 1.0) -> np.ndarray:
    """Filter a crop, float32 (rows, columns), so that the un-augmented ROI is reduced to 64 px without aliasing.

    The Gaussian has sigma = (ratio - 1) / 2 native px, scikit-image's rule for ``resize``. A crop that is enlarged
    instead stays as it is. What the means of a reduced crop have blurred already counts: variances add up.
    """
    sigmas = [_sigma(diameter_px / length, params) for length in (aspect, 1.0)]
    if not params.antialias or max(sigmas) <= 0:
        return crop
    return ndimage.gaussian_filter(crop, sigmas, mode="nearest")


def _sigma(diameter_px: float, params: Params) -> float:
    """Return the sigma of `lowpass` along one axis, in px of the crop, of a diameter in native px of this axis."""
    sigma = max(0.0, (side_px(diameter_px, params.margin) / SIZE - 1) / 2)
    if (wide := reduction(diameter_px, params)) > 1:
        sigma = math.sqrt(sigma**2 - (wide**2 - 1) / 12) / wide
    return sigma
