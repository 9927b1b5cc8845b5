"""The sheet of the images that fooled every reader."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from synthaug.report import figure_style
from synthaug.terms.readers import REAL, SYNTHETIC

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
        The images by name, uint8 (64, 64).
    expected
        From `scores.expected_fooled`.
    readers
        How many answered.
    """
    blocks = {origin: table[table["origin"] == origin] for origin in TITLES}
    lines = {origin: min(-(-len(rows) // COLUMNS), ROWS) for origin, rows in blocks.items()}
    width = LEFT + COLUMNS * (CELL + GAP) + GAP
    height = sum(HEADING + max(number * (CELL + GAP + TEXT), 0.2) for number in lines.values()) + GAP
    with figure_style.style():
        figure = figure_style.new(width, height)
        figure.set_layout_engine("none")

        def write(text: str, left: float, top: float, **how: object) -> None:
            figure.text(left / width, 1 - top / height, text, va="top", **how)

        top = GAP
        for origin, title in TITLES.items():
            rows = blocks[origin]
            chance, number = expected[origin]
            who = {1: "the one reader", 2: "both readers"}.get(readers, f"all {readers} readers")
            heading = f"{title} by {who}: {len(rows)} of {number}"
            if readers > 1:
                heading += f"; {chance:.1f} expected if readers erred independently"
            if len(rows) > COLUMNS * ROWS:
                heading += f"; the surest {COLUMNS * ROWS}"
            write(heading, LEFT, top, fontsize=9)
            top += HEADING
            if rows.empty:
                write("none", LEFT, top - 0.04, fontsize=8, color=figure_style.GREY)
            for i, row in enumerate(rows.head(COLUMNS * ROWS).to_dict("records")):
                line, column = divmod(i, COLUMNS)
                left, upper = LEFT + column * (CELL + GAP), top + line * (CELL + GAP + TEXT)
                axes = figure.add_axes((left / width, 1 - (upper + CELL) / height, CELL / width, CELL / height))
                figure_style.show_image(axes, images[row["image"]], figure_style.class_colour(classes, row["class"]))
                sure = "" if np.isnan(row["confidence"]) else f"\nconfidence {row['confidence']:.1f}"
                text = f"{_short(row['class'])}{sure}\n{_short(_source(row))}"
                write(text, left, upper + CELL + 0.03, fontsize=5.5)
            top += max(lines[origin] * (CELL + GAP + TEXT), 0.2)
    return figure


def _source(row: Mapping[str, str]) -> str:
    if row["origin"] == REAL:
        return row["lesion"]
    return f"folds {row['folds']}, no. {row['sample']}"


def _short(text: str) -> str:
    """Cut a name that would run into the next image."""
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 3]}..."
