"""NIfTI-2 files, which ITK does not read: their voxels by their own header, laid out as ITK lays out NIfTI-1."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthaug.errors import InputError
from synthaug.imaging import nifti

LPS = np.array([-1, -1, 1])  # from the file's right, front and up to the patient's left, back and up


@dataclass(frozen=True)
class Stored:
    """A file whose header was read and checked.

    Attributes
    ----------
    size
        Voxels along each axis of the file: three of them, and the number of volumes where there are several.
    spacing, origin
        Along the first three axes in mm; centre of the first voxel in mm (x, y, z: left, back, up).
    direction
        float64 (3, 3), whose columns are the unit vectors of the first three axes.
    """

    path: Path
    size: tuple[int, ...]
    spacing: np.ndarray
    origin: np.ndarray
    direction: np.ndarray
    values: int = 1  # a voxel

    def pixels(self, start: list[int], extent: list[int]) -> np.ndarray:
        """Return a part of the voxels, slowest axis first, scaled; an axis of extent 0 is left out.

        A packed file is unpacked as a whole.

        Raises
        ------
        InputError
            If the file is truncated or damaged.
        """
        header = nifti.read_header(self.path)
        kind = np.dtype(header.order + nifti.NUMBERS[header.code])
        try:
            stored = self._voxels(header, kind)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise InputError(
                f"{self.path}: expected a whole NIfTI file, found a truncated or damaged one; copy it again"
            ) from error
        part = tuple(
            first if count == 0 else slice(first, first + count) for first, count in zip(start, extent, strict=True)
        )
        values = np.asarray(stored[part]).T
        values = values.astype(kind.newbyteorder("="))
        if (header.slope in (0, 1) and header.intercept == 0) or np.isnan(header.slope):
            return values
        return values * np.float64(header.slope) + np.float64(header.intercept)

    def _voxels(self, header: nifti.Header, kind: np.dtype) -> np.ndarray:
        """Return all voxels as stored, the first axis of the file first."""
        if not nifti.is_packed(self.path):
            return np.memmap(self.path, kind, "r", header.start, self.size, order="F")
        with gzip.open(self.path, "rb") as file:
            file.seek(header.start)
            return np.frombuffer(file.read(header.bytes_of_voxels()), kind).reshape(self.size, order="F")


def look(path: Path) -> Stored:
    """Return what is known of the voxels of a NIfTI-2 file that passed `nifti.check_header`.

    They are placed by sform or, without it, by qform; without either they lie along the axes, as many readers have it.

    Raises
    ------
    InputError
        If the header is damaged.
    """
    header = nifti.read_header(path)
    affine = nifti.placement(path)
    steps = LPS[:, None] * affine[:, :3]
    spacing = np.linalg.norm(steps, axis=0)
    size = header.dimensions[1 : 1 + header.dimensions[0]]
    while len(size) > 3 and size[-1] == 1:
        size = size[:-1]
    size = (*size, 1, 1)[: max(3, len(size))]
    return Stored(path, size, spacing, LPS * affine[:, 3], steps / np.where(spacing > 0, spacing, 1))
