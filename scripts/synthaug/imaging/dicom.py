"""DICOM series: which files belong together, in what order and how far apart. Names of files do not count."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthaug.errors import InputError
from synthaug.imaging import image_files

STEP_TOLERANCE = 0.1  # of the slice distance; scanners round positions, a lost slice is 1.0
SERIES, POSITION, ORIENTATION, PIXEL_SPACING = "0020|000e", "0020|0032", "0020|0037", "0028|0030"
FRAMES, PHOTOMETRIC, DESCRIPTION, FRAME_OF_REFERENCE = "0028|0008", "0028|0004", "0008|103e", "0020|0052"
INTERCEPT, SLOPE = "0028|1052", "0028|1053"
NAMES = {
    POSITION: "ImagePositionPatient",
    ORIENTATION: "ImageOrientationPatient",
    PIXEL_SPACING: "PixelSpacing",
    INTERCEPT: "RescaleIntercept",
    SLOPE: "RescaleSlope",
}
TAGS = (SERIES, FRAMES, PHOTOMETRIC, DESCRIPTION, FRAME_OF_REFERENCE, *NAMES)


@dataclass(frozen=True)
class Series:
    """The slices of one series, ascending along the normal of its planes.

    Attributes
    ----------
    files
        One file per slice.
    size, spacing
        Columns, rows and slices, and their distances in mm; the last is NaN for a single slice.
    origin
        float64 (3,): centre of the first slice's first pixel in mm, patient coordinates.
    axes
        float64 (2, 3): unit vectors along a row and along a column.
    uid, frame_of_reference
        SeriesInstanceUID and FrameOfReferenceUID, "" if missing.
    """

    files: list[Path]
    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: np.ndarray
    axes: np.ndarray
    uid: str
    frame_of_reference: str


def read_series(folder: Path) -> Series:
    """Read the headers of a folder's DICOM files; whatever else lies there is ignored.

    Raises
    ------
    InputError
        If the files are not one series of one regular stack of grey-level slices.
    """
    headers = [_header(path) for path in _dicom_files(folder)]
    _check_one_series(folder, headers)
    positions = np.array([header.numbers(POSITION, 3) for header in headers])
    axes = _check_orientation(folder, headers)
    normal = np.cross(*axes)
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    headers, positions, along = [headers[i] for i in order], positions[order], along[order]
    step = _check_steps(folder, headers, along)
    rows, columns = headers[0].size
    row_spacing, column_spacing = headers[0].numbers(PIXEL_SPACING, 2)
    shift = np.linalg.norm(positions - positions[0] - np.outer(along - along[0], normal), axis=1)
    if shift.max() > 0.5 * column_spacing:
        raise InputError(
            f"{folder}: expected slices straight above each other, found a shift of {shift.max():.3g} mm within the "
            f"plane up to {headers[shift.argmax()].path.name}: a tilted gantry or a moved field of view; "
            "resample the series"
        )
    size, spacing = (columns, rows, len(headers)), (float(column_spacing), float(row_spacing), step)
    uids = (headers[0].tags.get(tag, "") for tag in (SERIES, FRAME_OF_REFERENCE))
    return Series([header.path for header in headers], size, spacing, positions[0], axes, *uids)


def pixels(path: Path) -> np.ndarray:
    """Return one slice, (rows, columns), with its own rescale applied: HU for CT.

    Raises
    ------
    InputError
        If the file is truncated or damaged.
    """
    return image_files.pixels(image_files.reader(path, "GDCMImageIO"))[0]


@dataclass(frozen=True)
class _Header:
    path: Path
    size: tuple[int, int]  # rows, columns
    tags: dict[str, str]

    def numbers(self, tag: str, count: int) -> np.ndarray:
        """Return the ``count`` numbers of ``tag``."""
        text = self.tags.get(tag, "")
        try:
            values = np.array([float(part) for part in text.split("\\")])
        except ValueError:
            values = np.array([])
        if len(values) != count or not np.isfinite(values).all():
            raise InputError(
                f"{self.path}: expected {count} numbers in {NAMES[tag]}, found {text!r}; "
                "export the series again with its geometry and rescale"
            )
        return values


def _dicom_files(folder: Path) -> list[Path]:
    """Return the DICOM files of a folder, known by their content: names and extensions say nothing."""
    found, others = [], 0
    for path in sorted(folder.iterdir()):
        if path.is_dir() or path.name.startswith(".") or path.name.upper() == "DICOMDIR":
            continue
        with path.open("rb") as file:
            start = file.read(132)
        if start[128:] == b"DICM" or not start or path.suffix.lower() in (".dcm", ".ima"):
            found.append(path)  # an empty or damaged slice too: reading it says so
        else:
            others += 1
    if not found:
        raise InputError(
            f"{folder}: expected the DICOM files of one series, found none ({others} other files); "
            "name the folder that holds the slices themselves"
        )
    return found


def _header(path: Path) -> _Header:
    reader = image_files.reader(path, "GDCMImageIO")
    tags = {key: reader.GetMetaData(key).strip(" \0") for key in TAGS if reader.HasMetaDataKey(key)}
    columns, rows, *frames = reader.GetSize()
    if tags.get(FRAMES, "1") not in ("", "1") or frames not in ([], [1]):
        raise InputError(f"{path}: expected one slice a file, found {tags.get(FRAMES)} frames; convert it to NIfTI")
    if tags.get(PHOTOMETRIC) != "MONOCHROME2":
        raise InputError(
            f"{path}: expected grey levels (MONOCHROME2), found {tags.get(PHOTOMETRIC)}; export the original series"
        )
    return _Header(path, (rows, columns), tags)


def _check_one_series(folder: Path, headers: list[_Header]) -> None:
    series = {}
    for header in headers:
        series.setdefault(header.tags.get(SERIES, ""), []).append(header)
    if len(series) > 1:
        found = "; ".join(
            f"{uid or 'no SeriesInstanceUID'} ({len(group)} files, e.g. {group[0].path.name}, "
            f"{group[0].tags.get(DESCRIPTION) or 'no description'})"
            for uid, group in series.items()
        )
        raise InputError(
            f"{folder}: expected one DICOM series, found {len(series)}: {found}; give each series its own folder"
        )
    first = headers[0]
    for header in headers:
        _check_scales(header)
    for header in headers[1:]:
        for name, expected, value in (
            ("size (rows, columns)", first.size, header.size),
            ("PixelSpacing", first.numbers(PIXEL_SPACING, 2).tolist(), header.numbers(PIXEL_SPACING, 2).tolist()),
        ):
            if expected != value and not np.allclose(expected, value, rtol=1e-4):
                raise InputError(
                    f"{header.path}: expected {name} {expected} as in {first.path.name}, found {value}; "
                    "give each series its own folder"
                )


def _check_scales(header: _Header) -> None:
    """Check the size of a pixel and the rescale, where the reader silently takes 0 for 1."""
    if not (header.numbers(PIXEL_SPACING, 2) > 0).all():
        expected, found = "a PixelSpacing above 0 mm", header.tags[PIXEL_SPACING]
    elif header.tags.get(SLOPE) and not header.numbers(SLOPE, 1).all():
        expected, found = "a RescaleSlope other than 0", header.tags[SLOPE]
    else:
        if header.tags.get(INTERCEPT):
            header.numbers(INTERCEPT, 1)
        return
    raise InputError(f"{header.path}: expected {expected}, found {found!r}; export the series again")


def _check_orientation(folder: Path, headers: list[_Header]) -> np.ndarray:
    """Return the unit vectors along a row and along a column, (2, 3), that all slices share."""
    first = headers[0].numbers(ORIENTATION, 6)
    for header in headers[1:]:
        values = header.numbers(ORIENTATION, 6)
        if not np.array_equal(first, values) and not np.allclose(first, values, atol=1e-3):
            raise InputError(
                f"{header.path}: expected ImageOrientationPatient {first.tolist()} as in {headers[0].path.name}, "
                f"found {values.tolist()}; move localisers and other scans out of the folder"
            )
    axes = first.reshape(2, 3)
    lengths = np.linalg.norm(axes, axis=1, keepdims=True)
    axes = axes / np.where(lengths > 0, lengths, 1)
    if not (lengths.all() and abs(axes[0] @ axes[1]) < 1e-3):
        raise InputError(
            f"{folder}: expected perpendicular rows and columns, found ImageOrientationPatient {first.tolist()}; "
            "export the series again"
        )
    return axes


def _check_steps(folder: Path, headers: list[_Header], along: np.ndarray) -> float:
    """Return the distance of neighbouring slices in mm; NaN for a single slice."""
    if len(along) == 1:
        return float("nan")
    steps = np.diff(along)
    typical = float(np.median(steps))
    for i, step in enumerate(steps):
        pair = f"{headers[i].path.name} and {headers[i + 1].path.name}"
        if step < 1e-3:
            raise InputError(
                f"{folder}: expected one file a slice position, found {pair} both at {along[i]:.6g} mm; "
                "remove the duplicate or give each scan its own folder"
            )
        if abs(step - typical) > STEP_TOLERANCE * typical:
            raise InputError(
                f"{folder}: expected slices {typical:.4g} mm apart, found {step:.4g} mm between {pair}: "
                "a missing slice or uneven distances; copy the whole series or resample it"
            )
    return float((along[-1] - along[0]) / (len(along) - 1))
