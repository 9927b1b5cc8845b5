"""Images on disk as axial stacks: the only module that knows axis order and orientation.

Every image, whatever its format, appears as an axial stack: arrays are (z, y, x), z ascends towards the head, y towards
the patient's back, x towards the patient's left. A 2-D picture is a stack of one slice without spacing.
"""

import dataclasses
import itertools
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike

from synthaug.errors import InputError
from synthaug.imaging import (
    contents,
    data_lengths,
    dicom,
    dicom_elements,
    dicom_files,
    dicom_frames,
    dicom_pictures,
    dicom_pixels,
    gray_pixels,
    image_files,
    nifti,
    nifti_two,
    picture_files,
    pixel_shapes,
)

VOLUMES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
PICTURES = picture_files.SUFFIXES
READERS = {".nii": "NiftiImageIO", ".nrrd": "NrrdImageIO", ".nhdr": "NrrdImageIO", ".mha": "MetaImageIO",
           ".mhd": "MetaImageIO"}  # fmt: skip
NUMBERED = re.compile(
    r"(.+\.nii(?:\.gz)?)#([0-9]{1,9})", re.IGNORECASE | re.DOTALL
)  # a volume of a file, see open_image
CROSS_SECTIONS = ("CT", "MR", "PT", "NM")  # modalities whose files are slices of the patient
MATCH = 0.1  # of the smallest spacing: how far two images' corners may lie apart

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Geometry:
    """Where an image's voxels are.

    Attributes
    ----------
    size
        Voxels (z, y, x).
    spacing
        Distance of voxel centres in mm (z, y, x), z NaN for a single slice; None for a 2-D picture that does not say.
    origin
        Centre of the first voxel in mm, patient coordinates (x, y, z: left, posterior, superior); None for a picture.
    direction
        Unit vectors (x, y, z) of the axes z, y, x; None for a picture.
    series, frame_of_reference
        UIDs that DICOM annotations refer to; "" where the files have none.
    """

    size: tuple[int, int, int]
    spacing: tuple[float, float, float] | None = None
    origin: tuple[float, float, float] | None = None
    direction: tuple[tuple[float, float, float], ...] | None = None
    series: str = ""
    frame_of_reference: str = ""

    @property
    def placed(self) -> bool:
        """Whether it is known where in the patient the voxels lie; not of a 2-D picture."""
        return self.origin is not None

    @property
    def aspect(self) -> float:
        """Height of a pixel over its width, see `pixel_shapes.aspect`; 1 of a picture that does not say."""
        return 1.0 if self.spacing is None else pixel_shapes.aspect(*self.spacing[1:])

    def indices(self, points: np.ndarray) -> np.ndarray:
        """Return where points lie on the grid.

        Parameters
        ----------
        points
            float (n, 3): x, y, z in mm.

        Returns
        -------
        float64 (n, 3): z, y, x in voxels; the centre of the first voxel is 0. A single slice is taken to be as thick as
        its pixels are wide.
        """
        return (points - np.array(self.origin)) @ np.linalg.inv(self._steps())

    def points(self, indices: np.ndarray) -> np.ndarray:
        """Return where places on the grid lie: the inverse of `indices`, float64 (n, 3), x, y, z in mm."""
        return np.array(self.origin) + indices @ self._steps()

    def _steps(self) -> np.ndarray:
        """Return the way in mm (x, y, z) from a voxel to the next along z, y and x: float64 (3, 3)."""
        spacing = np.where(np.isnan(self.spacing), self.spacing[1], self.spacing)
        return spacing[:, None] * np.array(self.direction)

    def corners(self) -> np.ndarray:
        """Return the centres of the eight corner voxels: float64 (8, 3), x, y, z in mm."""
        steps = np.nan_to_num(self.spacing)[:, None] * np.array(self.direction)
        last = np.array(self.size) - 1
        return np.array(self.origin) + np.array(list(itertools.product((0, 1), repeat=3))) * last @ steps

    def difference(self, other: "Geometry") -> str:
        """Describe how ``other`` differs from this geometry, as "expected ..., found ..."; "" if it does not."""
        if self.placed != other.placed:
            kinds = ("a 2-D picture", "a volume")
            return f"expected {kinds[self.placed]}, found {kinds[other.placed]}"
        if self.size != other.size:
            return f"expected size {self.size} (z, y, x), found {other.size}"
        if not self.placed:
            return ""
        apart = np.linalg.norm(self.corners() - other.corners(), axis=1).max()
        if apart <= MATCH * np.nanmin(self.spacing):
            return ""
        return f"expected {self.placement()}, found {other.placement()} (corners up to {apart:.3g} mm apart)"

    def placement(self) -> str:
        """Return spacing, origin and direction as text."""
        spacing, origin = (", ".join(f"{value:.6g}" for value in values) for values in (self.spacing, self.origin))
        direction = "; ".join(" ".join(f"{value + 0:.4g}" for value in axis) for axis in self.direction)
        return f"spacing ({spacing}) mm (z, y, x), origin ({origin}) mm, direction z, y, x ({direction})"


