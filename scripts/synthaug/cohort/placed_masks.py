"""Mask volumes on another grid than their image's, brought onto it by where their voxels lie in the patient.

A mask that covers another part of the patient on the same grid, as Slicer exports a cropped one, is placed without any
change of its values. Anything else is resampled to the nearest voxel, where the config allows that.
"""

import logging
from pathlib import Path

import numpy as np
from scipy import ndimage

from synthaug.cohort.mask_labels import Labels
from synthaug.errors import InputError
from synthaug.imaging import volumes

UNIT = np.vstack([np.zeros(3), np.eye(3)])  # the first voxel of a grid, and its neighbours along z, y and x

log = logging.getLogger(__name__)


def check(path: Path, mask: volumes.Geometry, image: volumes.Geometry, resample: bool) -> None:
    """Check that a mask can be brought from its grid, ``mask``, onto that of its image.

    Parameters
    ----------
    resample
        Whether it may be resampled.

    Raises
    ------
    InputError
        If one of them is a 2-D picture, both say that they are of different frames of reference, they do not overlap,
        or the mask would have to be resampled and must not be.
    """
    _check_frames(path, mask, image)
    if not resample and _start(mask, image) is None:
        raise InputError(
            f"{path}: mask and image do not match: {image.difference(mask)}; export the mask on the image's grid, or "
            "set cases: resample_masks: true in the config, if its place in the patient is right"
        )


def moved(path: Path, labels: Labels, mask: volumes.Geometry, image: volumes.Geometry) -> Labels:
    """Return the labels of a mask that was checked, on the grid of its image.

    Parameters
    ----------
    labels
        On the grid ``mask``. One that reaches beyond the image is refused when it is drawn.
    """
    start = _start(mask, image)
    how = "resampled, to the nearest voxel" if start is None else "placed on it voxel by voxel"
    log.warning("%s: of another grid than its image: %s", path.name, how)

    def lesion(label: float) -> np.ndarray:
        drawn = labels.lesion(label)
        _check_within(f"{path}, label {label:g}", drawn, mask, image)
        return _resampled(drawn, mask, image) if start is None else _pasted(drawn, start, image.size)

    return Labels(labels.names, lesion)


def _check_frames(path: Path, mask: volumes.Geometry, image: volumes.Geometry) -> None:
    """Refuse a mask that cannot lie where the image lies."""
    if not (mask.placed and image.placed):
        raise InputError(
            f"{path}: mask and image do not match: {image.difference(mask)}; export the mask on the image's grid"
        )
    frames = mask.frame_of_reference, image.frame_of_reference
    if all(frames) and frames[0] != frames[1]:
        raise InputError(
            f"{path}: expected the image's frame of reference {frames[1]}, found {frames[0]}: the positions have "
            "nothing to do with each other; name the mask drawn on this series"
        )
    corners = image.indices(mask.corners())
    if (corners.max(axis=0) < -0.5).any() or (corners.min(axis=0) > np.array(image.size) - 0.5).any():
        raise InputError(
            f"{path}: mask and image do not match: expected a mask within the image, found one that lies beside it, at "
            f"{mask.placement()}; export the mask on the image's grid"
        )


def _start(mask: volumes.Geometry, image: volumes.Geometry) -> np.ndarray | None:
    """Return the voxel of the image, int (z, y, x), on which the mask's first lies, if all lie on voxels; else None.

    None also of one with as many voxels elsewhere, which whoever reads arrays alone would take for the image's grid.
    """
    if mask.size == image.size:
        return None
    found = image.indices(mask.corners())
    start = np.rint(found[0]).astype(int)
    steps = np.array(list(np.ndindex(2, 2, 2))) * (np.array(mask.size) - 1)
    return start if np.abs(found - start - steps).max() <= volumes.MATCH else None


def _check_within(where: str, drawn: np.ndarray, mask: volumes.Geometry, image: volumes.Geometry) -> None:
    """Refuse a lesion, bool (z, y, x) on the mask's grid, a part of which lies beyond the image."""
    voxels = image.indices(mask.points(np.argwhere(drawn)))
    beyond = ((voxels < -0.5 - volumes.MATCH) | (voxels > np.array(image.size) - 0.5 + volumes.MATCH)).any(axis=1)
    if beyond.any():
        raise InputError(
            f"{where}: expected a lesion within the image, found {int(beyond.sum())} of its {len(voxels)} voxels "
            "beyond it; name the image it was drawn on"
        )


def _pasted(drawn: np.ndarray, start: np.ndarray, size: tuple[int, int, int]) -> np.ndarray:
    """Return a mask, bool (z, y, x), on a grid of ``size``, its first voxel at ``start``."""
    lesion = np.zeros(size, dtype=bool)
    first, end = np.maximum(start, 0), np.minimum(start + drawn.shape, size)
    here, there = (tuple(map(slice, first - at, end - at)) for at in (np.zeros(3, int), start))
    lesion[here] = drawn[there]
    return lesion


def _resampled(drawn: np.ndarray, mask: volumes.Geometry, image: volumes.Geometry) -> np.ndarray:
    """Return a mask, bool (z, y, x), on the image's grid: each voxel is that of the mask which lies nearest."""
    first, *neighbours = mask.indices(image.points(UNIT))
    steps = (np.array(neighbours) - first).T
    found = ndimage.affine_transform(
        drawn.astype(np.uint8), steps, first, output_shape=image.size, order=0, mode="grid-constant"
    )
    return found.astype(bool)
