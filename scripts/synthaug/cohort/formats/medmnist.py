"""MedMNIST: pictures and numbered classes in one ``.npz``."""

import zipfile
from functools import partial

import numpy as np

from synthaug.cohort.formats.found import Drawn, Found, Row
from synthaug.cohort.formats.source import Source
from synthaug.errors import InputError

PARTS = ("train", "val", "test")


def recognised(source: Source) -> bool:
    """Return whether there is one ``.npz`` with pictures and labels."""
    paths = source.files(".npz")
    return len(paths) == 1 and "train_images" in _contents(paths[0])


def read(source: Source) -> Found:
    """Return a row for each picture, which is to be written.

    Raises
    ------
    InputError
        If the pictures are volumes or in colours, or have several labels each.
    """
    path = source.files(".npz")[0]
    content = _contents(path)
    names = source.options.names
    found = Found(whole=True)
    for part in PARTS:
        if f"{part}_images" not in content:
            continue
        images, labels = content[f"{part}_images"], content[f"{part}_labels"]
        if images.ndim != 3 or images.dtype != np.uint8:
            raise InputError(
                f"{path}: expected gray pictures, uint8 (n, rows, columns), found {images.dtype} {images.shape}; "
                "volumes and colours are not read"
            )
        if labels.size != len(images):
            raise InputError(
                f"{path}: expected one label a picture, found {labels.size} of {len(images)}; several are not read"
            )
        for number, label in enumerate(labels.ravel().tolist()):
            if names and not 0 <= label < len(names):
                raise InputError(f"{path}: expected {len(names)} classes as NAMES says, found number {label}; name it")
            drawn = Drawn(f"{part}_{number:05d}", partial(images.__getitem__, number))
            found.rows.append(Row(drawn, names[label] if names else f"class{label}"))
    found.notes.append(f"the {len(found.rows)} pictures are written as PNG files beside the table")
    found.notes.append("the division into train, val and test is not used: folds are drawn by patient")
    if not names:
        found.notes.append("classes have no names here: give NAMES='first,second', in the order of their numbers")
    return found


def _contents(path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, OSError, zipfile.BadZipFile):
        return {}
