"""Lesions as sheets draw them: the key slice, the outline on it, and what the network sees."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from skimage import transform

from synthaug.cohort import annotations
from synthaug.cohort.cases import on_source
from synthaug.errors import InputError
from synthaug.imaging import intensity, volumes


@dataclass(frozen=True)
class Lesion:
    """One lesion.

    Attributes
    ----------
    row
        Of cases.csv.
    image
        The whole key slice, float32 (y, x) in 0-1.
    mask
        The outline, filled: bool (y, x).
    seen
        The image as the network sees it, without augmentation: uint8 (rows, columns). None if the task has none of this
        lesion.
    beyond
        Share of ``seen`` that lies beyond the slice, 0 to 1; None if the task does not say.
    placed
        Whether it is known where in the patient the slice lies, and so which sides are right and left.
    box
        Where a box is annotated, its x0, y0, x1, y1: float64 (4,), half-open in px of the slice. None elsewhere.
    """

    row: pd.Series
    image: np.ndarray
    mask: np.ndarray
    seen: np.ndarray | None = None
    beyond: float | None = None
    placed: bool = False
    box: np.ndarray | None = None


class Reader:
    """Reads the lesions of checked cases.

    Parameters
    ----------
    table
        The case table as `case_table.read_table` returns it.
    folder
        Where the table lies.
    window
        As `imaging.intensity.limits` takes it.
    units
        The table of the task's samples: ``lesion``, and perhaps ``beyond``.
    seen
        Their images, (n, rows, columns): uint8, or in the units of the slices, which ``window`` then maps to gray.
    """

    def __init__(self, table: pd.DataFrame, folder: Path, window: dict, units: pd.DataFrame, seen: np.ndarray):
        self._table, self._folder, self._window = table.set_index("lesion"), folder, window
        self._units, self._seen = units, seen
        self._place = {lesion: place for place, lesion in enumerate(units.get("lesion", []))}

    def read(self, row: pd.Series) -> Lesion:
        """Read the lesion of a row of cases.csv.

        Raises
        ------
        InputError
            If its image or mask cannot be read, or its slice has no contrast. Slices on which nothing is drawn may have
            little: then the darkest and the brightest value take the place of percentiles.
        """
        annotation = self._table.loc[row["lesion"]]
        source = volumes.open_image(self._folder / annotation["image"])
        image, mask = on_source(source, {**annotation.to_dict(), "slice": row["slice"]}, self._folder)
        try:
            limits = intensity.limits(image, self._window)
        except InputError as error:
            if mask.any():
                raise InputError(f"lesion {row['lesion']}, {annotation['image']}: {error}") from error
            limits = float(image.min()), float(image.max())
        place = self._place.get(row["lesion"])
        seen = None if place is None else self._seen[place]
        if seen is not None and seen.dtype != np.uint8:
            seen = as_gray(intensity.unit(seen, *limits))
        beyond = None if place is None or "beyond" not in self._units else float(self._units["beyond"].iloc[place])
        box = annotations.outline_parts(annotation)[0].ravel() if annotation["box"] else None
        lesion = Lesion(row, intensity.unit(image, *limits), mask, seen, beyond, source.geometry.placed, box)
        return _of_square_pixels(lesion, source.geometry.aspect)


def _of_square_pixels(lesion: Lesion, aspect: float) -> Lesion:
    """Return a lesion with rows as far apart as columns, for the eye alone, where pixels are not square."""
    if aspect == 1:
        return lesion
    rows, columns = lesion.mask.shape
    size = (max(1, round(rows * aspect)), columns)
    image = transform.resize(lesion.image, size, 1, "edge", anti_aliasing=False)
    mask = transform.resize(lesion.mask, size, 0, "edge", anti_aliasing=False)
    center = (lesion.row["center_y_px"] + 0.5) * size[0] / rows - 0.5
    row = pd.Series(lesion.row.to_dict() | {"center_y_px": center}, name=lesion.row.name)
    box = None if lesion.box is None else lesion.box * np.array([1, size[0] / rows] * 2)
    return dataclasses.replace(lesion, row=row, image=image.astype(np.float32), mask=mask, box=box)


def as_gray(image: np.ndarray) -> np.ndarray:
    """Return an image in 0-1 as uint8 of the same shape, white as 255."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
