"""Lesions in DICOM segmentations (SEG) and radiotherapy structure sets (RTSTRUCT), on their image's grid.

A file is known by its SOP class, whatever its name. A label is the segment number of a SEG or the ROI number of an
RTSTRUCT. Segments and ROIs may overlap; each is drawn by itself. What does not lie on the image's voxels or slices is
refused, but for a SEG of a regular grid where resampling is allowed, see `placed_masks`, and for contours between two
slices, which are taken on the nearer one. pydicom and highdicom are slow to import, so only runs that meet such a file
do.
"""

import logging
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np

from synthaug.cohort import outlines, placed_masks
from synthaug.cohort.mask_labels import Labels
from synthaug.errors import InputError
from synthaug.imaging import contents, dicom, dicom_elements, dicom_files, quiet, volumes

SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")  # SEG; the same as a label map
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
OFF_GRID = volumes.MATCH  # voxels that a frame, or slices that a contour, may lie off the image's
DECIMALS = 3  # of a contour in px: text of limited digits must not move a corner off its pixel's centre

Result = TypeVar("Result")

log = logging.getLogger(__name__)


def file_of(path: Path) -> Path | None:
    """Return the DICOM file that a mask's path names, by its content: itself, or the only file of a folder.

    None for a mask of another format, a folder of slices, and what cannot be read.
    """
    try:
        if not path.is_dir():
            return path if contents.kind(path) == contents.DICOM else None
        files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
        if len(files) != 1 or contents.kind(files[0]) != contents.DICOM:
            return None
        elements = dicom_elements.read(files[0], frozenset({dicom_files.SOP_CLASS}))
    except (OSError, InputError):
        return None  # whoever reads it as any other mask says what is wrong
    return files[0] if elements.text(dicom_files.SOP_CLASS) in (*SEGMENTATIONS, STRUCTURE_SET) else None


class OffGrid(InputError):
    """A frame of a SEG whose pixels are not voxels of the image."""


def read(path: Path, image: volumes.Geometry, *, resample: bool = False) -> Labels:
    """Read a SEG or RTSTRUCT that belongs to an image of geometry ``image``.

    ``resample`` says whether a SEG on another grid may be resampled to the nearest voxel.

    All frames of a SEG are checked here; the contours of an RTSTRUCT only when their ROI is drawn, because ROIs that
    are no lesions (couch, body) may reach beyond the image.

    Raises
    ------
    InputError
        If it is another kind of file, damaged, of another series or place than the image, or fractional.
    """
    if not image.placed:
        raise InputError(f"{path}: expected a volume as the image of a DICOM annotation, found a 2-D picture")
    labels = _guarded(path, lambda: _read(path, image, resample))
    return Labels(labels.names, lambda label: _guarded(path, lambda: labels.lesion(label)))


def _read(path: Path, image: volumes.Geometry, resample: bool) -> Labels:
    import pydicom

    dicom_elements.read(path, frozenset())  # before a library believes its lengths
    uid = pydicom.dcmread(path, specific_tags=["SOPClassUID"], force=True).get("SOPClassUID", "")
    if uid in SEGMENTATIONS:
        return _read_segmentation(path, image, resample)
    if uid == STRUCTURE_SET:
        return _read_structure_set(path, image)
    raise InputError(
        f"{path}: expected a DICOM SEG or RTSTRUCT, found {getattr(uid, 'name', uid) or 'no SOP class'}; "
        "name the annotation's file, or the folder of a mask series"
    )


# SEG


def _read_segmentation(path: Path, image: volumes.Geometry, resample: bool) -> Labels:
    import pydicom
    from highdicom.seg import Segmentation

    segmentation = Segmentation.from_dataset(pydicom.dcmread(path, force=True), copy=False)
    if (kind := segmentation.SegmentationType) not in ("BINARY", "LABELMAP"):
        raise InputError(
            f"{path}: expected a BINARY or LABELMAP segmentation, found {kind}; export labels, not probabilities"
        )
    series = {item.SeriesInstanceUID for item in segmentation.get("ReferencedSeriesSequence", [])}
    _check_belongs(path, image, segmentation.get("FrameOfReferenceUID", ""), series)

    try:
        return _segments(path, segmentation, image)
    except OffGrid:
        if not resample:
            raise
    grid = _own_grid(path, segmentation)
    placed_masks.check(path, grid, image, resample)
    return placed_masks.moved(path, _segments(path, segmentation, grid), grid, image)


