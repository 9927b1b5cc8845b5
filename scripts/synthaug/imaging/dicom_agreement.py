"""What all slices of one DICOM series must have in common, beside their geometry."""

import itertools
import struct
from collections.abc import Sequence
from pathlib import Path

from synthaug.errors import InputError
from synthaug.imaging.dicom_elements import Elements

PATIENT = 0x00100020
SAME = {  # one value in the whole stack
    0x00080060: "Modality",
    PATIENT: "PatientID",
    0x00200052: "FrameOfReferenceUID",
    0x00180081: "EchoTime",
    0x00180082: "InversionTime",
    0x00181210: "ConvolutionKernel",
    0x00189087: "DiffusionBValue",
    0x00200100: "TemporalPositionIdentifier",
    0x00281054: "RescaleType",
    0x00280103: "PixelRepresentation",
}
APART = {  # may change along the stack, but scans of different values must not lie within each other
    0x00200012: "AcquisitionNumber",
    0x00080008: "ImageType",
    0x00180010: "ContrastBolusAgent",
    0x00180086: "EchoNumbers",
}
BINARY = {0x00189087: "d", 0x00280103: "H"}  # of these, values that are no text: their form
TAGS = frozenset({*SAME, *APART})


def check(slices: Sequence[tuple[Path, Elements]]) -> None:
    """Check the slices of a series, in the order of their places.

    Raises
    ------
    InputError
        If one has another value than the first where all must have one, or if two scans interleave.
    """
    first, expected = slices[0]
    for path, found in slices[1:]:
        for tag, name in SAME.items():
            one, other = _text(expected, tag), _text(found, tag)
            if one == other or _equal(one, other):
                continue
            if tag == PATIENT:  # no patient's name in a message
                raise InputError(
                    f"{path}: expected the {name} of {first.name}, found another; give each patient a folder"
                )
            raise InputError(
                f"{path}: expected {name} {one or 'missing'} as in {first.name}, found {other or 'none'}; "
                "give each scan its own folder"
            )
    for tag, name in APART.items():
        values = [elements.text(tag) for _, elements in slices]
        runs = [value for value, _ in itertools.groupby(values)]
        if len(runs) != (kinds := len(set(runs))):
            again = next(value for place, value in enumerate(runs) if value in runs[:place])
            between = next(value for value in runs if value != again)
            raise InputError(
                f"{slices[0][0].parent}: expected one scan, found {kinds} of different {name} whose slices lie within "
                f"each other, such as {again or 'none'} and {between or 'none'}; give each scan its own folder"
            )


def _text(elements: Elements, tag: int) -> str:
    """Return a value as text, "" if it is missing."""
    value = elements.values.get(tag, b"")
    form = elements.order + BINARY.get(tag, "")
    if tag in BINARY and len(value) == struct.calcsize(form):
        return f"{struct.unpack(form, value)[0]:g}"
    return elements.text(tag)


def _equal(one: str, other: str) -> bool:
    """Return whether two texts are the same numbers but for rounding."""
    try:
        a, b = ([float(part) for part in text.split("\\")] for text in (one, other))
    except ValueError:
        return False
    return len(a) == len(b) and all(abs(x - y) <= 0.01 * max(abs(x), abs(y)) for x, y in zip(a, b, strict=True))
