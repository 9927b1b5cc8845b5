"""Folders per class, with pictures that are cropped already or classified as a whole."""

from pathlib import PurePosixPath

from synthaug.cohort.formats import masks_beside
from synthaug.cohort.formats.found import Found, Row
from synthaug.cohort.formats.source import Source
from synthaug.errors import InputError
from synthaug.imaging import picture_files

PARTS = {"train", "training", "val", "valid", "validation", "test", "testing"}


def recognised(source: Source) -> bool:
    """Return whether pictures lie in two or more folders and no masks beside them."""
    return source.file is None and len({_class(path) for path in _pictures(source)} - {""}) > 1 and not (
        masks_beside.recognised(source)
    )  # fmt: skip


def read(source: Source) -> Found:
    """Return a row for each picture, its class the name of its folder (below train, val and test, if these come first).

    Raises
    ------
    InputError
        If pictures lie beside the folders.
    """
    names = _pictures(source)
    if lone := [name for name in names if not _class(name)]:
        raise InputError(f"{source.root / lone[0]}: expected it in the folder of its class, found it beside; move it")
    found = Found([Row(source.root / name, _class(name)) for name in names], whole=True)
    parts = sorted({PurePosixPath(name).parts[0] for name in names if _divided(name)})
    if parts:
        found.notes.append(f"the division into {', '.join(parts)} is not used: folds are drawn by patient")
    return found


def _pictures(source: Source) -> list[str]:
    return [source.inner(path) for path in source.images if path.name.lower().endswith(picture_files.SUFFIXES)]


def _divided(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) > 2 and parts[0].lower() in PARTS


def _class(name: str) -> str:
    parts = PurePosixPath(name).parts[_divided(name) : -1]
    return parts[0] if parts else ""
