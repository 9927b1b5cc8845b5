"""The slices that a case table gives, patient by patient: those that it is about, and further ones without lesion."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.cohort import annotated_images, case_table, empty_slices
from synthaug.cohort.annotated_images import AnnotatedImage, Drawn
from synthaug.imaging import volumes
from synthaug.terms.case_columns import COLUMNS


@dataclass(frozen=True)
class ListedSlice:
    """One slice.

    Attributes
    ----------
    name
        Its id, such as P01-003-0127: patient, number of the image in the table, number of the slice in the image.
    row
        The first row of its image in the case table; its name is the row's number.
    volume
        Number of the image.
    index
        Of the slice in its image.
    source
        The image.
    drawn
        What the rows of the table draw on it.
    free
        The table's free columns, of ``row``.
    """

    name: str
    row: pd.Series
    volume: int
    index: int
    source: volumes.Source
    drawn: list[Drawn]
    free: dict[str, object]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.source.geometry.size[1:]

    @property
    def spacing_mm(self) -> float:
        """Width of a pixel in mm, NaN of a picture."""
        spacing = self.source.geometry.spacing
        return np.nan if spacing is None else spacing[2]

    @property
    def aspect(self) -> float:
        """Height of a pixel over its width."""
        return self.source.geometry.aspect

    def pixels(self) -> np.ndarray:
        """Return the slice, float32 (rows, columns)."""
        return self.source.slice(self.index)


def by_patient(cases: pd.DataFrame, table: Path, further: int) -> Iterator[list[ListedSlice]]:
    """Yield the slices of each patient: images in the order of the table, in each the slices that rows are about.

    After those come at most ``further`` ones without lesion, see `empty_slices.evenly`.

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
    for _, of_patient in rows.groupby("patient", sort=False):
        images = {
            image: annotated_images.read(of_image, table.parent)
            for image, of_image in of_patient.groupby("image", sort=False)
        }
        first = of_patient.drop_duplicates("image")
        first = dict(zip(first["image"], (row for _, row in first.iterrows()), strict=True))
        listed = []
        for image, index, drawn in _chosen(images, further):
            row, source = first[image], images[image].source
            name = _name(row["patient"], numbers[image], len(numbers), index, source.geometry.size[0])
            known = free.loc[row["lesion"]].to_dict()
            listed.append(ListedSlice(name, row, numbers[image], index, source, drawn, known))
        yield listed


def _chosen(images: dict[str, AnnotatedImage], count: int) -> Iterator[tuple[str, int, list[Drawn]]]:
    """Yield image, index and what is drawn of each slice of a patient."""
    others = [(image, index) for image, each in images.items() for index in each.others]

    def blank(place: tuple[str, int]) -> bool:
        values = images[place[0]].source.slice(place[1])
        return bool(values.min() == values.max())

    for image, each in images.items():
        yield from ((image, index, drawn) for index, drawn in each.drawn.items())
    for image, index in empty_slices.evenly(others, count, blank):
        yield image, index, []


def _name(patient: str, number: int, numbers: int, index: int, depth: int) -> str:
    return f"{patient}-{number:0{len(str(numbers))}d}-{index:0{len(str(depth - 1))}d}"
