"""Slices with their label maps, cut from the images of a case table."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.cohort import listed_slices
from synthaug.cohort.listed_slices import ListedSlice
from synthaug.errors import InputError
from synthaug.segmentation import columns, label_maps, slices
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
    found = []
    for of_patient in listed_slices.by_patient(cases, table, params.empty_slices):
        for listed in of_patient:
            label_map = _label_map(listed, params)
            try:
                gray = slices.gray(listed.pixels(), params, listed.aspect)
                labels = slices.labels(label_map, params.side, listed.aspect)
            except InputError as error:
                place = f"lesion {listed.row['lesion']}, {listed.row['image']}, slice {listed.index}"
                raise InputError(f"{place}: {error}") from error
            facts = _facts(listed, params.side) | _areas(labels, params.classes)
            if not _is_lost(listed.name, label_map, labels, params.classes):
                found.append((listed.free | facts, gray, labels))
    if not found:
        raise InputError("slices: expected at least one, found none that keeps its lesions when reduced; raise side")
    found.sort(key=lambda each: each[0]["slice"])
    facts, images, labels = zip(*found, strict=True)
    free = [name for name in cases if name not in COLUMNS]
    known = [name for name in facts[0] if name not in free]
    return Slices(pd.DataFrame(facts)[[*known, *free]], list(images), list(labels))


def _label_map(listed: ListedSlice, params: slices.Params) -> np.ndarray:
    """Return what is drawn on a slice, uint8 (rows, columns)."""
    masks: dict[str, np.ndarray] = {}
    for each in listed.drawn:
        masks[each.cls] = masks.get(each.cls, False) | each.mask
    try:
        return label_maps.join(masks, listed.shape, params.classes, params.precedence)
    except InputError as error:
        row = listed.row
        raise InputError(f"row {row.name}, image {row['image']}, slice {listed.index}: {error}") from error


def _facts(listed: ListedSlice, side: int) -> dict[str, object]:
    """Return what is known of a slice but what is drawn on it."""
    return {
        "slice": listed.name,
        "patient": listed.row["patient"],
        "set": listed.row["set"],
        "volume": listed.volume,
        "index": listed.index,
        "pixel_mm": round(slices.pixel_mm(listed.shape, listed.spacing_mm, side, listed.aspect), 6),
        "rows": listed.shape[0],
        "columns": listed.shape[1],
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
