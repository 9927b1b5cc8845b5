"""What a NIfTI file says of itself, read without its reader, which hides faults: it fills in, drops and chooses.

The header is that of nifti1.h or nifti2.h, which holds the same in wider numbers. A file may place its voxels twice, by
qform and by sform; where both hold and differ, ITK takes one of them and nibabel the other.
"""

import gzip
import itertools
import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from synthaug.errors import InputError

SUFFIXES = (".nii", ".nii.gz")
CHUNK = 1 << 20  # bytes looked at together; a multiple of every number's size
FLOATS = {16: "f4", 64: "f8"}  # data types
BITS = {2: 8, 4: 16, 8: 32, 16: 32, 64: 64, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64}  # of each data type
FIRST = {1: 352, 2: 544}  # byte at which voxels begin at the earliest, by the version
NUMBERS = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
MILLIMETRES = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # per unit of length; 0 is unknown
ROUNDING = 1e-3  # by which a quaternion may be longer than 1
OFF = 0.1  # of the smallest spacing: how far corners may lie apart
QUATERNION = 1e-3  # of the largest extent, where qform is one of the two: its first number is near 0 in files made from
# DICOM, and what float32 leaves of it turns the volume by up to so many radians
LARGEST_RATIO = 1032  # of gzip: bytes that one byte becomes at most


@dataclass(frozen=True)
class Header:
    """The fields that matter, by other names; `bytes_of_voxels` follows from them."""

    version: int
    order: str
    dimensions: tuple[int, ...]
    code: int
    start: int
    slope: float
    intercept: float
    handedness: float  # pixdim[0]: below 0, the third axis of qform is reversed
    distances: tuple[float, ...]
    unit: int
    forms: tuple[int, int]  # codes of qform and sform
    quaternion: tuple[float, ...]  # and the offset: b, c, d, x, y, z
    rows: tuple[float, ...]  # of sform's matrix

    def bytes_of_voxels(self) -> int:
        """Return how many bytes the voxels take in the file, unpacked."""
        return math.prod(self.dimensions[1 : 1 + self.dimensions[0]]) * BITS[self.code] // 8


def is_nifti(path: Path) -> bool:
    """Return whether a name is one of a NIfTI file."""
    return path.name.lower().endswith(SUFFIXES)


def check_header(path: Path) -> None:
    """Check what the header says of values and distances.

    Raises
    ------
    InputError
        If voxels begin within the header, are of a type without numbers, are more than the file can hold, have no
        distance above 0, or are to be scaled in a way that readers do not agree on.
    """
    header = read_header(path)
    if header.code not in BITS:
        found, expected, cure = f"data type {header.code}", "one number a voxel", "save it as integers or floats"
    elif not 1 <= header.dimensions[0] <= 7 or min(header.dimensions[1 : 1 + header.dimensions[0]]) < 1:
        found, expected, cure = f"{header.dimensions} (dim)", "1 to 7 sizes of at least 1", "export the image again"
    elif header.start < (first := FIRST[header.version]):
        found, expected, cure = f"{header.start} (vox_offset)", f"voxels from byte {first} on", "export the image again"
    elif not all(math.isfinite(distance) and distance > 0 for distance in header.distances):
        distances = ", ".join(f"{distance:g}" for distance in header.distances)
        found, expected, cure = f"{distances} (pixdim)", "a spacing above 0 mm", "export the image again"
    elif not _scales_alike(header.slope, header.intercept):
        found = f"scl_slope {header.slope:g} and scl_inter {header.intercept:g}"
        expected, cure = "values that are scaled by two numbers or not at all", "save the scaled values"
    else:
        size = path.stat().st_size * (LARGEST_RATIO if is_packed(path) else 1)
        if (count := header.bytes_of_voxels()) <= size:
            return
        found, expected, cure = (
            "a file too small: truncated",
            f"{count} bytes of voxels",
            "copy it again",
        )
    raise InputError(f"{path}: expected {expected}, found {found}; {cure}")


def check_placement(path: Path, spacing: Sequence[float], origin: Sequence[float], direction: np.ndarray) -> None:
    """Check that a file places its voxels once, and where its reader has placed them.

    Parameters
    ----------
    spacing, origin, direction
        As the reader has them: mm, the columns of ``direction`` (3, 3) the axes, coordinates x, y, z to the left, to
        the back and up. A file that has no placement at all passes.

    Raises
    ------
    InputError
        If qform and sform differ, or the reader has taken neither.
    """
    header = read_header(path)
    size = np.array(header.dimensions[1:4])
    affines = _affines(path, header)
    found = {name: _corners(size, affine[:, :3], affine[:, 3]) * (-1, -1, 1) for name, affine in affines.items()}
    read = _corners(size, np.asarray(direction) * spacing, np.asarray(origin))
    found["the reader's placement"] = read
    for (one, a), (other, b) in itertools.combinations(found.items(), 2):
        apart = float(np.linalg.norm(a - b, axis=1).max()) if len(affines) else 0.0
        turned = QUATERNION * max(np.multiply(size, spacing)) if "qform" in affines else 0.0
        if not apart <= OFF * min(spacing) + turned:
            codes = f" (codes {header.forms[1]} and {header.forms[0]})" if "qform" in (one, other) else ""
            raise InputError(
                f"{path}: expected one placement of the voxels, found {one} and {other}{codes} that place them up to "
                f"{apart:.3g} mm apart; keep the right one, in image and masks alike, and save it as both"
            )