def _own_grid(path: Path, segmentation) -> volumes.Geometry:
    """Return where the voxels of a SEG lie; an `InputError` if they are no regular stack."""
    found = segmentation.get_volume_geometry(rtol=dicom.STEP_TOLERANCE)
    if found is None:
        raise InputError(
            f"{path}: expected frames on voxels of the image or of a regular stack of their own, found others; export "
            "the segmentation on its image's grid"
        )
    spacing, origin = (tuple(float(value) for value in values) for values in (found.spacing, found.position))
    direction = tuple(tuple(float(value) for value in axis) for axis in np.array(found.direction).T)
    size = tuple(int(count) for count in found.spatial_shape)
    frame_of_reference = str(segmentation.get("FrameOfReferenceUID", ""))
    return volumes.Geometry(size, spacing, origin, direction, frame_of_reference=frame_of_reference)


def _segments(path: Path, segmentation, grid: volumes.Geometry) -> Labels:
    """Return the segments of a SEG whose frames lie on the voxels of ``grid``; raises `OffGrid` if one does not."""
    kind = segmentation.SegmentationType

    def frame(number: int, label: int | None = None) -> np.ndarray:
        """Return the pixels (rows, columns) of a frame, counted from 1; with ``label``, where it is."""
        pixels = segmentation.get_stored_frame(number)
        return pixels if label is None else pixels == (label if kind == "LABELMAP" else 1)

    known = list(segmentation.segment_numbers)
    frames = {}  # of each segment: numbers and places
    count, groups = segmentation.get("NumberOfFrames"), len(segmentation.PerFrameFunctionalGroupsSequence)
    if count != groups:
        raise InputError(
            f"{path}: expected NumberOfFrames {groups} as frames described, found {count}; export it again"
        )
    for number in range(1, groups + 1):
        place = _place(path, grid, segmentation, number)
        if kind == "LABELMAP":
            segments = np.intersect1d(frame(number), known).tolist()
        else:
            item = _group(segmentation, number, "SegmentIdentificationSequence")
            segments = [int(item.ReferencedSegmentNumber)]
        for segment in segments:
            frames.setdefault(segment, []).append((number, place))

    def lesion(label: float) -> np.ndarray:
        mask = np.zeros(grid.size, dtype=bool)
        for number, (start, down, across) in frames[label]:
            pixels = frame(number, int(label))
            rows, columns = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
            mask[tuple(start[i] + rows * down[i] + columns * across[i] for i in range(3))] |= pixels
        return mask

    names = {label: str(segmentation.get_segment_description(label).segment_label) for label in sorted(frames)}
    return Labels(names, lesion)


def _group(segmentation, number: int, name: str):
    """Return a frame's own functional group, or the one that all frames share."""
    groups = segmentation.PerFrameFunctionalGroupsSequence[number - 1]
    if name not in groups:
        groups = segmentation.SharedFunctionalGroupsSequence[0]
    return groups[name].value[0]


