"""The sheet of synthetic images that are nearest to a training image, each above that image."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from synthaug.quality import copy_search
from synthaug.report import figure_style

CELL, GAP, TEXT = 0.86, 0.06, 0.26  # inches: side of an image, space between two, space for the text below them
LEFT, TITLE = 0.95, 0.62
COLUMNS = 8


def nearest(
    table: pd.DataFrame, synthetic: Sequence[np.ndarray], real: Sequence[np.ndarray], classes: list[str], title: str
) -> Figure:
    """Draw, for each class, the synthetic images with the smallest distances above their nearest training images.

    Everything has a fixed place: a layout engine would shift images by fractions that differ from run to run.

    Parameters
    ----------
    table
        The audit's rows of all classes and folds: ``class, folds, lesion, alarm`` and `copy_search.COLUMNS`.
    synthetic, real
        Of each row uint8 (64, 64): the synthetic image and its nearest training image, which is moved onto it here.
    """
    block = 2 * CELL + GAP + TEXT
    width, height = LEFT + COLUMNS * (CELL + GAP) + GAP, TITLE + len(classes) * (block + GAP)
    order = table.reset_index(drop=True).sort_values("distance", kind="stable")
    with figure_style.style():
        figure = figure_style.new(width, height)
        figure.set_layout_engine("none")

        def put(image: np.ndarray, left: float, top: float, frame: str) -> None:
            axes = figure.add_axes((left / width, 1 - (top + CELL) / height, CELL / width, CELL / height))
            figure_style.show_image(axes, image, frame)
            if frame == figure_style.VERMILLION:
                for spine in axes.spines.values():
                    spine.set(linewidth=3)

        def write(text: str, left: float, top: float, **how: object) -> None:
            figure.text(left / width, 1 - top / height, text, va="top", **how)

        write(title, GAP, 0.06, fontsize=9)
        write(
            "Synthetic images nearest to a training image, nearest first; below each that image, moved onto it. "
            "d = 1 - correlation.\nOrange frame: nearer than its threshold (alarm); grey: not.",
            GAP, 0.24, fontsize=7,
        )  # fmt: skip
        for place, cls in enumerate(classes):
            top = TITLE + place * (block + GAP)
            colour = figure_style.class_colour(classes, cls)
            write(f"{cls}\nsynthetic", GAP, top + 0.3, fontsize=8, color=colour)
            write("nearest\ntraining image", GAP, top + CELL + GAP + 0.3, fontsize=8)
            shown = order[order["class"] == cls].head(COLUMNS)
            for column, (number, row) in enumerate(shown.iterrows()):
                left = LEFT + column * (CELL + GAP)
                frame = figure_style.VERMILLION if row["alarm"] else figure_style.GREY
                put(synthetic[number], left, top, frame)
                put(_onto(real[number], row), left, top + CELL + GAP, frame)
                text = (
                    f"d = {row['distance']:.3f} (limit {row['threshold']:.3f})\n{row['lesion']}, folds {row['folds']}"
                )
                write(text, left, top + 2 * CELL + GAP + 0.03, fontsize=5.5)
    return figure


def _onto(image: np.ndarray, row: pd.Series) -> np.ndarray:
    aligned = copy_search.moved(image, row["flipped"], row["rotation_deg"], row["shift_x_px"], row["shift_y_px"])
    return np.rint(np.clip(aligned, 0, 255)).astype(np.uint8)
