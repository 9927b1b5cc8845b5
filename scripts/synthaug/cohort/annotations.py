"""The annotation of one lesion, a mask, a polygon or a box, as a 2-D mask on a slice.

Pixel coordinates are those of the axial slice that `volumes` returns: x to the right, y down; pixel centres are
integers.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from skimage import draw, measure

from synthaug.cohort import (
    bracketed_outlines,
    case_table,
    colour_masks,
    dicom_annotations,
    mask_labels,
    outlines,
    placed_masks,
)
from synthaug.cohort.mask_labels import Labels
from synthaug.errors import InputError
from synthaug.imaging import volumes
from synthaug.terms.case_columns import KINDS

COMMA = re.compile(r"\s*,\s*")
PAIR = re.compile(r"[^\s,]+,[^\s,]+")
NO_NAME = re.compile(r"#|[-+]?[0-9.,]+$")  # of a label: it is a colour or a number, or was meant as one
WHOLE = re.compile(case_table.WHOLE)


def kind(row: Mapping[str, str]) -> str:
    """Return which of mask, polygon and box the row of a case table gives.

    Raises
    ------
    InputError
        If it is not exactly one.
    """
    given = [name for name in KINDS if row[name]]
    if len(given) != 1:
        raise InputError(
            f"expected one of mask, polygon and box, found {' and '.join(given) or 'none'}; fill exactly one of them"
        )
    return given[0]


def is_empty(row: Mapping[str, str]) -> bool:
    """Return whether the row of a case table has no annotation at all: neither mask, polygon or box, nor a label."""
    return not any(row[name] for name in (*KINDS, "label"))


def is_whole(row: Mapping[str, str]) -> bool:
    """Return whether the row of a checked table is about a whole image: it has a class, and nothing is drawn."""
    return is_empty(row) and bool(row["class"])


def whole(row: Mapping[str, str], column: str) -> int | None:
    """Return a cell as an integer, None if it is empty; spreadsheets turn 12 into 12.0, which is allowed.

    Raises
    ------
    InputError
        If it is no whole number of at least 0.
    """
    if not row[column]:
        return None
    if not WHOLE.fullmatch(row[column]):
        raise InputError(f"{column}: expected a whole number of at least 0, found {row[column]!r}; correct the cell")
    return int(row[column].partition(".")[0])


def label_of(row: Mapping[str, str]) -> int | str | None:
    """Return the label of a row: an integer, ``#rrggbb`` of a mask in colours, or a name; None if the cell is empty.

    Raises
    ------
    InputError
        If it is a number that is no label, or no colour although it begins as one does.
    """
    if colour_masks.COLOUR.fullmatch(row["label"]):
        return row["label"].lower()
    if row["label"] and not NO_NAME.match(row["label"]) and not _is_number(row["label"]):
        return row["label"]
    try:
        return whole(row, "label")
    except InputError as error:
        raise InputError(
            f"label: expected a whole number of at least 0, a colour such as #ff0000, or the name of a segment or ROI, "
            f"found {row['label']!r}; correct the cell"
        ) from error


def outline_parts(row: Mapping[str, str]) -> list[np.ndarray]:
    """Return the vertices of each polygon of a lesion, or two corners of its box: float64 (n, 2), x, y in px.

    Raises
    ------
    InputError
        If the cell is no such list of numbers, as with decimal commas, or a polygon is a line.
    """
    name = kind(row)
    cell = bracketed_outlines.plain(name, row[name])
    cells = cell.strip("; ").split(";") if name == "polygon" else [cell]
    return [_outline(name, cell) for cell in cells]


def _outline(name: str, cell: str) -> np.ndarray:
    """Return the vertices of a polygon, or two corners of a box; ``name`` says which it is."""
    parts = COMMA.sub(",", cell).split()
    # Else commas may be decimal ones; not where they alone part the numbers.
    paired = "," not in cell or len(parts) == 1 or all(PAIR.fullmatch(part) for part in parts)
    try:
        points = np.array([float(number) for part in parts for number in part.split(",")])
    except ValueError:
        points = np.array([np.nan])
    form = '"x,y x,y ..." with at least 3 points' if name == "polygon" else '"x0,y0,x1,y1" with x0 < x1 and y0 < y1'
    good = np.isfinite(points).all() and len(points) % 2 == 0 and ((len(points) >= 6 and paired) or name == "box")
    if name == "box":
        good = good and len(points) == 4 and points[0] < points[2] and points[1] < points[3]
    if not good:
        raise InputError(f"{name}: expected {form} in pixels, found {_short(cell)}; correct the cell")
    points = points.reshape(-1, 2)
    if name == "polygon" and outlines.is_line(points):
        raise InputError(f"polygon: expected an outline with an area, found a line, {_short(cell)}; draw it again")
    return points


def read_labels(path: Path, image: volumes.Geometry, *, resample: bool = True) -> Labels:
    """Read a whole mask, a volume, picture, DICOM SEG or RTSTRUCT, that belongs to an image of geometry ``image``.

    Parameters
    ----------
    resample
        Whether a mask volume or SEG on another grid may be resampled; a table that was checked has such masks only if
        it may.

    Raises
    ------
    InputError
        If it cannot be read, does not lie where the image lies, or holds values that are no labels.
    """
    if annotation := dicom_annotations.file_of(path):
        return dicom_annotations.read(annotation, image, resample=resample)
    source = volumes.open_image(path)
    elsewhere = bool(image.difference(source.geometry))
    if elsewhere:
        placed_masks.check(path, source.geometry, image, resample)
    elif coloured := colour_masks.read(path):
        return coloured
    labels = source.volume()
    if labels.dtype.kind == "f" and np.any(labels != np.rint(labels)):
        raise InputError(f"{path}: expected whole numbers (labels), found fractions; export labels, not probabilities")
    if elsewhere:
        return placed_masks.moved(path, mask_labels.of_volume(labels), source.geometry, image)
    return mask_labels.of_volume(labels)


def locate(row: Mapping[str, str], image: volumes.Geometry, labels: Labels | None) -> tuple[int, np.ndarray]:
    """Find a lesion's key slice and draw the lesion on it.

    Parameters
    ----------
    row
        A row of the case table. The key slice is its ``slice`` or, for a mask, the slice of largest area. Of a row
        without class and annotation, where such rows are allowed, it is ``slice`` or the middle one, and nothing is
        drawn. Of one with a class and no annotation, all of the slice is.
    image
        Geometry of the row's image.
    labels
        The row's mask as `read_labels` gives it; None for a polygon or box.

    Returns
    -------
    Slice index, and bool (y, x).

    Raises
    ------
    InputError
        If the slice is missing or outside, the lesion is empty there, or its label is absent or ambiguous.
    """
    index = whole(row, "slice")
    if index is not None and index >= image.size[0]:
        raise InputError(f"slice: expected 0 to {image.size[0] - 1}, found {index}; they count from the lowest z")
    if is_empty(row) and not is_whole(row):
        return image.size[0] // 2 if index is None else index, np.zeros(image.size[1:], dtype=bool)
    if labels is None:
        if index is None and image.size[0] > 1:
            what = "that is meant" if is_whole(row) else f"of the {kind(row)}"
            raise InputError(f"slice: expected the slice {what}, found an empty cell; slices count from 0")
        index = index or 0
        mask = drawn(row, image)
    else:
        lesion = labelled(row, labels)
        if index is None:
            index = int(lesion.sum(axis=(1, 2)).argmax())
        mask = lesion[index]
    if not mask.any():
        raise InputError(
            f"{row['mask'] or kind(row)}: expected a lesion on slice {index}, found nothing drawn there; "
            "correct slice or label, or draw the lesion again"
        )
    return index, mask


def on_slice(row: Mapping[str, str], folder: Path, image: volumes.Geometry, index: int) -> np.ndarray:
    """Draw a lesion of a checked table on slice ``index``, bool (y, x); only that slice of a mask volume is read."""
    if is_empty(row) and not is_whole(row):
        return np.zeros(image.size[1:], dtype=bool)
    if is_whole(row) or kind(row) != "mask":
        return drawn(row, image)
    path = folder / row["mask"]
    if annotation := dicom_annotations.file_of(path):
        return labelled(row, dicom_annotations.read(annotation, image, resample=True))[index]
    if coloured := colour_masks.read(path):
        return labelled(row, coloured)[index]
    source = volumes.open_image(path)
    if image.difference(source.geometry):
        return labelled(row, read_labels(path, image))[index]
    labels = source.slice(index)
    label = label_of(row)
    return labels != 0 if label is None else labels == label


def drawn(row: Mapping[str, str], image: volumes.Geometry) -> np.ndarray:
    """Rasterise polygons, or the ellipse inside a box (a box says nothing about its corners): bool (y, x).

    Of a row about a whole image, each pixel is drawn.

    Raises
    ------
    InputError
        If one reaches beyond the image or, of a polygon, crosses itself all along.
    """
    shape = image.size[1:]
    if is_whole(row):
        return np.ones(shape, dtype=bool)
    limits = np.array([shape[1], shape[0]])
    mask = np.zeros(shape, dtype=bool)
    for points in outline_parts(row):
        if (points < -1).any() or (points > limits).any():
            raise InputError(
                f"{kind(row)}: expected x from 0 to {limits[0] - 1} and y from 0 to {limits[1] - 1}, found x from "
                f"{points[:, 0].min():g} to {points[:, 0].max():g} and y from {points[:, 1].min():g} to "
                f"{points[:, 1].max():g}; give pixels of this image, not mm"
            )
        if kind(row) == "polygon":
            mask[draw.polygon(points[:, 1], points[:, 0], shape)] = True
            if outlines.crosses_itself(points):
                raise InputError(
                    f"polygon: expected an outline, found a zigzag that crosses itself, {_short(row['polygon'])}; give "
                    "the points in their order, with decimal points, not commas"
                )
        else:
            (x, y), (x_radius, y_radius) = points.mean(axis=0), (points[1] - points[0]) / 2
            mask[draw.ellipse(y, x, y_radius, x_radius, shape)] = True
    return mask


def largest_diameter(mask: np.ndarray, spacing: tuple[float, float] = (1.0, 1.0)) -> float:
    """Return the largest (Feret) diameter of a non-empty 2-D mask, in units of ``spacing`` (y, x).

    It is measured between pixel borders, so that a disc of radius r gives 2 r within a pixel.
    """
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    lesion = np.pad(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1).astype(float)
    points = np.concatenate(measure.find_contours(lesion, 0.5)) * spacing
    points = points[ConvexHull(points).vertices]
    return float(pdist(points).max())


def labelled(row: Mapping[str, str], labels: Labels) -> np.ndarray:
    """Return where a mask has the row's label, or its only one: bool (z, y, x).

    Raises
    ------
    InputError
        If the label is absent or ambiguous.
    """
    if not labels.names:
        raise InputError(f"{row['mask']}: expected a lesion, found only zeros; draw the lesion again")
    label = label_of(row)
    values = values_of(label, labels)
    if label is None and len(values) > 1:
        found = "an empty cell; add it"
    elif not values:
        found = f"{label}; correct it"
    elif len(values) > 1 and not label.startswith("#"):  # a palette may hold a colour twice
        found = f"{label}, the name of {len(values)} of them; give the number"
    else:
        return labels.lesion(values[0])
    raise InputError(f"label: expected one of {labels.listed()}, the labels of {row['mask']}, found {found}")


def values_of(label: int | str | None, labels: Labels) -> list[float]:
    """Return the values in the mask that a label means, see `label_of`: by number or name; each of them for None."""
    if isinstance(label, str):
        return [value for value, name in labels.names.items() if name.strip().casefold() == label.casefold()]
    return [value for value in labels.names if label in (None, value)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