def _place(path: Path, image: volumes.Geometry, segmentation, number: int) -> np.ndarray:
    """Return a frame's first voxel and its steps down a column and along a row, int (3, 3) in (z, y, x).

    Raises
    ------
    OffGrid
        If its pixels are not voxels of the image.
    """

    def numbers(group: str, name: str) -> np.ndarray:
        return np.array(_group(segmentation, number, group)[name].value, dtype=float)

    position = numbers("PlanePositionSequence", "ImagePositionPatient")
    along, downwards = numbers("PlaneOrientationSequence", "ImageOrientationPatient").reshape(2, 3)
    row_distance, column_distance = numbers("PixelMeasuresSequence", "PixelSpacing")
    steps = np.array([downwards * row_distance, along * column_distance])
    last = np.array([segmentation.Rows - 1, segmentation.Columns - 1])
    start, end, *neighbours = image.indices(np.array([position, position + last @ steps, *(position + steps)]))
    place = np.rint([start, *(neighbours - start)]).astype(int)
    corners = place[0] + [(0, 0, 0), last @ place[1:]]
    off = np.abs(corners - [start, end]).max() > OFF_GRID
    if off or np.abs(place[1:]).sum() != 2 or (corners < 0).any() or (corners >= image.size).any():
        first, final = (", ".join(f"{value + 0:.4g}" for value in corner.round(3)) for corner in (start, end))
        raise OffGrid(
            f"{path}: expected every frame on voxels of the image, (0, 0, 0) to {tuple(n - 1 for n in image.size)} "
            f"(z, y, x), found frame {number} from ({first}) to ({final}); segment this series itself, export the "
            "segmentation on its grid, or set cases: resample_masks: true in the config, if its place is right"
        )
    return place


# RTSTRUCT


def _read_structure_set(path: Path, image: volumes.Geometry) -> Labels:
    import pydicom

    structures = pydicom.dcmread(path, force=True)
    frames = [item.FrameOfReferenceUID for item in structures.get("ReferencedFrameOfReferenceSequence", [])]
    shared = image.frame_of_reference if image.frame_of_reference in frames else ""  # each ROI's own is checked below
    _check_belongs(path, image, shared, set(_referenced_series(structures)))
    rois = {int(roi.ROINumber): roi for roi in structures.StructureSetROISequence}
    if len(rois) < len(structures.StructureSetROISequence):
        raise InputError(f"{path}: expected a number of its own for each ROI, found one twice; export it again")
    contours: dict[int, list] = {}
    for item in structures.get("ROIContourSequence", []):
        contours.setdefault(int(item.ReferencedROINumber), []).extend(item.get("ContourSequence", []))
    drawn = [n for n in sorted(contours) if any(each.ContourGeometricType != "POINT" for each in contours[n])]
    names = {n: str(rois[n].get("ROIName", "")) for n in drawn if n in rois}
    if not names and any(contours.values()):
        raise InputError(f"{path}: expected closed contours, found ROIs of points only; draw the lesion's outline")

    def lesion(label: float) -> np.ndarray:
        where = f"{path}, ROI {label:g}" + (f" ({names[label]})" if names[label] else "")
        _check_belongs(where, image, rois[label].get("ReferencedFrameOfReferenceUID", ""), set())
        return _fill_all(where, image, contours[label])

    return Labels(names, lesion)


def _referenced_series(structures) -> Iterable[str]:
    for frame in structures.get("ReferencedFrameOfReferenceSequence", []):
        for study in frame.get("RTReferencedStudySequence", []):
            for series in study.get("RTReferencedSeriesSequence", []):
                yield series.SeriesInstanceUID


def _fill_all(where: str, image: volumes.Geometry, contours: Iterable) -> np.ndarray:
    """Fill the contours of one ROI, bool (z, y, x); those of a slice together, because one may be another's hole.

    A contour between slices is taken on the nearest one. Where several planes of contours have one nearest slice, it
    has the plane that is nearest to it: an outline within another of another plane is no hole.
    """
    on_slice: dict[int, list[tuple[float, np.ndarray]]] = {}
    for number, contour in enumerate(contours, start=1):
        name = f"{where}, contour {number}"
        if contour.ContourGeometricType not in CLOSED:
            raise InputError(
                f"{name}: expected closed contours, found {contour.ContourGeometricType}; delete or close it"
            )
        points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
        index, off, outline = _place_contour(name, image, points)
        on_slice.setdefault(index, []).append((off, outline))
    mask = np.zeros(image.size, dtype=bool)
    for index, found in on_slice.items():
        mask[index] = outlines.fill(f"{where}, slice {index}", _of_nearest_plane(found), image.size[1:])
    farthest = max((abs(off) for found in on_slice.values() for off, _ in found), default=0)
    if farthest > OFF_GRID:
        file, roi, name = where.partition(", ROI ")
        log.warning(
            "%s: contours between slices, up to %.2f of their distance off: taken on the nearest slice",
            f"{Path(file).name}{roi}{name}", farthest,
        )  # fmt: skip
    return mask