@dataclass(frozen=True)
class Source:
    """An image whose headers were read and whose pixels are read on demand."""

    path: Path
    geometry: Geometry
    _read: Callable[[int | None], np.ndarray]
    _check: Callable[[], list[str]] = list

    def check(self) -> list[str]:
        """Look for what reading a slice would not show; to be called once, before slices are used.

        A NIfTI file is read from end to end, a picture is read by two libraries, and the files of a
        series' folder that were left aside are named in the log.

        Returns
        -------
        What is taken otherwise than the file has it, each as the end of a sentence about the image.

        Raises
        ------
        InputError
            If the file is not whole, holds more than its header says or, of NIfTI, NaN or infinite values, or if the
            libraries differ.
        """
        return self._check() + [pixel_shapes.REMARK] * (self.geometry.aspect != 1)

    def slice(self, index: int) -> np.ndarray:
        """Return slice ``index`` (0 = lowest z), float32 (y, x): HU for CT, the file's own units otherwise.

        Raises
        ------
        InputError
            If there is no such slice, the file is damaged, or a value is NaN or infinite; in a NIfTI file, only
            `check` finds the last two.
        """
        if not 0 <= index < self.geometry.size[0]:
            raise InputError(f"{self.path}: expected a slice from 0 to {self.geometry.size[0] - 1}, found {index}")
        return self._finite(self._read(int(index)), f" in slice {index}").astype(np.float32)

    def volume(self) -> np.ndarray:
        """Return all slices, (z, y, x), in the number type of the file; raises what `check` and `slice` raise."""
        self.check()
        return self._finite(self._read(None), "")

    def _finite(self, array: np.ndarray, where: str) -> np.ndarray:
        if array.dtype.kind == "f" and (bad := int(array.size - np.isfinite(array).sum())):
            raise InputError(
                f"{self.path}: expected finite values, found {bad} NaN or infinite{where}; export the image again"
            )
        return array


def open_image(path: str | Path) -> Source:
    """Read the headers of a DICOM series folder or file, a NIfTI, NRRD or MetaImage volume, or a PNG, JPEG or TIFF.

    Of a NIfTI file of several volumes, ``path`` ends in ``#`` and the number of the one that is meant, from 0.

    Raises
    ------
    InputError
        If the path is missing or of another kind, or if slices would not be a regular, axial stack.
    """
    path = Path(path)
    try:
        return _open(path)
    except OSError as error:  # no permission, or a name that is too long
        raise InputError(
            f"{error.filename or path}: expected a readable file or folder, found: {error.strerror}; correct its name "
            "or permissions"
        ) from error


def file_of(path: str) -> str:
    """Return the name of a file without the number of a volume in it, see `open_image`."""
    return NUMBERED.fullmatch(path)[1] if NUMBERED.fullmatch(path) else path


def _open(path: Path) -> Source:
    if numbered := NUMBERED.fullmatch(path.name):
        return _open_volume(path.with_name(numbered[1]), int(numbered[2]))
    if path.is_symlink() and not path.exists():
        contents.check_regular(path)
    if not path.exists():
        raise InputError(f"{path}: expected a file or folder, found nothing; check the spelling (paths are relative)")
    if path.is_dir():
        frames = dicom_frames.file_of(path)
        return _open_frames(frames) if frames else _open_series(path)
    name = path.name.lower()
    if name.endswith(VOLUMES):
        return _open_volume(path)
    if name.endswith(PICTURES):
        return _open_picture(path)
    if contents.kind(path) == contents.DICOM:
        return _open_dicom_file(path)
    raise InputError(
        f"{path}: expected a DICOM series folder or file, a volume ({' '.join(VOLUMES)}) or a picture "
        f"({' '.join(PICTURES)}), found {path.suffix or 'a file without extension'}; "
        "convert it to one of these"
    )


