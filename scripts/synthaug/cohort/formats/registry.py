"""The formats that are known, and which of them a folder has."""

from synthaug.cohort.formats import (
    coco,
    dicom_folders,
    folders,
    label_table,
    labelme,
    masks_beside,
    medmnist,
    named_files,
    nnunet,
    review,
    via,
    yolo,
)  # fmt: skip
from synthaug.cohort.formats.found import Found
from synthaug.cohort.formats.source import Source
from synthaug.errors import InputError

OF_FILES = {  # by what a file says
    "nnunet": nnunet, "coco": coco, "labelme": labelme, "via": via, "yolo": yolo, "medmnist": medmnist,
    "dicom": dicom_folders, "labels": label_table,
}  # fmt: skip
OF_NAMES = {"masks": masks_beside, "folders": folders}  # asked where no file says it, one after the other
FORMATS = {**OF_FILES, **OF_NAMES, "names": named_files}


def read(source: Source, name: str) -> tuple[str, Found]:
    """Read a folder.

    Parameters
    ----------
    name
        The format; "" to recognise it.

    Returns
    -------
    The format's name, and what it gives.

    Raises
    ------
    InputError
        If the format is not known, none or several are recognised, or it cannot be read: all that is wrong with single
        files at once, pictures included.
    """
    if name and name not in FORMATS:
        raise InputError(f"FORMAT: expected one of {', '.join(FORMATS)}, found {name!r}; correct it")
    name = name or recognised(source)
    try:
        found = FORMATS[name].read(source)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:  # parts of a file that are not there
        raise InputError(
            f"{source.file or source.root}: expected {name} as its tool writes it, found {type(error).__name__}: "
            f"{error}; export it again"
        ) from error
    if found.refused:
        found.refused += review.of_pictures(row.image for row in found.rows)
    found.require(source.file or source.root)
    if not found.rows:
        raise InputError(f"{source.file or source.root}: expected {name}, found no images of it; name another FORMAT=")
    return name, found


def recognised(source: Source) -> str:
    """Return the name of the format; an `InputError` if none or several are recognised."""
    if named_files.recognised(source):
        return "names"
    names = [name for name, module in OF_FILES.items() if module.recognised(source)]
    names = names or [name for name, module in OF_NAMES.items() if module.recognised(source)][:1]
    if not names and source.files(".xml"):
        raise InputError(
            f"{source.file or source.root}: expected one known format, found XML files, which are not read; export the "
            "annotations as COCO or YOLO, which tools for Pascal VOC can do"
        )
    if len(names) != 1:
        raise InputError(
            f"{source.file or source.root}: expected one known format, found {' and '.join(names) or 'none'}; give "
            f"FORMAT= one of {', '.join(names or FORMATS)}, and the folder that docs/own-data.md describes"
        )
    return names[0]