def _of_nearest_plane(found: list[tuple[float, np.ndarray]]) -> list[np.ndarray]:
    """Return the outlines of the plane nearest to their slice, given how far above it each lies, in slices."""
    nearest = min((off for off, _ in found), key=lambda off: (round(abs(off), DECIMALS), off))
    if abs(nearest) <= OFF_GRID:
        return [outline for off, outline in found if abs(off) <= OFF_GRID]
    return [outline for off, outline in found if abs(off - nearest) <= OFF_GRID]


def _place_contour(where: str, image: volumes.Geometry, points: np.ndarray) -> tuple[int, float, np.ndarray]:
    """Return where a closed contour of (n, 3) points x, y, z in mm lies.

    Returns
    -------
    Index of the nearest slice, how far above it in slices, and float (n, 2) of x, y in px.
    """
    z, y, x = image.indices(points).T
    plane = round(float(z.mean()), DECIMALS)  # so that contours of one plane in the middle go to one slice
    index = math.floor(plane + 0.5)
    if np.abs(z - plane).max() > OFF_GRID:
        raise InputError(
            f"{where}: expected contours along the image's slices, found one from slice {z.min():.4g} to {z.max():.4g} "
            "(from 0 at the feet): not axial; draw it on this series"
        )
    slices, *shape = image.size
    if not 0 <= index < slices or min(x.min(), y.min()) < -1 or x.max() > shape[1] or y.max() > shape[0]:
        raise InputError(
            f"{where}: expected contours within slices 0 to {slices - 1} of {shape[1]} x {shape[0]} px, found one on "
            f"slice {index}, x from {x.min():.4g} to {x.max():.4g} and y from {y.min():.4g} to {y.max():.4g}; draw it "
            "on this series"
        )
    return index, plane - index, np.column_stack([x, y]).round(DECIMALS)


# Both


def _check_belongs(where: str | Path, image: volumes.Geometry, frame_of_reference: str, series: set[str]) -> None:
    """Refuse an annotation of another series or frame of reference, as far as both files say.

    One of another series is taken, with a warning, if both say that they have one frame of reference: then its place on
    the image is known, and checked.
    """
    same_frame = bool(frame_of_reference) and image.frame_of_reference == frame_of_reference
    other_series = bool(image.series and series) and image.series not in series
    if other_series and same_frame:
        log.warning("%s: drawn on another series of the same frame of reference", Path(where).name)
    if other_series and not same_frame and not (image.frame_of_reference and frame_of_reference):
        raise InputError(
            f"{where}: expected an annotation of the image's series {image.series}, found one of "
            f"{dicom_files.listed(sorted(series))}; name the annotation drawn on this series, or the series it was "
            "drawn on"
        )
    if image.frame_of_reference and frame_of_reference and image.frame_of_reference != frame_of_reference:
        raise InputError(
            f"{where}: expected the image's frame of reference {image.frame_of_reference}, found "
            f"{frame_of_reference}: the positions have nothing to do with each other; name the annotation drawn on "
            "this series"
        )


def _guarded(path: Path, look: Callable[[], Result]) -> Result:
    """Return ``look()``; whatever a damaged or incomplete file causes here or in a library becomes an `InputError`."""
    try:
        with quiet.silenced():
            return look()
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"{path}: expected a complete DICOM annotation, found a truncated, damaged or unsupported file "
            f"({type(error).__name__}: {str(error).strip().partition(chr(10))[0]}); export it again"
        ) from error
