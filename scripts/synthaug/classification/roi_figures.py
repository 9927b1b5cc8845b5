"""Figures of ROIs: classic augmentations (Fig. 3) and synthetic ROIs beside real ones (Fig. 6)."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.report import figure_style
from synthaug.terms.short_ids import shortened

CELL = 0.86  # inches per image
LETTERS = 16  # of an id beside an image
KINDS = ("rotation", "flip", "translation", "scale", "intensity")  # each on top of a rotation, as drawn
WRITTEN = {"intensity": "gain, gamma, noise"}  # where the name of a kind does not say what its numbers are
PER_KIND = 2
REAL, SYNTHETIC_ROWS, COLUMNS = 1, 2, 8


@dataclass(frozen=True)
class Params:
    """What the figures of ROIs need of the config."""

    classes: list[str]
    master_seed: int


LEGEND = {
    "rotation": "the angle of rotation",
    "flip": "the flip",
    "translation": "the shift",
    "scale": "the margin on each side in diameters of the lesion",
    "intensity": "gain, gamma and noise (standard deviation, black to white is 1)",
}  # what stands above the images of each kind
LETTERS_AN_INCH = 18  # of the legend, so that no line of it is wider than the figure


def kinds_of(pool_index: pd.DataFrame) -> pd.Series:
    """Name what each augmentation does besides its rotation, one of `KINDS`; ``rotation`` means nothing else."""
    shifted = (pool_index["shift_x_px"] != 0) | (pool_index["shift_y_px"] != 0)
    conditions = [pool_index["flip"] != "none", shifted, pool_index["surround"].notna(), pool_index["gain"].notna()]
    return pd.Series(np.select(conditions, KINDS[1:], KINDS[0]), index=pool_index.index)


def augmentations(
    rois: pd.DataFrame, roi_images: np.ndarray, pool_index: pd.DataFrame, pool_images: np.ndarray, params: Params
) -> Figure:
    """Draw Fig. 3: the ROI of one random lesion per class, and two examples of each kind of augmentation in the pool.

    Above each example stands what was done to it. Classes without a main lesion, which a cohort may lack while it is
    collected, are left out.

    Parameters
    ----------
    rois, pool_index
        The tables ``rois.csv`` and ``pool/index.csv``.
    roi_images, pool_images
        uint8 (n, 64, 64), one image per row of these.

    Raises
    ------
    InputError
        If there is no main lesion.
    """
    classes = [cls for cls in params.classes if ((rois["class"] == cls) & (rois["set"] == "main")).any()]
    if not classes:
        raise InputError("rois.csv: expected lesions in the main set, found none; add one to the case table")
    of_pool = kinds_of(pool_index)
    shown = [kind for kind in KINDS if (of_pool == kind).any()]
    columns = 1 + PER_KIND * len(shown)
    width = CELL * columns + 0.5
    legend = _legend(shown, width)
    with figure_style.style():
        figure = figure_style.new(width, (CELL + 0.3) * len(classes) + 0.4 + 0.14 * legend.count("\n"))
        grid = figure.subplots(len(classes), columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for row, cls in zip(grid, classes, strict=True):
            place = _drawn(rois, cls, 1, seeding.stream(params.master_seed, "figure", "augmentations", cls))[0]
            lesion, colour = rois["lesion"][place], figure_style.class_colour(params.classes, cls)
            figure_style.show_image(row[0], roi_images[place], colour)
            row[0].set_ylabel(f"{shortened(cls, LETTERS)}\n{shortened(lesion, LETTERS)}", fontsize=8)
            row[0].set_title("ROI\n", fontsize=7)
            own = pool_index["lesion"] == lesion
            for i, kind in enumerate(shown):
                for j, (number, drawn) in enumerate(pool_index[own & (of_pool == kind)].head(PER_KIND).iterrows()):
                    axes = row[1 + PER_KIND * i + j]
                    figure_style.show_image(axes, pool_images[number], colour)
                    axes.set_title(_what(kind, drawn), fontsize=7)
        for i, kind in enumerate(shown):
            label = kind if kind == KINDS[0] else f"rotation + {WRITTEN.get(kind, kind)}"
            grid[-1, 1 + PER_KIND * i].set_xlabel(label, fontsize=8, x=1.05)
        figure.supxlabel(legend, fontsize=7)
    return figure


def _legend(kinds: Sequence[str], width: float) -> str:
    """Say what stands above the images of ``kinds``, in lines for a figure that is ``width`` inches wide."""
    first, *others = (LEGEND[kind] for kind in kinds)
    text = f"Above each image: {first}" + (f"; below it, by kind: {', '.join(others)}" if others else "")
    return "\n".join(textwrap.wrap(text, int(LETTERS_AN_INCH * width)))


def _what(kind: str, drawn: pd.Series) -> str:
    details = {
        "rotation": "",
        "flip": drawn["flip"],
        "translation": f"{drawn['shift_x_px']:+.1f}, {drawn['shift_y_px']:+.1f} px",
        "scale": f"margin {drawn['surround']:.2f}",
        "intensity": f"{drawn['gain']:.2f}, {drawn['gamma']:.2f}, {drawn['noise']:.2f}",
    }
    return f"{round(drawn['rotation_deg'])}°\n{details[kind]}"


def synthetic(rois: pd.DataFrame, roi_images: np.ndarray, images: dict[str, np.ndarray], params: Params) -> Figure:
    """Draw Fig. 6: for each class a row of random real ROIs above the first, unselected synthetic ROIs.

    Parameters
    ----------
    rois
        The table ``rois.csv``.
    roi_images
        uint8 (n, 64, 64), one image per row of it.
    images
        The synthetic ROIs of each class, uint8 (m, 64, 64).

    Raises
    ------
    InputError
        If a class has no main lesion.
    """
    rows = REAL + SYNTHETIC_ROWS
    with figure_style.style():
        figure = figure_style.new(CELL * COLUMNS + 1.0, (CELL * rows + 0.12) * len(params.classes))
        blocks = figure.subfigures(len(params.classes), 1, squeeze=False)[:, 0]
        for block, cls in zip(blocks, params.classes, strict=True):
            colour = figure_style.class_colour(params.classes, cls)
            real = roi_images[_drawn(rois, cls, COLUMNS, seeding.stream(params.master_seed, "figure", "real", cls))]
            grid = block.subplots(rows, COLUMNS)
            _fill(grid[:REAL], real, figure_style.GREY)
            _fill(grid[REAL:], images[cls], colour)
            grid[0, 0].set_ylabel(f"{cls}\nreal", fontsize=8)
            for axes in grid[REAL:, 0]:
                axes.set_ylabel(f"{cls}\nsynthetic", fontsize=8, color=colour)
    return figure


def _drawn(rois: pd.DataFrame, cls: str, number: int, random: np.random.Generator) -> np.ndarray:
    """Return the positions of up to ``number`` main lesions of the class, drawn at random."""
    places = np.flatnonzero((rois["class"] == cls) & (rois["set"] == "main"))
    if not len(places):
        raise InputError(f"rois.csv: expected lesions of class {cls} in the main set, found none")
    return random.permutation(places)[:number]


def _fill(grid: np.ndarray, images: np.ndarray, frame: str | None) -> None:
    for axes in grid.flat[len(images) :]:
        axes.set_axis_off()
    for axes, image in zip(grid.flat, images, strict=False):
        figure_style.show_image(axes, image, frame)