def placement(path: Path) -> np.ndarray:
    """Return the matrix that places the voxels, float64 (3, 4), in mm to the right, to the front and up.

    It is that of sform or, without it, of qform; without either, voxels lie along the axes, the first at 0.

    Raises
    ------
    InputError
        If the header cannot be read, or qform is no rotation.
    """
    header = read_header(path)
    plain = np.column_stack([np.diag(header.distances), np.zeros(3)]) * MILLIMETRES.get(header.unit & 7, 1.0)
    return next(iter(_affines(path, header).values()), plain)


def is_packed(path: Path) -> bool:
    """Return whether a file is in gzip, by its name."""
    return path.name.lower().endswith(".gz")


def check_voxels(path: Path) -> None:
    """Check the bytes of the voxels; the reader replaces missing ones, NaN and infinity by 0 and passes over a rest.

    Raises
    ------
    InputError
        If the file is too short, holds more than its header says, or NaN or infinite values.
    """
    header = read_header(path)
    kind = np.dtype(header.order + FLOATS[header.code]) if header.code in FLOATS else None
    expected = header.bytes_of_voxels()
    found, bad = 0, 0
    try:
        with _opened(path) as file:
            file.seek(header.start)
            while chunk := file.read(min(CHUNK, expected - found)):
                found += len(chunk)
                if kind:
                    values = np.frombuffer(chunk[: len(chunk) // kind.itemsize * kind.itemsize], kind)
                    bad += int(values.size - np.isfinite(values).sum())
            rest = len(file.read(CHUNK))
    except (OSError, EOFError, ValueError, OverflowError, zlib.error) as error:
        raise InputError(
            f"{path}: expected a whole NIfTI file, found a truncated or damaged one; copy it again"
        ) from error
    if found < expected:
        raise InputError(f"{path}: expected {expected} bytes of voxels, found {found}: truncated; copy it again")
    if rest:
        more = f"{rest} more" if rest < CHUNK else "many more"
        raise InputError(
            f"{path}: expected {expected} bytes of voxels, found {more} behind them: voxels are shifted or left out; "
            "export the image again"
        )
    if bad:
        raise InputError(f"{path}: expected finite values, found {bad} NaN or infinite; export the image again")


def read_header(path: Path) -> Header:
    """Read the header of a NIfTI-1 or NIfTI-2 file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with _opened(path) as file:
            data = file.read(FIRST[2])
        order = "<" if struct.unpack_from("<i", data)[0] in (348, 540) else ">"

        def numbers(kinds: str, at: int) -> tuple:
            return struct.unpack_from(order + kinds, data, at)

        length = numbers("i", 0)[0]
        if length == 540:
            return Header(
                2, order, numbers("8q", 16), numbers("h", 12)[0], numbers("q", 168)[0], *numbers("2d", 176),
                *numbers("d", 104), numbers("3d", 112), numbers("i", 500)[0], numbers("2i", 344), numbers("6d", 352),
                numbers("12d", 400),
            )  # fmt: skip
        if length != 348:
            raise ValueError
        start, slope, intercept = numbers("3f", 108)
        return Header(
            1, order, numbers("8h", 40), numbers("h", 70)[0], int(start), slope, intercept, *numbers("f", 76),
            numbers("3f", 80), data[123], numbers("2h", 252), numbers("6f", 256), numbers("12f", 280),
        )  # fmt: skip
    except (OSError, EOFError, ValueError, OverflowError, zlib.error, struct.error, IndexError) as error:
        raise InputError(
            f"{path}: expected a whole NIfTI file, found a truncated one or a damaged header; copy it again"
        ) from error


def _opened(path: Path) -> BinaryIO:
    return (gzip.open if is_packed(path) else open)(path, "rb")


def _scales_alike(slope: float, intercept: float) -> bool:
    """Return whether readers agree on a slope and an intercept; NaN, or a slope of 0, means that nothing is scaled."""
    if math.isnan(slope) or slope == 0:
        return math.isnan(intercept) or intercept == 0
    return math.isfinite(slope) and math.isfinite(intercept)


def _affines(path: Path, header: Header) -> dict[str, np.ndarray]:
    """Return the matrices that place the voxels, by "sform" and "qform": float64 (3, 4), mm to the right, front, up."""
    affines = {}
    if header.forms[1] > 0:
        affines["sform"] = np.reshape(header.rows, (3, 4)).astype(float)
    if header.forms[0] > 0:
        affines["qform"] = _of_quaternion(path, header)
    unit = MILLIMETRES.get(header.unit & 7, 1.0)
    return {name: affine * unit for name, affine in affines.items()}


def _of_quaternion(path: Path, header: Header) -> np.ndarray:
    """Return the matrix of qform, float64 (3, 4), in the file's unit and coordinates: right, front, up."""
    b, c, d, *offset = header.quaternion
    square = b * b + c * c + d * d
    if not square <= 1 + ROUNDING:
        raise InputError(
            f"{path}: expected a rotation in qform, found a quaternion of length {math.sqrt(square):.4g} or more; "
            "export the image again"
        )
    a = math.sqrt(max(0.0, 1 - square))
    turn = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    steps = np.array(header.distances) * (1, 1, -1 if header.handedness < 0 else 1)
    return np.column_stack([turn * steps, offset])


def _corners(size: Iterable[int], steps: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Return the centres of the eight corner voxels, float64 (8, 3)."""
    indices = np.array(list(itertools.product(*((0, int(count) - 1) for count in size))))
    return indices @ steps.T + origin
