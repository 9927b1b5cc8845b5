"""The images of the case table with everything that is drawn on them, slice by slice."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.cohort import annotations
from synthaug.errors import InputError
from synthaug.imaging import volumes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drawn:
    """What one row of the case table draws on one slice.

    Attributes
    ----------
    row
        Its number in the table.
    cls
        Its class.
    mask
        bool (rows, columns).
    """

    row: int
    cls: str
    mask: np.ndarray


@dataclass(frozen=True)
class AnnotatedImage:
    """One image.

    Attributes
    ----------
    source
        Its pixels.
    drawn
        Of each slice that a row of the case table is about, ascending, what the rows draw on it: nothing where a row
        says that the slice is empty. A mask of a volume is about all slices on which it draws the row's lesion.
    others
        The slices that are known to be without lesion, ascending, and that no row is about: the rest of a volume with
        masks, or all of one that a row without slice calls empty. A polygon or a box tells nothing of other slices.
    """

    source: volumes.Source
    drawn: dict[int, list[Drawn]]
    others: list[int]


def read(rows: pd.DataFrame, folder: Path) -> AnnotatedImage:
    """Read one image with its annotations; several rows may be about one slice.

    Parameters
    ----------
    rows
        Those of one image in a case table that was checked, see `case_table.read_table`.
    folder
        Where the table lies.

    Raises
    ------
    InputError
        If an image or mask cannot be read, or a slice is said to be empty and is not.
    """
    source = volumes.open_image(folder / rows["image"].iloc[0])
    drawn: dict[int, list[Drawn]] = {}
    empty, complete = {}, False
    for mask, of_mask in rows.groupby("mask", sort=False):
        labels = annotations.read_labels(folder / mask, source.geometry) if mask else None
        if labels is not None:
            complete = True
            _warn_of_others(of_mask, labels)
        for number, row in of_mask.iterrows():
            if annotations.is_empty(row):
                index = _empty_slice(row, source.geometry)
                empty |= {} if index is None else {index: number}
                complete = complete or index is None
            else:
                _draw(drawn, row, source.geometry, labels)
    for index in sorted(empty.keys() & drawn.keys()):
        classes = dict.fromkeys(each.cls for each in drawn[index])
        raise InputError(
            f"row {empty[index]}, lesion {rows.loc[empty[index], 'lesion']}: expected nothing on slice {index}, found "
            f"{' and '.join(classes)} drawn there by another row; delete one of the two"
        )
    drawn |= {index: [] for index in empty}
    known = complete and not any(rows["polygon"] + rows["box"])
    others = [index for index in range(source.geometry.size[0]) if known and index not in drawn]
    return AnnotatedImage(source, dict(sorted(drawn.items())), others)


def _draw(
    drawn: dict[int, list[Drawn]], row: pd.Series, geometry: volumes.Geometry, labels: annotations.Labels | None
) -> None:
    """Add a row's lesion to each slice that shows it."""
    if labels is None:
        index, mask = annotations.locate(row, geometry, None)
        lesion = {index: mask}
    else:
        whole = annotations.labelled(row, labels)
        lesion = {int(index): whole[index] for index in np.flatnonzero(whole.any(axis=(1, 2)))}
    for index, mask in lesion.items():
        drawn.setdefault(index, []).append(Drawn(row.name, row["class"], mask))


def _empty_slice(row: pd.Series, geometry: volumes.Geometry) -> int | None:
    """Return the slice that a row says is empty; None if it means a whole volume."""
    index = annotations.whole(row, "slice")
    return 0 if index is None and geometry.size[0] == 1 else index


def _warn_of_others(rows: pd.DataFrame, labels: annotations.Labels) -> None:
    """Warn of labels of a mask that no row names: they may be organs, or lesions that were forgotten."""
    named = {value for _, row in rows.iterrows() for value in annotations.values_of(annotations.label_of(row), labels)}
    others = [f"{label:.9g}" + f" ({name})" * bool(name) for label, name in labels.names.items() if label not in named]
    if others:
        log.warning("%s: no row names the label %s: taken as nothing there", rows["mask"].iloc[0], ", ".join(others))
