"""Sheets of slices as the networks see them, each beside itself with its boxes, for someone who knows the anatomy."""

from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.cohort import sheet_pages
from synthaug.cohort.sheet_pages import Frame, Sheet
from synthaug.detection.boxes import BOX
from synthaug.detection.slice_table import Slices

MOST, MOST_EMPTY = 600, 40  # slices that are drawn: with boxes, and without
CELL = (2, 2)  # pictures side by side, and lines of the caption
ORANGE, BLUE = (230, 159, 0), (86, 180, 233)  # of the palette of Okabe and Ito, distinct for colour-blind readers
LEGEND = (
    "Left: what the networks see, after organ removal, crop and resizing. Right: with its boxes. "
    "Blue: boxes that count neither as found nor as missed."
)


def write(slices: Slices, path: Path) -> None:
    """Write the sheets, a PDF below 10 MB: first slices with boxes, then those without.

    Of more than `MOST` and `MOST_EMPTY` slices so many are drawn, spread evenly over the cohort.
    """
    empty = ~slices.table["slice"].isin(slices.boxes["slice"]).to_numpy()
    parts = {"with boxes": (np.flatnonzero(~empty), MOST), "without lesion": (np.flatnonzero(empty), MOST_EMPTY)}
    sheet = Sheet(sum(min(len(places), most) for places, most in parts.values()))
    size = sheet_pages.cells_on_page(*CELL)
    by_slice = dict(list(slices.boxes.groupby("slice", sort=False)))
    for kind, (places, most) in parts.items():
        drawn = places[sheet_pages.evenly(len(places), most)]
        of = f"{len(drawn)}" if len(drawn) == len(places) else f"{len(drawn)} drawn, {len(places)} in all"
        for number, place in enumerate(drawn):
            if number % size == 0:
                sheet.page(f"Slices {kind}: {number + 1} to {min(number + size, len(drawn))} of {of}", LEGEND)
            row = slices.table.iloc[place]
            _draw(sheet, number % size, row, slices.images[place], by_slice.get(row["slice"], slices.boxes.iloc[:0]))
    sheet.save(path)


def outline(box: np.ndarray) -> np.ndarray:
    """Return the corners of a box, float (4,), closed: float64 (5, 2), x and y in px; pixel centres are integers."""
    x0, y0, x1, y1 = np.asarray(box, np.float64) - 0.5  # a box counts from the edge of the first pixel
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])


def _draw(sheet: Sheet, cell: int, row: pd.Series, image: np.ndarray, boxes: pd.DataFrame) -> None:
    """Draw one slice, uint8 (side, side), and its boxes."""
    extra = ", extra set" if row["set"] == "extra" else ""
    counts = boxes["class"].value_counts(sort=False)
    found = ", ".join(f"{count} {cls}" for cls, count in counts.items()) or "no lesion"
    caption = [("{}", [row["slice"]]), (f"patient {{}}, {found}{extra}", [row["patient"]])]
    plain, boxed = (Frame(*place, -0.5, -0.5, len(image)) for place in sheet.cell(cell, CELL[0], caption))
    for frame in (plain, boxed):
        sheet.picture(frame, image, 0.5)
    for ignored, colour in ((0, ORANGE), (1, BLUE)):
        of_colour = boxes.loc[boxes["ignore"] == ignored, BOX].to_numpy()
        sheet.lines(boxed, [outline(box) for box in of_colour], colour)
