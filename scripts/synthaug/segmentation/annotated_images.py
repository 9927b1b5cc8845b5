"""The images of the case table with everything that is drawn on them, slice by slice."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.cohort import annotations
from synthaug.errors import InputError
from synthaug.imaging import volumes
from synthaug.segmentation import label_maps

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnnotatedImage:
    """One image.

    Attributes
    ----------
    source
        Its pixels.
    maps
        The label map, uint8 (rows, columns), of each slice that a row of the case table is about. A mask of a volume is
        about all slices on which it draws the row's lesion.
    others
        The slices that are known to be without lesion, ascending, and that no row is about: the rest of a volume with
        masks, or all of one that a row without slice calls empty. A polygon or a box tells nothing of other slices.
    """

    source: volumes.Source
    maps: dict[int, np.ndarray]
    others: list[int]


def read(rows: pd.DataFrame, folder: Path, classes: Sequence[str], precedence: Sequence[str] | None) -> AnnotatedImage:
    """Read one image with its annotations; several rows of one slice are joined.

    Parameters
    ----------
    rows
        Those of one image in a case table that was checked, see `case_table.read_table`.
    folder
        Where the table lies.
    classes, precedence
        See `label_maps.join`.

    Raises
    ------
    InputError
        If an image or mask cannot be read, two classes overlap, or a slice is said to be empty and is not.
    """
    source = volumes.open_image(folder / rows["image"].iloc[0])
    drawn: dict[int, dict[str, np.ndarray]] = {}
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
        raise InputError(
            f"row {empty[index]}, lesion {rows.loc[empty[index], 'lesion']}: expected nothing on slice {index}, found "
            f"{' and '.join(drawn[index])} drawn there by another row; delete one of the two"
        )
    shape = source.geometry.size[1:]
    maps = {index: np.zeros(shape, np.uint8) for index in empty}
    for index, masks in drawn.items():
        try:
            maps[index] = label_maps.join(masks, shape, classes, precedence)
        except InputError as error:
            raise InputError(f"row {rows.index[0]}, image {rows['image'].iloc[0]}, slice {index}: {error}") from error
    known = complete and not any(rows["polygon"] + rows["box"])
    others = [index for index in range(source.geometry.size[0]) if known and index not in maps]
    return AnnotatedImage(source, dict(sorted(maps.items())), others)


def _draw(
    drawn: dict[int, dict[str, np.ndarray]],
    row: pd.Series,
    geometry: volumes.Geometry,
    labels: annotations.Labels | None,
) -> None:
    """Add a row's lesion to the masks of its class, on each slice that shows it."""
    if labels is None:
        index, mask = annotations.locate(row, geometry, None)
        lesion = {index: mask}
    else:
        whole = annotations.labelled(row, labels)
        lesion = {int(index): whole[index] for index in np.flatnonzero(whole.any(axis=(1, 2)))}
    for index, mask in lesion.items():
        masks = drawn.setdefault(index, {})
        masks[row["class"]] = masks.get(row["class"], False) | mask


def _empty_slice(row: pd.Series, geometry: volumes.Geometry) -> int | None:
    """Return the slice that a row says is empty; None if it means a whole volume."""
    index = annotations.whole(row, "slice")
    return 0 if index is None and geometry.size[0] == 1 else index


def _warn_of_others(rows: pd.DataFrame, labels: annotations.Labels) -> None:
    """Warn of labels of a mask that no row names: they may be organs, or lesions that were forgotten."""
    named = {annotations.value_of(annotations.label_of(row), labels) for _, row in rows.iterrows()}
    others = [f"{label:.9g}" + f" ({name})" * bool(name) for label, name in labels.names.items() if label not in named]
    if others:
        log.warning("%s: no row names the label %s: taken as nothing there", rows["mask"].iloc[0], ", ".join(others))
