"""Which pixels of a patient's slices show the organ, so that everything else can be made black or cut off.

- ``none``: everything but air counts: values above a tenth of the way from the 2nd to the 98th percentile of the stack,
  the threshold that BET starts with (Smith, Hum Brain Mapp 2002). Of images that show the organ alone, this is it.
- ``morphology``, for heads: in each slice by itself, what is brighter than 0.85 of Otsu's threshold and lies deeper in
  the head than its skin, opened by a disc so that thin bridges break; of its parts the one that is large and deep,
  closed by a disc, and its holes filled. It needs nothing but the slice. Where there is more face than brain it may
  take the face: a first approximation.
- ``deepbet``: a network for brains (Fisch et al., Med Image Anal 2024), see `deepbet_masks`.

The last two know shapes, so they look at square pixels: slices of others are resampled, and the masks brought back.
"""

import numpy as np
from scipy import ndimage
from skimage import filters, transform

from synthaug.detection import deepbet_masks

ORGANS = ("none", "morphology", "deepbet")
AIR = 0.1  # of the way from the 2nd to the 98th percentile
OTSU = 0.85  # of Otsu's threshold: gray matter may be little brighter than what lies around it
SKIN, OPENING, CLOSING = 0.03, 1 / 48, 1 / 32  # thickness, and radius of the discs, over the longer side of the slice


def of_stack(slices: np.ndarray, organ: str, aspect: float = 1.0) -> np.ndarray:
    """Return where the slices of one volume, or of one patient's pictures, show the organ.

    Parameters
    ----------
    slices
        float32 (n, rows, columns), in order from the feet to the head.
    organ
        One of `ORGANS`.
    aspect
        Height of their pixels over their width.

    Returns
    -------
    bool (n, rows, columns).

    Raises
    ------
    InputError
        If ``organ`` is ``deepbet`` and it is not installed, or finds no brain.
    """
    if organ == "none":
        return _above_air(slices)
    squared = slices if aspect == 1 else _with_square_pixels(slices, aspect)
    found = deepbet_masks.of_volume(squared) if organ == "deepbet" else np.stack([of_slice(each) for each in squared])
    return found if aspect == 1 else _nearest(found, slices.shape[1:])


def of_slice(image: np.ndarray) -> np.ndarray:
    """Return the organ on one slice, float (rows, columns), by thresholds and morphology: bool (rows, columns)."""
    if image.min() == image.max():
        return np.zeros(image.shape, bool)
    longer = max(image.shape)
    depth = ndimage.distance_transform_edt(ndimage.binary_fill_holes(_above_air(image)))
    bright = image > image.min() + OTSU * (filters.threshold_otsu(image) - image.min())
    opened = _near(_far(bright & (depth > SKIN * longer), OPENING * longer), OPENING * longer)
    parts, count = ndimage.label(opened)
    if not count:
        return opened
    innermost = parts == 1 + np.argmax(ndimage.sum_labels(depth, parts, np.arange(1, count + 1)))
    room = int(np.ceil(CLOSING * longer)) + 1
    closed = _far(_near(np.pad(innermost, room), CLOSING * longer), CLOSING * longer)
    return ndimage.binary_fill_holes(closed[room:-room, room:-room])


def _with_square_pixels(slices: np.ndarray, aspect: float) -> np.ndarray:
    """Return slices (n, rows, columns) with pixels as long as the shorter side of theirs; sampling is linear."""
    _, rows, columns = slices.shape
    shape = (max(1, round(rows * max(1.0, aspect))), max(1, round(columns * max(1.0, 1 / aspect))))
    sampled = [transform.resize(each, shape, 1, "edge", preserve_range=True, anti_aliasing=False) for each in slices]
    return np.stack(sampled).astype(slices.dtype)


def _nearest(masks: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return masks, bool (n, rows, columns), on the grid of as many rows and columns as ``shape`` of the same field."""
    rows, columns = (
        np.minimum(((np.arange(few) + 0.5) * many / few).astype(int), many - 1)
        for few, many in zip(shape, masks.shape[1:], strict=True)
    )
    return np.ascontiguousarray(masks[:, rows[:, None], columns])


def _above_air(values: np.ndarray) -> np.ndarray:
    """Return which of the values, of one slice or of a stack, are no air: bool of the same shape."""
    low, high = np.percentile(values, [2, 98])
    return values > low + AIR * (high - low)


def _near(mask: np.ndarray, radius: float) -> np.ndarray:
    """Return the pixels within ``radius`` px of the mask: a dilation by a disc."""
    return ndimage.distance_transform_edt(~mask) <= radius if mask.any() else mask


def _far(mask: np.ndarray, radius: float) -> np.ndarray:
    """Return the pixels of the mask further than ``radius`` px from what is not: an erosion by a disc."""
    return ndimage.distance_transform_edt(mask) > radius if not mask.all() else mask
