"""The arm ``paste``: lesions of training patients, pasted into other training slices.

The cheapest way to a new pair of image and mask. Each slice gets one lesion of another one, mirrored or not, at a place
drawn from all where it fits: inside the slice, on tissue, beside the slice's own lesions, not far from where it was.
Around the lesion the slice that it comes from fades into the other one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from synthaug import seeding
from synthaug.imaging import free_places

REFERENCE_SIDE = 256
EIGHT_NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True, kw_only=True)
class Params:
    """How lesions are pasted.

    Attributes
    ----------
    border_px
        Width of the rim in which a pasted lesion fades out, px of a slice of 256 x 256.
    reach_px
        How far a lesion may be moved from its own, perhaps mirrored, place, px of a slice of 256 x 256.
    tissue
        The least and the largest gray value of tissue, 0 to 255: below lie air and water, above lies bone in CT.
    smallest_px
        Areas of other gray values get no lesion if they have so many px of a slice of 256 x 256; smaller ones are noise
        within tissue.
    donors
        How many other slices are tried for a lesion that fits.
    """

    border_px: float
    reach_px: float
    tissue: list[int]
    smallest_px: int
    donors: int


@dataclass(frozen=True)
class Draw:
    """What was drawn for one slice: the donors to try, one after the other, and for each of them three numbers.

    Attributes
    ----------
    donors
        Row numbers of slices with a lesion.
    lesions, places
        float (donors,), from 0 to 1: which of a donor's lesions, and which of the places where it fits.
    mirrored
        bool (donors,).
    """

    donors: np.ndarray
    lesions: np.ndarray
    places: np.ndarray
    mirrored: np.ndarray


@dataclass(frozen=True)
class Patch:
    """One lesion with its rim, cut out.

    Attributes
    ----------
    image, labels
        uint8 (rows, columns) each.
    weights
        float (rows, columns): the share of this image in what is pasted, from 0 to 1.
    corner
        Row and column of its first pixel in the slice, or in the mirrored one.
    """

    image: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    corner: tuple[int, int]


def draw(
    slices: Sequence[str], with_lesion: np.ndarray, params: Params, names: Iterable[str | int], master_seed: int
) -> list[Draw]:
    """Draw for each of the ``slices``, given by their ids, what is pasted into it.

    Parameters
    ----------
    with_lesion
        bool (n,): the slices that have a lesion.
    names
        Of the random streams; the id of the slice is added.
    """
    drawn, possible = [], np.flatnonzero(with_lesion)
    for row, name in enumerate(slices):
        random = seeding.stream(master_seed, *names, name)
        donors = random.permutation(possible[possible != row])[: params.donors]
        lesions, places, mirrored = random.random((3, len(donors)))
        drawn.append(Draw(donors, lesions, places, mirrored < 0.5))
    return drawn


def write(
    images: np.ndarray,
    labels: np.ndarray,
    drawn: Sequence[Draw],
    params: Params,
    into: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Write each slice with its pasted lesion into two arrays of the same shape.

    Parameters
    ----------
    images, labels
        uint8 (n, side, side) each.

    Returns
    -------
    numpy.ndarray
        int64 (n,): the row of the slice that the lesion comes from; -1 where none fitted, and the slice is repeated as
        it is.
    """
    origins = np.full(len(images), -1)
    for row, what in enumerate(drawn):
        pasted = labels[row].copy(), images[row].copy()
        smallest = params.smallest_px * images[row].size / REFERENCE_SIDE**2
        taken = free_places.other_than_tissue(images[row], params.tissue, smallest) | (labels[row] > 0)
        reach = _scaled(params.reach_px, images[row])
        for donor, lesion, place, mirrored in zip(what.donors, what.lesions, what.places, what.mirrored, strict=True):
            patch = cut_out(images[donor], labels[donor], lesion, mirrored, params)
            corners = np.argwhere(free_places.fits(taken, patch.weights > 0))
            corners = corners[np.hypot(*(corners - patch.corner).T) <= reach]
            if len(corners):
                _paste(patch, corners[int(place * len(corners))], *pasted)
                origins[row] = donor
                break
        into[1][row], into[0][row] = pasted
    return origins


def cut_out(image: np.ndarray, labels: np.ndarray, which: float, mirrored: bool, params: Params) -> Patch:
    """Cut out one lesion (touching pixels of any class) of a slice with its rim.

    Parameters
    ----------
    image, labels
        uint8 (side, side) each.
    which
        From 0 to 1: place in the list of the lesions.
    """
    lesions, count = ndimage.label(labels > 0, EIGHT_NEIGHBOURS)
    chosen = lesions == 1 + int(which * count)
    border = _scaled(params.border_px, image)
    weights = np.clip(1 - ndimage.distance_transform_edt(~chosen) / (border + 1), 0, 1)
    weights[(labels > 0) & ~chosen] = 0  # nothing of another lesion, which would have no label
    rows, columns = (np.flatnonzero(weights.any(axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    arrays = [array[box] for array in (image, np.where(chosen, labels, 0), weights)]
    if mirrored:
        return Patch(*(array[:, ::-1] for array in arrays), (rows[0], image.shape[1] - 1 - columns[-1]))
    return Patch(*arrays, (rows[0], columns[0]))


def _scaled(length_px: float, image: np.ndarray) -> float:
    return length_px * len(image) / REFERENCE_SIDE


def _paste(patch: Patch, corner: np.ndarray, labels: np.ndarray, image: np.ndarray) -> None:
    rows, columns = patch.weights.shape
    box = np.s_[corner[0] : corner[0] + rows, corner[1] : corner[1] + columns]
    image[box] = np.rint(patch.weights * patch.image + (1 - patch.weights) * image[box])
    labels[box] = np.where(patch.labels > 0, patch.labels, labels[box])
