"""Do synthetic slices show lesions where their boxes are? How much brighter it is in boxes than in the mirrored places.

The two halves of a head are alike, so a place and its mirror image differ by the lesion. What a box adds is measured in
real slices too, and in synthetic ones with the boxes of others: if boxes did not matter, that would change nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthaug.detection.boxes import box_mask, clip, iou
from synthaug.evaluation import resampling

RESAMPLES = 500  # of an interval
COLUMNS = ["images", "slices", "boxes", "compared", "contrast", "low", "high", "brighter"]


@dataclass(frozen=True)
class ContrastSlices:
    """Slices with boxes.

    Attributes
    ----------
    images : (n, side, side) uint8 array
    boxes
        Of each, float (k, 4), k of 0 or more.
    units : (n,) str array
        What varies independently and is resampled: the patient of a real slice, a synthetic slice itself.
    """

    images: np.ndarray
    boxes: Sequence[np.ndarray]
    units: np.ndarray


def exchanged(slices: ContrastSlices) -> ContrastSlices:
    """Return the slices, each with the boxes of the one before."""
    return ContrastSlices(
        slices.images, [slices.boxes[number - 1] for number in range(len(slices.boxes))], slices.units
    )


def row(name: str, slices: ContrastSlices, confidence: float, random: np.random.Generator) -> dict[str, object]:
    """Return the contrast in the boxes of slices, with `COLUMNS`.

    ``contrast``: the mean over the boxes, in gray levels, with its interval of ``confidence``; ``brighter``: the share
    of the boxes that are brighter than their mirrored places. ``compared`` of the ``boxes`` are counted, see
    `contrasts`. All are missing where none is.
    """
    by_slice = [contrasts(image, boxes) for image, boxes in zip(slices.images, slices.boxes, strict=True)]
    values = np.concatenate([np.empty(0), *by_slice])
    counts = {"images": name, "slices": len(slices.images), "boxes": sum(map(len, slices.boxes))}
    if not len(values):
        return counts | {"compared": 0} | dict.fromkeys(COLUMNS[4:], np.nan)
    units = np.repeat(slices.units, list(map(len, by_slice)))
    weights = resampling.patient_weights(units, RESAMPLES, random)
    means = weights @ values / weights.sum(axis=1)
    low, high = resampling.interval(means[1:], confidence)
    measured = {"contrast": means[0], "low": low, "high": high, "brighter": float((values > 0).mean())}
    return counts | {"compared": len(values)} | measured


def contrasts(image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return how much brighter it is in each box than in its mirrored place, in gray levels.

    A box is left out where its mirrored place leaves the slice, or is in a box too, as where the box lies across the
    middle.

    Parameters
    ----------
    image
        uint8 (side, side).
    boxes
        float (k, 4), in px.

    Returns
    -------
    float64 (m,), m of k or fewer
    """
    side = len(image)
    mirrored = boxes.copy()
    mirrored[:, [0, 2]] = 2 * middle(image) - boxes[:, [2, 0]]
    inside = (clip(mirrored, side) == mirrored).all(axis=1)
    free = (iou(mirrored, boxes) == 0).all(axis=1) if len(boxes) else inside
    pairs = zip(boxes[inside & free], mirrored[inside & free], strict=True)
    return np.array([mean(image, box) - mean(image, other) for box, other in pairs])


def middle(image: np.ndarray) -> float:
    """Return the x, in px, about which the left and the right half are mirrored.

    The centre of gravity of the pixels that are brighter than the mean: of the head on a dark ground.
    """
    columns = (image > image.mean()).sum(axis=0)
    total = columns.sum()
    return float(columns @ (np.arange(len(image)) + 0.5) / total) if total else len(image) / 2


def mean(image: np.ndarray, box: np.ndarray) -> float:
    """Return the mean gray value in a box; pixels at its border count by the share that lies in it."""
    mask = box_mask(box, len(image))
    return float((image * mask).sum() / mask.sum())
