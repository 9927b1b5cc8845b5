"""Image files through SimpleITK, with errors for users, and the checks that SimpleITK leaves out."""

import gzip
import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from synthaug.errors import InputError

CHUNK = 1 << 20  # bytes looked at together; a multiple of every number's size
FLOATS = {16: "f4", 64: "f8"}  # NIfTI data types

sitk.ProcessObject.SetGlobalWarningDisplay(False)  # what matters becomes an InputError


def reader(path: Path, image_io: str = "") -> sitk.ImageFileReader:
    """Return a reader that knows the header of ``path``; ``image_io`` names the only format to try."""
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
    """Return what ``file`` was told to read, slowest axis first."""
    return sitk.GetArrayFromImage(_guarded(Path(file.GetFileName()), file.Execute))


def check_nifti(path: Path) -> None:
    """Check the bytes of a NIfTI file: its reader fills missing voxels, and replaces NaN and infinity, by 0 in silence.

    Raises
    ------
    InputError
        If the file is too short or holds NaN or infinite values. Other formats pass.
    """
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        return
    try:
        with (gzip.open if path.name.lower().endswith(".gz") else open)(path, "rb") as file:
            kind, expected = _nifti_data(file)
            found, bad = 0, 0
            while chunk := file.read(min(CHUNK, expected - found)):
                found += len(chunk)
                if kind:
                    values = np.frombuffer(chunk[: len(chunk) // kind.itemsize * kind.itemsize], kind)
                    bad += int(values.size - np.isfinite(values).sum())
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise InputError(f"{path}: expected a whole NIfTI file, found a truncated one; copy it again") from error
    if found < expected:
        raise InputError(f"{path}: expected {expected} bytes of voxels, found {found}: truncated; copy it again")
    if bad:
        raise InputError(f"{path}: expected finite values, found {bad} NaN or infinite; export the image again")


def _nifti_data(file) -> tuple[np.dtype | None, int]:
    """Move to the voxels of a NIfTI-1 or -2 file; return their type if it is a float, and how many bytes they take."""
    header = file.read(540)
    order = "<" if struct.unpack_from("<i", header)[0] in (348, 540) else ">"
    if struct.unpack_from(f"{order}i", header)[0] == 348:
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
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].partition("): ")[2] or "unknown format"
        raise InputError(
            f"{path}: expected a readable image, found a truncated, damaged or unsupported file ({reason}); "
            "copy or export it again"
        ) from error
