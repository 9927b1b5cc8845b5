"""The pixels of one DICOM slice: which of them GDCM reads as they are meant, and their values."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from synthaug.errors import InputError
from synthaug.imaging import image_files
from synthaug.imaging.dicom_elements import PIXEL_DATA, Elements

INTERCEPT, SLOPE, LOOKUP = 0x00281052, 0x00281053, 0x00283000
SAMPLES, PHOTOMETRIC, FRAMES, ROWS, COLUMNS = 0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011
ALLOCATED, STORED, HIGH_BIT = 0x00280100, 0x00280101, 0x00280102
TAGS = frozenset(
    {INTERCEPT, SLOPE, LOOKUP, SAMPLES, PHOTOMETRIC, FRAMES, ROWS, COLUMNS, ALLOCATED, STORED, HIGH_BIT, PIXEL_DATA}
)


def size(path: Path, elements: Elements, *, taken: Sequence[str] = ("MONOCHROME2",)) -> tuple[int, int]:
    """Return rows and columns of a slice, from its ``elements`` of `TAGS`.

    Parameters
    ----------
    taken
        The photometric interpretations that whoever calls can read.

    Raises
    ------
    InputError
        If it is no slice of gray levels, or one whose values GDCM would read wrongly.
    """
    rows, columns, bits = (elements.number(tag) for tag in (ROWS, COLUMNS, ALLOCATED))
    if not rows or not columns or PIXEL_DATA not in elements.values:
        raise InputError(
            f"{path}: expected a slice, found a DICOM file without pixels; move it out of the folder or, if it is a "
            "slice, copy it again"
        )
    if elements.text(FRAMES) not in ("", "1"):
        raise InputError(
            f"{path}: expected one slice a file, found {elements.text(FRAMES)} frames; convert it to NIfTI"
        )
    photometric, samples = elements.text(PHOTOMETRIC), elements.number(SAMPLES) or 1
    if photometric not in taken or samples != (3 if photometric == "RGB" else 1):
        raise InputError(
            f"{path}: expected grey levels ({' or '.join(taken)}), found {photometric or 'none'}; "
            "export the original series"
        )
    _check_bits(path, elements)
    expected = rows * columns * samples * bits // 8
    if elements.pixel_bytes is not None and elements.pixel_bytes != expected + expected % 2:
        raise InputError(
            f"{path}: expected {expected} bytes of pixels ({rows} x {columns} of {samples * bits} bits), found "
            f"{elements.pixel_bytes}; copy or export it again"
        )
    _check_rescale(path, elements)
    return rows, columns


def read(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Return one slice of ``shape``, rows and columns, with its own rescale applied: HU for CT.

    Raises
    ------
    InputError
        If the file is truncated or damaged.
    """
    values = image_files.pixels(image_files.reader(path, "GDCMImageIO"))
    if values.shape != (1, *shape):
        raise InputError(f"{path}: expected pixels {shape} (rows, columns), found {values.shape}; export it again")
    return values[0]


def _check_bits(path: Path, elements: Elements) -> None:
    """Check where in its bytes a value lies: GDCM takes it from the lowest bit, whatever HighBit says."""
    allocated, stored, high = (elements.number(tag) for tag in (ALLOCATED, STORED, HIGH_BIT))
    if allocated not in (8, 16, 32) or not stored or stored > allocated or (allocated != 16 and stored != allocated):
        raise InputError(
            f"{path}: expected 8, up to 16 or 32 bits a pixel, found BitsStored {stored} in BitsAllocated {allocated}; "
            "export the series again"
        )
    if high != stored - 1:
        raise InputError(
            f"{path}: expected HighBit {stored - 1}, as BitsStored is {stored}, found {high}; export the series again"
        )


def _check_rescale(path: Path, elements: Elements) -> None:
    """Check that stored values become real ones by a line, which GDCM draws only if both of its numbers are there."""
    if LOOKUP in elements.values:
        raise InputError(
            f"{path}: expected a RescaleSlope and a RescaleIntercept, found a ModalityLUTSequence; export the series "
            "with its values in HU"
        )
    if bool(elements.text(SLOPE)) != bool(elements.text(INTERCEPT)):
        there, missing = ("RescaleSlope", "RescaleIntercept")[:: 1 if elements.text(SLOPE) else -1]
        raise InputError(
            f"{path}: expected both RescaleSlope and RescaleIntercept or neither, found no {missing} beside {there}; "
            "export the series again"
        )
