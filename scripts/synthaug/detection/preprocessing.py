"""From slices as they were read to those that the networks see: the organ alone, cropped, resized, in gray values."""

from dataclasses import dataclass

import numpy as np

from synthaug.detection import crops
from synthaug.detection.crops import Crop
from synthaug.imaging import intensity


@dataclass(frozen=True)
class Params:
    """What slices there are, and how they are made.

    Attributes
    ----------
    classes
        Of the boxes.
    side
        px, of the slices: a power of two.
    intensity
        The values that become black and white, see `imaging.intensity.limits`; percentiles are those of the organ on
        all slices of a stack.
    organ
        See `organ_masks`: what is not it becomes black, except by ``none``.
    crop
        See `crops.of`.
    empty_slices
        Slices without lesion that each patient's volumes give besides those of the case table.
    """

    classes: list[str]
    side: int
    intensity: dict
    organ: str
    crop: str
    empty_slices: int


@dataclass(frozen=True)
class Prepared:
    """A stack as the networks see it.

    Attributes
    ----------
    images
        uint8 (n, side, side).
    crop
        Of all its slices.
    kept_px
        How many pixels of each image show the organ, int (n,).
    """

    images: np.ndarray
    crop: Crop
    kept_px: np.ndarray


def prepare(slices: np.ndarray, organ: np.ndarray, params: Params, aspect: float = 1.0) -> Prepared:
    """Prepare the slices of one volume, or of one patient's pictures of one size.

    Parameters
    ----------
    slices
        float32 (n, rows, columns), HU or source units.
    organ
        Where they show the organ, see `organ_masks.of_stack`: bool (n, rows, columns).
    aspect
        Height of their pixels over their width.

    Raises
    ------
    InputError
        If ``params.intensity`` are percentiles and the organ has no contrast.
    """
    low, high = intensity.limits(slices[organ] if organ.any() else slices, params.intensity)
    crop = crops.of(organ.any(axis=0), params.crop, aspect)
    images, kept = [], []
    for image, mask in zip(slices, organ, strict=True):
        shown = image if params.organ == "none" else np.where(mask, image, np.float32(low))
        gray = intensity.unit(crop.resized(shown, params.side, low), low, high)
        images.append(np.rint(gray * 255).astype(np.uint8))
        kept.append(np.count_nonzero(crop.resized(mask.astype(np.float32), params.side, 0) > 0.5))
    return Prepared(np.stack(images), crop, np.array(kept))


def share_left(box: np.ndarray, organ: np.ndarray, crop: Crop, side: int, removed: bool) -> float:
    """Return how much of a box is left after the preprocessing.

    Parameters
    ----------
    box
        float (4,), px of the slice before it.
    organ
        Where the slice shows the organ, bool (rows, columns).
    removed
        Whether everything but the organ was made black.

    Returns
    -------
    The share of its area that lies within the crop, or, if it is smaller, of its pixels that show the organ: 0 to 1.
    """
    x0, y0, x1, y1 = crop.moved(box, side)[0]
    width, height = (max(0.0, min(end, side) - max(start, 0.0)) for start, end in ((x0, x1), (y0, y1)))
    within = width * height / ((x1 - x0) * (y1 - y0))
    if not removed:
        return float(within)
    start = np.floor(box[:2]).astype(int)
    end = np.maximum(np.ceil(box[2:]).astype(int), start + 1)
    return float(min(within, organ[start[1] : end[1], start[0] : end[0]].mean()))
