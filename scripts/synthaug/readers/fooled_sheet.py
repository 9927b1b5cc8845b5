"""The sheet of the images that fooled every reader."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from synthaug.report import figure_style
from synthaug.terms.readers import REAL, SUBJECTS, SYNTHETIC

CELL, GAP, TEXT = 0.86, 0.06, 0.42  # inches: side of an image, space between two, space for the text below them
LEFT, HEADING = 0.12, 0.3
COLUMNS, ROWS = 8, 3
LETTERS = 22  # below an image
TITLES = {
    SYNTHETIC: "Synthetic, taken for real",
    REAL: "Real, taken for synthetic",
}


def sheet(
    table: pd.DataFrame,
    images: Mapping[str, np.ndarray],
    expected: Mapping[str, tuple[float, int]],
    readers: int,
    classes: list[str],
) -> Figure:
    """Draw the images whose origin every reader got wrong, the surest errors first, at most 24 of each origin.

    Parameters
    ----------
    table
        From `scores.fooled`.
    images
        The images by name, uint8 (side, side).
    expected
        From `scores.expected_fooled`, by origin.
    readers
        How many readers answered.
    classes
        All classes, in the order of their colours; none where readers were not asked for one.
    """
    blocks = {origin: table[table["origin"] == origin] for origin in TITLES}
    width = LEFT + COLUMNS * (CELL + GAP) + GAP
    height = sum(HEADING + _height(rows) for rows in blocks.values()) + GAP
    with figure_style.style():
        figure = figure_style.new(width, height)
        figure.set_layout_engine("none")
        top = GAP
        for origin, rows in blocks.items():
            _write(figure, _heading(origin, len(rows), expected[origin], readers), LEFT, top, fontsize=9)
            top += HEADING
            if rows.empty:
                _write(figure, "none", LEFT, top - 0.04, fontsize=8, color=figure_style.GREY)
            for i, row in enumerate(rows.head(COLUMNS * ROWS).to_dict("records")):
                line, column = divmod(i, COLUMNS)
                place = LEFT + column * (CELL + GAP), top + line * (CELL + GAP + TEXT)
                _draw(figure, place, images[row["image"]], row, classes)
            top += _height(rows)
    return figure


def _height(rows: pd.DataFrame) -> float:
    """Return how high the images of one origin are with their texts, inches."""
    return max(min(-(-len(rows) // COLUMNS), ROWS) * (CELL + GAP + TEXT), 0.2)


def _heading(origin: str, found: int, expected: tuple[float, int], readers: int) -> str:
    chance, number = expected
    who = {1: "the one reader", 2: "both readers"}.get(readers, f"all {readers} readers")
    heading = f"{TITLES[origin]} by {who}: {found} of {number}"
    if readers > 1:
        heading += f"; {chance:.1f} expected if readers erred independently"
    if found > COLUMNS * ROWS:
        heading += f"; the surest {COLUMNS * ROWS}"
    return heading


def _write(figure: Figure, text: str, left: float, top: float, **how: object) -> None:
    """Write ``text`` with its upper left corner so many inches from that of the figure."""
    width, height = figure.get_size_inches()
    figure.text(left / width, 1 - top / height, text, va="top", **how)


def _draw(
    figure: Figure, place: tuple[float, float], image: np.ndarray, row: Mapping[str, object], classes: list[str]
) -> None:
    """Draw an image and what is known of it at ``place``: left and top in inches."""
    left, top = place
    width, height = figure.get_size_inches()
    axes = figure.add_axes((left / width, 1 - (top + CELL) / height, CELL / width, CELL / height))
    figure_style.show_image(axes, image, figure_style.class_colour(classes, row["class"]) if classes else None)
    lines = [_short(row["class"])] if classes else []
    lines += [] if np.isnan(row["confidence"]) else [f"confidence {row['confidence']:.1f}"]
    _write(figure, "\n".join([*lines, _short(_source(row))]), left, top + CELL + 0.03, fontsize=5.5)


def _source(row: Mapping[str, str]) -> str:
    if row["origin"] == REAL:
        return next(row[name] for name in SUBJECTS if name in row)
    return f"folds {row['folds']}, no. {row['sample']}"


def _short(text: str) -> str:
    """Cut a name that would run into the next image."""
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 3]}..."
