"""Slices with their label maps, cut from the images of a case table."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.cohort import case_table
from synthaug.errors import InputError
from synthaug.imaging import volumes
from synthaug.segmentation import annotated_images, columns, empty_slices, label_maps, slices
from synthaug.segmentation.annotated_images import AnnotatedImage
from synthaug.terms.case_columns import COLUMNS

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Slices:
    """All slices of a cohort, sorted by id.

    Attributes
    ----------
    table
        ``slices.csv``: ``slice,patient,set,volume,index,pixel_mm,rows,columns``, the pixels of each class, and the free
        columns of the case table.
    images, labels
        Of each, uint8 (side, side).
    """

    table: pd.DataFrame
    images: list[np.ndarray]
    labels: list[np.ndarray]


def cut(cases: pd.DataFrame, table: Path, params: slices.Params) -> Slices:
    """Cut all slices that the case table is about, and each patient's further slices without lesion.

    A slice is left out if nothing of a class that it shows is left when it is reduced: it would pass for one without.

    Parameters
    ----------
    cases
        ``cases.csv``.
    table
        The user's case table, which knows images and annotations.

    Raises
    ------
    InputError
        If an image cannot be read, or the annotations of a slice contradict each other.
    """
    rows = case_table.read_table(table)
    rows = rows[rows["lesion"].isin(cases["lesion"])]
    rows = rows.assign(image=rows["image"].map(os.path.normpath))  # however a row spells it
    numbers = {image: number for number, image in enumerate(rows["image"].unique(), 1)}
    free = cases.set_index("lesion").drop(columns=[*COLUMNS[1:]])
    found = []
    for _, of_patient in rows.groupby("patient", sort=False):
        first = of_patient.drop_duplicates("image").set_index("image")
        images = {
            image: annotated_images.read(of_image, table.parent, params.classes, params.precedence)
            for image, of_image in of_patient.groupby("image", sort=False)
        }
        for image, index, label_map in _chosen(images, params.empty_slices):
            row, source = first.loc[image], images[image].source
            try:
                gray, labels = slices.gray(source.slice(index), params), slices.labels(label_map, params.side)
            except InputError as error:
                raise InputError(f"lesion {row['lesion']}, {image}, slice {index}: {error}") from error
            facts = _row(row, numbers[image], len(numbers), index, source.geometry, params.side)
            facts |= _areas(labels, params.classes)
            if not _is_lost(facts["slice"], label_map, labels, params.classes):
                found.append((free.loc[row["lesion"]].to_dict() | facts, gray, labels))
    if not found:
        raise InputError("slices: expected at least one, found none that keeps its lesions when reduced; raise side")
    found.sort(key=lambda each: each[0]["slice"])
    facts, images, labels = zip(*found, strict=True)
    known = [name for name in facts[0] if name not in free]
    return Slices(pd.DataFrame(facts)[[*known, *free]], list(images), list(labels))


def _chosen(images: dict[str, AnnotatedImage], count: int) -> Iterator[tuple[str, int, np.ndarray]]:
    """Yield image, index and label map of each slice of a patient."""
    others = [(image, index) for image, each in images.items() for index in each.others]

    def blank(place: tuple[str, int]) -> bool:
        values = images[place[0]].source.slice(place[1])
        return bool(values.min() == values.max())

    for image, each in images.items():
        yield from ((image, index, label_map) for index, label_map in each.maps.items())
    for image, index in empty_slices.evenly(others, count, blank):
        yield image, index, np.zeros(images[image].source.geometry.size[1:], np.uint8)


def _row(
    row: pd.Series, number: int, numbers: int, index: int, geometry: volumes.Geometry, side: int
) -> dict[str, object]:
    """Return what is known of a slice but what is drawn on it; its id is such as P01-003-0127."""
    depth, *shape = geometry.size
    volume, place = f"{number:0{len(str(numbers))}d}", f"{index:0{len(str(depth - 1))}d}"
    spacing = np.nan if geometry.spacing is None else geometry.spacing[2]
    return {
        "slice": f"{row['patient']}-{volume}-{place}",
        "patient": row["patient"],
        "set": row["set"],
        "volume": number,
        "index": index,
        "pixel_mm": round(slices.pixel_mm(shape, spacing, side), 6),
        "rows": shape[0],
        "columns": shape[1],
    }


def _areas(labels: np.ndarray, classes: list[str]) -> dict[str, int]:
    counts = np.bincount(labels.ravel(), minlength=len(classes) + 1)[1:]
    return {columns.area(cls): int(count) for cls, count in zip(classes, counts, strict=True)}


def _is_lost(name: str, before: np.ndarray, after: np.ndarray, classes: list[str]) -> bool:
    """Return whether a class is so small on a slice that nothing of it is left after resizing, and warn of it."""
    lost = set(np.unique(before).tolist()) - set(np.unique(after).tolist()) - {label_maps.GROUND}
    for label in sorted(lost):
        log.warning(
            "slice %s is left out: nothing of the %d px of %s is left where it is reduced; a larger side would keep it",
            name, np.count_nonzero(before == label), classes[label - 1],
        )  # fmt: skip
    return bool(lost)
