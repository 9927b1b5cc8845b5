"""The arm ``paste``: lesions of training patients, pasted into other training slices.

The cheapest way to a new slice with a box. Only boxes are known, not outlines, so what is pasted is the ellipse inside
a box, which fades out towards its border. Each slice gets one lesion of another one, mirrored or not, at a place drawn
from all where it fits: on tissue, and beside the slice's own boxes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from synthaug import seeding
from synthaug.detection import box_lists, boxes
from synthaug.imaging import free_places

REFERENCE_SIDE = 256


@dataclass(frozen=True, kw_only=True)
class Params:
    """How lesions are pasted.

    Attributes
    ----------
    border
        Share of the way from the border of the ellipse to its centre in which the lesion fades out, above 0, to 1.
    tissue
        The least and the largest gray value of tissue, 0 to 255: below lie air and water, above lies bone in CT.
    smallest_px
        Areas of other gray values get no lesion if they have so many px of a slice of 256 x 256; smaller ones are noise
        within tissue.
    donors
        How many lesions of other slices are tried for one that fits.
    """

    border: float
    tissue: list[int]
    smallest_px: int
    donors: int


@dataclass(frozen=True)
class Patch:
    """One lesion, cut out.

    Attributes
    ----------
    image
        uint8 (rows, columns).
    weights
        float (rows, columns): the share of this image in what is pasted, from 0 to 1.
    box
        float64 (4,): where the lesion's box lies on the patch.
    """

    image: np.ndarray
    weights: np.ndarray
    box: np.ndarray


def lesions(given: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the boxes that can be pasted: those that overlap no other one of their slice, with a pixel in the ellipse.

    Parameters
    ----------
    given, labels
        float (n, k, 4) and int (n, k), see `box_lists`.

    Returns
    -------
    int64 (m, 2): row and place of each.
    """
    found = []
    for row, place in np.argwhere(labels > box_lists.EMPTY):
        others = (labels[row] != box_lists.EMPTY) & (np.arange(labels.shape[1]) != place)
        shows = (_radius(given[row, place]) < 1).any()
        if shows and not boxes.iou(given[row, place], given[row, others]).any():
            found.append((row, place))
    return np.array(found, np.int64).reshape(-1, 2)


def write(
    images: np.ndarray,
    given: np.ndarray,
    labels: np.ndarray,
    ids: Sequence[str],
    params: Params,
    names: Iterable[str | int],
    master_seed: int,
    into: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Write each slice with its pasted lesion into an array.

    Parameters
    ----------
    images
        uint8 (n, side, side).
    given, labels
        Their boxes, float (n, k, 4) and int (n, k), see `box_lists`.
    ids
        Of the slices.
    names
        Of the random streams; the id of the slice is added.
    into
        uint8 (n, side, side).

    Returns
    -------
    tuple
        Box and label of each pasted lesion, float32 (n, 1, 4) and int64 (n, 1), and the row of the slice that it comes
        from, int64 (n,). Empty, and -1, where none fitted, and the slice is repeated as it is.
    """
    possible = lesions(given, labels)
    new_boxes, new_labels = np.zeros((len(images), 1, 4), np.float32), np.full((len(images), 1), box_lists.EMPTY)
    origins = np.full(len(images), -1)
    for row, name in enumerate(ids):
        random = seeding.stream(master_seed, *names, name)
        others = random.permutation(possible[possible[:, 0] != row])[: params.donors]
        mirrored, where = random.random((2, len(others)))
        into[row] = images[row]
        free = _Free(images[row], given[row, labels[row] != box_lists.EMPTY], params)
        for (donor, place), flip, share in zip(others, mirrored < 0.5, where, strict=True):
            patch = cut_out(images[donor], given[donor, place], flip, params.border)
            corners = free.corners(patch)
            if len(corners):
                new_boxes[row, 0] = _paste(patch, corners[int(share * len(corners))], into[row])
                new_labels[row, 0], origins[row] = labels[donor, place], donor
                break
    return new_boxes, new_labels, origins


def cut_out(image: np.ndarray, box: np.ndarray, mirrored: bool, border: float) -> Patch:
    """Cut the ellipse inside a box, float (4,), out of a slice, uint8 (side, side)."""
    x0, y0, x1, y1 = _pixels(box)
    inside = box.astype(np.float64) - [x0, y0, x0, y0]
    patch = image[y0:y1, x0:x1], np.clip((1 - _radius(box)) / border, 0, 1)
    if mirrored:
        patch = tuple(array[:, ::-1] for array in patch)
        inside[[0, 2]] = x1 - x0 - inside[[2, 0]]
    return Patch(*patch, inside)


def _pixels(box: np.ndarray) -> tuple[int, int, int, int]:
    """Return the bounds of the pixels that a box touches: x0, y0, x1, y1."""
    return *np.floor(box[:2]).astype(int), *np.ceil(box[2:]).astype(int)


def _radius(box: np.ndarray) -> np.ndarray:
    """Return how far from its middle each pixel of a box is, float64 (rows, columns); 1 on the ellipse."""
    x0, y0, x1, y1 = _pixels(box)
    corners = box.astype(np.float64)
    half, middle = (corners[2:] - corners[:2]) / 2, (corners[2:] + corners[:2]) / 2
    across, down = (
        (np.arange(*ends) + 0.5 - middle[axis]) / half[axis] for axis, ends in enumerate(((x0, x1), (y0, y1)))
    )
    return np.hypot(across, down[:, None])


class _Free:
    """Where there is room on a slice with some boxes, (k, 4)."""

    def __init__(self, image: np.ndarray, given: np.ndarray, params: Params):
        smallest = params.smallest_px * image.size / REFERENCE_SIDE**2
        self.other = free_places.other_than_tissue(image, params.tissue, smallest)
        self.boxed = boxes.box_mask(given, len(image)) > 0

    def corners(self, patch: Patch) -> np.ndarray:
        """Return the rows and columns, int (m, 2), at which the upper left corner of ``patch`` may lie."""
        whole = np.ones(patch.weights.shape, bool)
        fit = free_places.fits(self.other, patch.weights > 0) & free_places.fits(self.boxed, whole)
        return np.argwhere(fit)


def _paste(patch: Patch, corner: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Paste into ``image`` and return the box of the lesion there."""
    (rows, columns), (top, left) = patch.weights.shape, corner
    part = np.s_[top : top + rows, left : left + columns]
    image[part] = np.rint(patch.weights * patch.image + (1 - patch.weights) * image[part])
    return patch.box + np.array([left, top, left, top])