def _oriented(
    size: ArrayLike, spacing: ArrayLike, origin: ArrayLike, direction: ArrayLike
) -> tuple[Geometry, list[int], list[bool]]:
    """Find the permutation and flips that turn a volume's axes into x (left), y (posterior), z (superior).

    All arguments are per file axis, fastest first; the columns of ``direction`` are the axes. Returns the geometry that
    results, the file axis of each of x, y, z, and whether it is reversed.
    """
    size, spacing, origin, direction = (np.asarray(value) for value in (size, spacing, origin, direction))
    axes = _axes(direction)
    flips = [bool(direction[i, axis] < 0) for i, axis in enumerate(axes)]
    columns = direction[:, axes]
    size, spacing = size[axes], spacing[axes]
    for i in np.flatnonzero(flips):
        origin = origin + columns[:, i] * np.nan_to_num(spacing[i]) * (size[i] - 1)
        columns[:, i] *= -1
    geometry = Geometry(
        tuple(int(n) for n in size[::-1]),
        tuple(float(s) for s in spacing[::-1]),
        tuple(float(o) for o in origin),
        tuple(tuple(float(c) for c in column) for column in columns.T[::-1]),
    )
    return geometry, axes, flips


def _axes(direction: np.ndarray) -> list[int]:
    """Return which file axis, a column of ``direction``, lies nearest to each of x, y and z."""
    return list(max(itertools.permutations(range(3)), key=lambda order: np.abs(direction[range(3), order]).prod()))


# Volume files


def _open_volume(path: Path, number: int | None = None) -> Source:
    """Open a volume file, or the volume ``number`` of a NIfTI file that has several."""
    if not path.exists():
        raise InputError(f"{path}: expected a file, found nothing; check the spelling (paths are relative)")
    contents.check_name(path)
    if nifti.is_nifti(path):
        nifti.check_header(path)
    else:
        data_lengths.check(path)
    stored = nifti_two.look(path) if contents.kind(path).startswith("a NIfTI-2") else _stored(path)
    further = _further(path, stored, number)
    size, spacing, origin, direction = stored.size[:3], stored.spacing, stored.origin, stored.direction
    _check_placement(path, size, spacing, origin, direction)
    if nifti.is_nifti(path):
        nifti.check_placement(path, spacing, origin, direction)
    geometry, axes, flips = _oriented(size, spacing, origin, direction)

    def read(index: int | None) -> np.ndarray:
        start, extent = [0, 0, 0], list(size)
        if index is not None:
            extent[axes[2]] = 1
            start[axes[2]] = size[axes[2]] - 1 - index if flips[2] else index
        pixels = stored.pixels([*start, *further], [*extent, *(0 for _ in further)])
        array = pixels.T.transpose(axes)
        array = np.flip(array, tuple(np.flatnonzero(flips))).T
        return np.ascontiguousarray(array if index is None else array[0])

    def check() -> list[str]:
        if nifti.is_nifti(path):
            nifti.check_voxels(path)
        return []

    return Source(path, geometry, read, check)


@dataclass(frozen=True)
class _Stored:
    """A file that SimpleITK reads, with the attributes of `nifti_two.Stored`."""

    size: tuple[int, ...]
    spacing: Sequence[float]
    origin: Sequence[float]
    direction: np.ndarray
    values: int  # a voxel
    reader: sitk.ImageFileReader

    def pixels(self, start: list[int], extent: list[int]) -> np.ndarray:
        """Return a part of the voxels, slowest axis first; an axis of extent 0 is left out."""
        self.reader.SetExtractIndex(start)
        self.reader.SetExtractSize(extent)
        return image_files.pixels(self.reader)


def _stored(path: Path) -> _Stored:
    reader = image_files.reader(path, READERS[path.suffixes[-2 if path.suffixes[-1].lower() == ".gz" else -1].lower()])
    direction = np.reshape(reader.GetDirection(), (reader.GetDimension(),) * 2)[:3, :3]
    place = reader.GetSpacing()[:3], reader.GetOrigin()[:3], direction
    return _Stored(reader.GetSize(), *place, reader.GetNumberOfComponents(), reader)


def _further(path: Path, stored: _Stored | nifti_two.Stored, number: int | None) -> list[int]:
    """Return the indices of a volume ``number`` beyond its three axes: none of a file that holds one volume.

    Raises
    ------
    InputError
        If the file holds another number of volumes or of values a voxel than is expected.
    """
    size, values = stored.size, stored.values
    count = size[3] if len(size) == 4 else 1
    several = nifti.is_nifti(path) and len(size) == 4 and values == 1
    if several and number is not None and number < count:
        return [number]
    if several:
        found = "none given" if number is None else str(number)
        raise InputError(
            f"{path}: expected the number of one of its {count} volumes, found {found}; give 0 to {count - 1} in the "
            "column volume of the case table"
        )
    if len(size) != 3 or values != 1:
        raise InputError(
            f"{path}: expected 3 dimensions and 1 value a voxel, found size {size} and {values} values; save the one "
            "volume that is meant"
        )
    if number:
        raise InputError(
            f"{path}: expected several volumes, of which {number} is meant, found one; clear the cell volume"
        )
    return []


