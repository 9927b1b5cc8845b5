"""Images with masks beside them (``x.png``, ``x_mask.png``, ``x_mask_1.png``), or of equal names in other folders."""

import re
from collections import defaultdict
from pathlib import Path, PurePosixPath

from synthaug.cohort import annotations
from synthaug.cohort.formats import patients
from synthaug.cohort.formats.found import Found, Row
from synthaug.cohort.formats.source import Source, stem
from synthaug.errors import InputError
from synthaug.imaging import volumes

MASK = re.compile(r"(?P<image>.+?)[_-](?:mask|seg|segmentation|groundtruth|gt)(?:[_-]?\d+)?", re.IGNORECASE)
FOLDERS = {"images", "image", "imgs", "img", "masks", "mask", "labels", "label", "segmentations", "gt"}
OF_MASKS = FOLDERS - {"images", "image", "imgs", "img"}
MOST = 20  # labels of one mask; one with more was smoothed


def recognised(source: Source) -> bool:
    """Return whether images have masks by their names or folders."""
    return source.file is None and bool(_masks(source))


def read(source: Source) -> Found:
    """Return a row for each mask, and for each of its labels if it has several; images with no or empty ones have none.

    The class is the name of the first folder that is not one of `FOLDERS`.

    Raises
    ------
    InputError
        If images lie in no such folder and no class is given, a mask has no image, or cannot be read.
    """
    masks = _masks(source)
    of_masks = {path for paths in masks.values() for path in paths}
    images = [path for path in source.images if path not in of_masks]
    keys = {_key(source, path, stem(path)) for path in images}
    found, without = Found(), []
    for lost in [paths[0] for key, paths in masks.items() if key not in keys]:
        found.refused.append(f"{lost}: expected an image of this mask, found none; name it likewise")
    _check_classes(source, images)
    if not source.options.patients:  # known by now, before hundreds of masks are read
        classes = {folder for path in images for folder in _folders(source, path)}
        raise patients.without_rule([source.inner(path) for path in images], classes)
    for path in images:
        rows, before = [], len(found.refused)
        for mask in masks.get(_key(source, path, stem(path)), []):
            with found.each():
                rows += _rows(source, path, mask)
        if not rows and len(found.refused) == before:
            without.append(source.inner(path))
        found.rows += rows or [Row(path)]
    found.note(without, "images have no mask or an empty one: nothing is on them")
    return found


def _masks(source: Source) -> dict[tuple[str, str], list[Path]]:
    """Return the masks of each image, by `_key`."""
    found = defaultdict(list)
    stems = {(path.parent, stem(path)) for path in source.images}
    for path in source.images:
        named = MASK.fullmatch(stem(path))
        if named and (path.parent, named["image"]) in stems:
            found[_key(source, path, named["image"])].append(path)
        elif OF_MASKS & {part.lower() for part in PurePosixPath(source.inner(path)).parts[:-1]}:
            found[_key(source, path, named["image"] if named else stem(path))].append(path)
    return found


def _key(source: Source, path: Path, name: str) -> tuple[str, str]:
    """Return what an image and its masks share: the folders but `FOLDERS`, and the name."""
    return "/".join(_folders(source, path)), name


def _folders(source: Source, path: Path) -> list[str]:
    return [part for part in PurePosixPath(source.inner(path)).parts[:-1] if part.lower() not in FOLDERS]


def _check_classes(source: Source, images: list[Path]) -> None:
    """Refuse images that lie in no folder of a class, if no class is given for all."""
    lone = [] if source.options.only_class else [path for path in images if not _folders(source, path)]
    if lone:
        raise InputError(
            f"{lone[0]}: expected it in the folder of its class, found it in none; move it, or give CLASS= "
            f"({len(lone)} images)"
        )


def _rows(source: Source, image: Path, mask: Path) -> list[Row]:
    cls = source.options.only_class or next(iter(_folders(source, image)), "")
    labels = annotations.read_labels(mask, volumes.open_image(image).geometry)
    if len(labels.names) > MOST:
        raise InputError(
            f"{mask}: expected at most {MOST} labels, found {len(labels.names)}: smoothed, or a JPEG; export it again"
        )
    if len(labels.names) < 2:
        return [Row(image, cls, mask)] * len(labels.names)
    return [Row(image, cls, mask, name or f"{value:g}") for value, name in labels.names.items()]
