"""Image files read by SimpleITK, with errors for users and the checks that SimpleITK does not make."""

import gzip
import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import SimpleITK as sitk

from synthaug.errors import InputError

CHUNK = 1 << 20  # bytes looked at together; a multiple of every number's size
FLOATS = {16: "f4", 64: "f8"}  # NIfTI data types
NIFTI = (".nii", ".nii.gz")
JPEG = (".jpg", ".jpeg")
TIFF = (".tif", ".tiff")
PHOTOMETRIC = 262  # a TIFF tag
END_OF_JPEG = b"\xff\xd9"

sitk.ProcessObject.SetGlobalWarningDisplay(False)  # what matters becomes an InputError


def reader(path: Path, image_io: str = "") -> sitk.ImageFileReader:
    """Return a reader that knows the header of ``path``; ``image_io`` names the only format to try.

    Raises
    ------
    InputError
        If no such header can be read.
    """
    if path.name.lower().endswith(".nii.gz") and path.with_suffix("").exists():
        raise InputError(
            f"{path}: expected no other image of the same name, found {path.stem} beside it, which would be read "
            "instead; move or rename one of them"
        )
    file = sitk.ImageFileReader()
    file.SetImageIO(image_io)
    file.SetFileName(str(path))
    _guarded(path, file.ReadImageInformation)
    return file


def pixels(file: sitk.ImageFileReader) -> np.ndarray:
    """Return the pixels that ``file`` was told to extract, slowest axis first, in the number type of the file.

    Raises
    ------
    InputError
        If the file is truncated or damaged.
    """
    return sitk.GetArrayFromImage(_guarded(Path(file.GetFileName()), file.Execute))


def check_nifti(path: Path) -> None:
    """Check the bytes of a NIfTI file, whose reader silently replaces missing voxels, NaN and infinity by 0.

    Raises
    ------
    InputError
        If the file is too short or holds NaN or infinite values. Other formats pass.
    """
    if not path.name.lower().endswith(NIFTI):
        return
    try:
        with _opened(path) as file:
            kind, expected = _nifti_data(file)
            if expected < 1:
                raise ValueError
            found, bad = 0, 0
            while chunk := file.read(min(CHUNK, expected - found)):
                found += len(chunk)
                if kind:
                    values = np.frombuffer(chunk[: len(chunk) // kind.itemsize * kind.itemsize], kind)
                    bad += int(values.size - np.isfinite(values).sum())
    except (OSError, EOFError, ValueError, OverflowError, zlib.error, struct.error) as error:
        raise InputError(
            f"{path}: expected a whole NIfTI file, found a truncated one or a damaged header; copy it again"
        ) from error
    if found < expected:
        raise InputError(f"{path}: expected {expected} bytes of voxels, found {found}: truncated; copy it again")
    if bad:
        raise InputError(f"{path}: expected finite values, found {bad} NaN or infinite; export the image again")


def check_nifti_spacing(path: Path) -> None:
    """Check the distances of voxels in a NIfTI header, whose reader silently replaces 0 and NaN by 1 mm.

    Raises
    ------
    InputError
        If one is 0 or not finite. Other formats, and damage that `check_nifti` finds, pass.
    """
    if not path.name.lower().endswith(NIFTI):
        return
    try:
        with _opened(path) as file:
            header = file.read(540)
        order, first = _nifti_version(header)
        spacing = struct.unpack_from(*((order + "3f", header, 80) if first else (order + "3d", header, 112)))
    except (OSError, EOFError, zlib.error, struct.error):
        return
    if not all(math.isfinite(distance) and distance for distance in spacing):
        found = ", ".join(f"{distance:g}" for distance in spacing)
        raise InputError(f"{path}: expected a spacing in mm, found {found} (pixdim); export the image again")


def check_jpeg(path: Path) -> None:
    """Check that a JPEG file ends as it should; its reader silently fills in missing pixels.

    Raises
    ------
    InputError
        If it is truncated. Other formats pass.
    """
    if path.suffix.lower() in JPEG and END_OF_JPEG not in path.read_bytes()[-64:]:
        raise InputError(f"{path}: expected a whole JPEG file, found a truncated one; copy it again")


def check_tiff(path: Path) -> None:
    """Check that black is 0 in a TIFF file; its reader takes the values as they are stored.

    Raises
    ------
    InputError
        If white is 0. Other formats, and damage that the reader finds, pass.
    """
    if path.suffix.lower() not in TIFF:
        return
    with path.open("rb") as file:
        try:
            white_is_zero = _tiff_tag(file, PHOTOMETRIC) == 0
        except (ValueError, OverflowError, struct.error):
            return
    if white_is_zero:
        raise InputError(f"{path}: expected a TIFF file with black as 0, found white as 0; save it with black as 0")


def _tiff_tag(file: BinaryIO, tag: int) -> int | None:
    """Return the 16-bit value of ``tag`` of the first page, None if it has none."""
    start = file.read(16)
    order = "<" if start[:2] == b"II" else ">"
    big = struct.unpack_from(f"{order}H", start, 2)[0] == 43
    count, entry, value = ("Q", 20, 12) if big else ("H", 12, 8)
    file.seek(struct.unpack_from(f"{order}{'Q' if big else 'I'}", start, 8 if big else 4)[0])
    (length,) = struct.unpack(f"{order}{count}", file.read(struct.calcsize(count)))
    for _ in range(min(length, 4096)):  # a damaged file may name any number
        content = file.read(entry)
        if struct.unpack_from(f"{order}H", content)[0] == tag:
            return struct.unpack_from(f"{order}H", content, value)[0]
    return None


def _opened(path: Path) -> BinaryIO:
    return (gzip.open if path.name.lower().endswith(".gz") else open)(path, "rb")


def _nifti_version(header: bytes) -> tuple[str, bool]:
    """Return the byte order, and whether it is NIfTI-1 (NIfTI-2 otherwise)."""
    order = "<" if struct.unpack_from("<i", header)[0] in (348, 540) else ">"
    return order, struct.unpack_from(f"{order}i", header)[0] == 348


def _nifti_data(file: BinaryIO) -> tuple[np.dtype | None, int]:
    """Move to the voxels of a NIfTI-1 or -2 file; return their type if it is a float, and how many bytes they take."""
    header = file.read(540)
    order, first = _nifti_version(header)
    if first:
        dimensions, types, start = ("8h", 40), ("2h", 70), ("f", 108)
    else:
        dimensions, types, start = ("8q", 16), ("2h", 12), ("q", 168)
    count, *sizes = struct.unpack_from(order + dimensions[0], header, dimensions[1])
    code, bits = struct.unpack_from(order + types[0], header, types[1])
    file.seek(int(struct.unpack_from(order + start[0], header, start[1])[0]))
    kind = np.dtype(order + FLOATS[code]) if code in FLOATS else None
    return kind, math.prod(sizes[:count]) * bits // 8


def _guarded(path: Path, read: Callable) -> object:
    try:
        return read()
    except (RuntimeError, MemoryError) as error:
        reason = (str(error).strip().splitlines() or [""])[-1].partition("): ")[2] or "unknown format"
        raise InputError(
            f"{path}: expected a readable image, found a truncated, damaged or unsupported file ({reason}); "
            "copy or export it again"
        ) from error