def _check_placement(
    path: Path, size: Sequence[int], spacing: Sequence[float], origin: Sequence[float], direction: np.ndarray
) -> None:
    """Check what a volume's header says about its place, which SimpleITK does not check."""
    if min(size) < 1:
        raise InputError(f"{path}: expected at least one voxel, found size {size} (x, y, z); export the image again")
    if not (np.isfinite(spacing).all() and min(spacing) > 0):
        raise InputError(f"{path}: expected a spacing above 0 mm, found {spacing} (x, y, z); export the image again")
    if not np.isfinite(origin).all():
        raise InputError(f"{path}: expected an origin in mm, found {origin} (x, y, z); export the image again")
    if not np.allclose(direction.T @ direction, np.eye(3), atol=1e-3):
        rows = "; ".join(_text(row) for row in direction)
        raise InputError(
            f"{path}: expected perpendicular axes of unit length, found the direction ({rows}): a tilted gantry or a "
            "damaged header; resample the image (and its masks)"
        )


# 2-D pictures


def _open_picture(path: Path) -> Source:
    picture = picture_files.look(path)

    def read(index: int | None) -> np.ndarray:
        gray = gray_pixels.of_colours(path, picture.pixels())
        return gray if index is not None else gray[None]

    def check() -> list[str]:
        pixels = picture.pixels()
        gray_pixels.of_colours(path, pixels)  # before two readers are compared, which take strong colours differently
        picture.check()
        return picture.remarks() + [gray_pixels.REMARK] * gray_pixels.is_noisy(pixels)

    return Source(path, Geometry((1, *picture.shape)), read, check)


# Single DICOM files


def _open_dicom_file(path: Path) -> Source:
    """Open a slice that has a place in the patient as a series of its own, any other file as a picture."""
    header = dicom_elements.read(path, frozenset({dicom.POSITION, dicom.ORIENTATION, dicom_pictures.MODALITY}))
    if header.text(dicom_pictures.MODALITY) in CROSS_SECTIONS:
        return _open_frames(path) if dicom_frames.file_of(path) else _open_series(path)
    picture = dicom_pictures.look(path)
    spacing = None if picture.spacing is None else (float("nan"), *picture.spacing)

    def read(index: int | None) -> np.ndarray:
        gray = picture.pixels()
        return gray if index is not None else gray[None]

    def check() -> list[str]:
        return picture.remarks + [gray_pixels.REMARK] * gray_pixels.is_noisy(picture.stored())

    return Source(path, Geometry((1, *picture.shape), spacing, series=picture.series), read, check)


def _open_frames(path: Path) -> Source:
    """Open a file that holds a stack of slices as frames; all of them are read at once."""
    frames = dicom_frames.read(path)
    _check_axial(path, frames.direction[:, :2].T)
    size = frames.values.shape[::-1]
    geometry, _, flips = _oriented(size, frames.spacing, frames.origin, frames.direction.copy())
    geometry = dataclasses.replace(geometry, series=frames.series, frame_of_reference=frames.frame_of_reference)
    values = np.flip(frames.values, tuple(np.flatnonzero(flips[::-1])))
    return Source(path, geometry, lambda index: values if index is None else np.ascontiguousarray(values[index]))


# DICOM series


def _open_series(folder: Path) -> Source:
    series = dicom.read_series(folder)
    files = list(series.files)
    directions = _check_axial(folder, series.axes)
    geometry, _, flips = _oriented(series.size, series.spacing, series.origin, directions)
    geometry = dataclasses.replace(geometry, series=series.uid, frame_of_reference=series.frame_of_reference)
    if flips[2]:
        files.reverse()
    flipped = tuple(np.flatnonzero(flips[1::-1]))

    def read(index: int | None) -> np.ndarray:
        if index is None:
            return np.stack([read(k) for k in range(len(files))])
        pixels = dicom_pixels.read(files[index], series.size[1::-1])
        return np.ascontiguousarray(np.flip(pixels, flipped))

    def check() -> list[str]:
        if series.aside:
            log.warning("%s: left aside %s", folder.name, dicom_files.listed(series.aside))
        return []

    return Source(folder, geometry, read, check)


def _check_axial(path: Path, axes: np.ndarray) -> np.ndarray:
    """Check that ``axes`` (2, 3), along a row and along a column, are those of axial slices.

    Returns
    -------
    float64 (3, 3): its columns are the two axes and their normal.
    """
    directions = np.column_stack([*axes, np.cross(*axes)])
    if _axes(directions) != [0, 1, 2]:
        raise InputError(
            f"{path}: expected axial slices, found rows along ({_text(axes[0])}) and columns along ({_text(axes[1])}); "
            "use the axial series or resample it"
        )
    return directions


def _text(values: Iterable[float]) -> str:
    return ", ".join(f"{value + 0:.4g}" for value in values)
