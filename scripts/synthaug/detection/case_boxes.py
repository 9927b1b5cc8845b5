"""What the boxes of a case table as a whole say: whether their numbers are corners in pixels, or something else."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.cohort import bracketed_outlines, case_table
from synthaug.detection import columns
from synthaug.errors import InputError
from synthaug.imaging import volumes

MOST = 0.5  # of the boxes: if so many are impossible as corners, it is not a slip of the pen
ROOM = 1.0  # px: so far a box may reach beyond its image
FLAGS = ("", "0", "1", "0.0", "1.0")


def check(table_path: str | Path) -> None:
    """Refuse a table whose boxes are all of another form, and cells of ``ignore`` that are neither 0 nor 1.

    The form is asked of all boxes at once, for each single one could be a box of a strange place. Boxes that lie
    between 0 and 1 are fractions. Where half of them or more end before they begin, and all of them lie within their
    images if the last two numbers are taken as width and height, that is what these are.

    Raises
    ------
    InputError
        With what was found in how many boxes, and what to do; with a line for each wrong cell of ``ignore``.
    """
    table = case_table.read_table(table_path, annotated=True)
    if columns.IGNORE in table:
        wrong = table[~table[columns.IGNORE].isin(FLAGS)]
        lines = [
            f"{table_path}, row {number}: ignore: expected 0, 1 or nothing, found {cell!r}; correct the cell"
            for number, cell in wrong[columns.IGNORE].items()
        ]
        if lines:
            raise InputError("\n  ".join(lines))
    boxes = _numbers(table)
    if boxes.empty:
        return
    values = boxes.to_numpy()
    backwards = (values[:, 2:] <= values[:, :2]).any(axis=1)
    sized = bool(backwards.mean() >= MOST)
    if ((values >= 0) & (values <= 1)).all():
        form, cure = (", as centre, width and height", ", and give corners") if sized else ("", "")
        raise InputError(
            f"{table_path}: boxes: expected corners in pixels, found only numbers from 0 to 1 in all {len(boxes)}: "
            f"fractions of the image{form}; multiply x by its columns and y by its rows{cure}"
        )
    if sized and (form := _form(table.loc[boxes.index], values, Path(table_path).parent)):
        raise InputError(
            f"{table_path}: boxes: expected corners x0 < x1 and y0 < y1, found them the other way round in "
            f"{int(backwards.sum())} of {len(boxes)}, and all in their images as {form}; give corners, in px"
        )


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Return the four numbers of each box that has four, by row; `cases.check` reports the others."""
    found = {}
    for number, cell in table["box"].items():
        try:
            values = [float(part) for part in bracketed_outlines.plain("box", cell).replace(",", " ").split()]
        except ValueError:
            continue
        if len(values) == 4 and np.isfinite(values).all():
            found[number] = values
    return pd.DataFrame.from_dict(found, orient="index", columns=list("abcd"), dtype=float)


def _form(table: pd.DataFrame, values: np.ndarray, folder: Path) -> str:
    """Return how all boxes lie in their images with the last two numbers as width and height; "" if in no way."""
    shapes = {}
    for image in set(table["image"]):
        try:
            shapes[image] = volumes.open_image(folder / os.path.normpath(image)).geometry.size[:0:-1]
        except InputError:  # which `cases.check` reports
            return ""
    size = np.array([shapes[image] for image in table["image"]], np.float64)
    place, extent = values[:, :2], values[:, 2:]
    if (extent <= 0).any():
        return ""

    def inside(start: np.ndarray) -> bool:
        return bool((start >= -ROOM).all() and (start + extent <= size + ROOM).all())

    centred, cornered = inside(place - extent / 2), inside(place)
    both = "centre, or upper left corner, and width and height"
    only = "centre, width and height" if centred else "upper left corner, width and height" if cornered else ""
    return both if centred and cornered else only
