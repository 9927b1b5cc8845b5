"""DICOM series: which files belong together, in what order and how far apart. Names of files do not count."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthaug.errors import InputError
from synthaug.imaging import dicom_agreement, dicom_files, dicom_pixels
from synthaug.imaging.dicom_elements import Elements

STEP_TOLERANCE = 0.1  # of the slice distance; scanners round positions, a lost slice is 1.0
SERIES, POSITION, ORIENTATION, PIXEL_SPACING = 0x0020000E, 0x00200032, 0x00200037, 0x00280030
DESCRIPTION, FRAME_OF_REFERENCE = 0x0008103E, 0x00200052
INTERCEPT, SLOPE = dicom_pixels.INTERCEPT, dicom_pixels.SLOPE
NAMES = {
    POSITION: "ImagePositionPatient",
    ORIENTATION: "ImageOrientationPatient",
    PIXEL_SPACING: "PixelSpacing",
    INTERCEPT: "RescaleIntercept",
    SLOPE: "RescaleSlope",
}
TAGS = dicom_agreement.TAGS | dicom_pixels.TAGS | {SERIES, DESCRIPTION, FRAME_OF_REFERENCE, *NAMES}


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
    aside
        What else lies in the folder, in words.
    """

    files: list[Path]
    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: np.ndarray
    axes: np.ndarray
    uid: str
    frame_of_reference: str
    aside: list[str]


def read_series(folder: Path) -> Series:
    """Read the headers of a folder's DICOM files, or of a single file.

    Raises
    ------
    InputError
        If the files are not one series of one regular stack of grey-level slices, or a file may be a slice and cannot
        be read.
    """
    found = dicom_files.find(folder, TAGS) if folder.is_dir() else dicom_files.single(folder, TAGS)
    headers = [_Header(path, dicom_pixels.size(path, elements), elements) for path, elements in found.slices.items()]
    _check_one_series(folder, headers)
    positions = np.array([header.numbers(POSITION, 3) for header in headers])
    axes = _check_orientation(folder, headers)
    normal = np.cross(*axes)
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    headers, positions, along = [headers[i] for i in order], positions[order], along[order]
    step = _check_steps(folder, headers, along)
    dicom_agreement.check([(header.path, header.elements) for header in headers])
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
    uids = (headers[0].elements.text(tag) for tag in (SERIES, FRAME_OF_REFERENCE))
    return Series([header.path for header in headers], size, spacing, positions[0], axes, *uids, found.aside)


@dataclass(frozen=True)
class _Header:
    path: Path
    size: tuple[int, int]  # rows, columns
    elements: Elements

    def numbers(self, tag: int, count: int) -> np.ndarray:
        """Return the ``count`` numbers of ``tag``."""
        text = self.elements.text(tag)
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


def _check_one_series(folder: Path, headers: list[_Header]) -> None:
    series = {}
    for header in headers:
        series.setdefault(header.elements.text(SERIES), []).append(header)
    if len(series) > 1:
        found = [
            f"{uid or 'no SeriesInstanceUID'} ({len(group)} {'file' if len(group) == 1 else 'files'}, e.g. "
            f"{group[0].path.name}, {group[0].elements.text(DESCRIPTION) or 'no description'})"
            for uid, group in series.items()
        ]
        raise InputError(
            f"{folder}: expected one DICOM series, found {len(series)}: {dicom_files.listed(found)}; give each series "
            "its own folder"
        )
    first = headers[0]
    for header in headers:
        _check_scales(header)
    scaled = bool(first.elements.text(SLOPE))
    for header in headers[1:]:
        if bool(header.elements.text(SLOPE)) != scaled:
            with_one, without = (first, header) if scaled else (header, first)
            raise InputError(
                f"{without.path}: expected a RescaleSlope and a RescaleIntercept as in {with_one.path.name}, found "
                "none; export the series again"
            )
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
        expected, found = "a PixelSpacing above 0 mm", header.elements.text(PIXEL_SPACING)
    elif header.elements.text(SLOPE) and not header.numbers(SLOPE, 1).all():
        expected, found = "a RescaleSlope other than 0", header.elements.text(SLOPE)
    else:
        if header.elements.text(INTERCEPT):
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
