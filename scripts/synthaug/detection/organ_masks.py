"""Which pixels of a patient's slices show the organ, so that everything else can be made black or cut off.

- ``none``: everything but air counts: values above a tenth of the way from the 2nd to the 98th percentile of the stack,
  the threshold that BET starts with (Smith, Hum Brain Mapp 2002). Of images that show the organ alone, this is it.
- ``morphology``: in each slice by itself, what is brighter than 0.85 of Otsu's threshold, opened by a disc so that
  thin bridges break, the largest part of it, closed by a disc, and its holes filled. It needs nothing but the slice.
  Where there is more face than brain, it takes the face: a first approximation.
- ``deepbet``: a network for brains (Fisch et al., Med Image Anal 2024), see `deepbet_masks`.
"""

import numpy as np
from scipy import ndimage
from skimage import filters

from synthaug.detection import deepbet_masks

ORGANS = ("none", "morphology", "deepbet")
AIR = 0.1  # of the way from the 2nd to the 98th percentile
OTSU = 0.85  # of Otsu's threshold: gray matter may be little brighter than what lies around it
OPENING, CLOSING = 1 / 48, 1 / 32  # radius of the discs over the longer side of the slice


def of_stack(slices: np.ndarray, organ: str) -> np.ndarray:
    """Return where the slices of one volume, or of one patient's pictures, show the organ.

    Parameters
    ----------
    slices
        float32 (n, rows, columns), in order from the feet to the head.
    organ
        One of `ORGANS`.

    Returns
    -------
    bool (n, rows, columns).

    Raises
    ------
    InputError
        If ``organ`` is ``deepbet`` and it is not installed, or finds no brain.
    """
    if organ == "deepbet":
        return deepbet_masks.of_volume(slices)
    if organ == "morphology":
        return np.stack([of_slice(each) for each in slices])
    low, high = np.percentile(slices, [2, 98])
    return slices > low + AIR * (high - low)


def of_slice(image: np.ndarray) -> np.ndarray:
    """Return the organ on one slice, float (rows, columns), by thresholds and morphology: bool (rows, columns)."""
    if image.min() == image.max():
        return np.zeros(image.shape, bool)
    longer = max(image.shape)
    bright = image > image.min() + OTSU * (filters.threshold_otsu(image) - image.min())
    opened = _near(_far(bright, OPENING * longer), OPENING * longer)
    parts, count = ndimage.label(opened)
    if not count:
        return opened
    largest = parts == 1 + np.bincount(parts.ravel())[1:].argmax()
    room = int(np.ceil(CLOSING * longer)) + 1
    closed = _far(_near(np.pad(largest, room), CLOSING * longer), CLOSING * longer)
    return ndimage.binary_fill_holes(closed[room:-room, room:-room])


def _near(mask: np.ndarray, radius: float) -> np.ndarray:
    """Return the pixels within ``radius`` px of the mask: a dilation by a disc."""
    return ndimage.distance_transform_edt(~mask) <= radius if mask.any() else mask


def _far(mask: np.ndarray, radius: float) -> np.ndarray:
    """Return the pixels of the mask further than ``radius`` px from what is not: an erosion by a disc."""
    return ndimage.distance_transform_edt(mask) > radius if not mask.all() else mask
