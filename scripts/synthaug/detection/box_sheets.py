"""Sheets of slices with boxes: real and synthetic ones (Fig 1), and what two arms find beside the truth (Fig 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy import ndimage

from synthaug.report import figure_style
from synthaug.report.image_grid import CELL, LETTERS, TEXT, Grid
from synthaug.terms.short_ids import shortened

CROP_PX = 32  # side to which what lies in a box is resized, as in the paper's Fig 1
CROPS = 3  # below each slice
FOUND, FALSE, ONLY = figure_style.SKY, figure_style.ORANGE, figure_style.VERMILLION
MEANINGS = {"true box": figure_style.GREEN, "found": FOUND, "false positive": FALSE, "found by this arm alone": ONLY}


@dataclass(frozen=True)
class DrawnSlice:
    """A slice and its boxes.

    Attributes
    ----------
    image : (side, side) uint8 array
    boxes : (n, 4) float array
        x0, y0, x1, y1 in px of the slice.
    classes
        Of each box.
    """

    image: np.ndarray
    boxes: np.ndarray
    classes: Sequence[str]


@dataclass(frozen=True)
class Detected:
    """What an arm detects on a slice.

    Attributes
    ----------
    boxes : (n, 4) float array
    hits : (n,) int array
        The true box that each detection hits, its place on the slice; -1 for a false positive.
    """

    boxes: np.ndarray
    hits: np.ndarray


def examples(rows: Mapping[str, Sequence[DrawnSlice]], names: Sequence[str], classes: Sequence[str]) -> Figure:
    """Draw slices with their boxes, and below each what lies in its largest boxes, resized to `CROP_PX`.

    Parameters
    ----------
    rows
        The slices of each row, such as real ones and the synthetic ones made for their boxes, by the title of the row.
    names
        What stands above each column.
    classes
        Of the experiment, which fix the colours.
    """
    with figure_style.style():
        sheet = Grid(len(rows), len(names), below=CELL / CROPS + TEXT)
        for row, (title, slices) in enumerate(rows.items()):
            for column, each in enumerate(slices):
                axes = sheet.cell(row, column)
                figure_style.show_image(axes, each.image)
                for box, cls in zip(each.boxes, each.classes, strict=True):
                    _frame(axes, box, figure_style.class_colour(classes, cls))
                _title(axes, names[column] if row == 0 else "", title if column == 0 else "")
                for number, box in enumerate(largest(each.boxes, CROPS)):
                    figure_style.show_image(sheet.below(row, column, number, CROPS), crop(each.image, box))
        shown = {cls for slices in rows.values() for each in slices for cls in each.classes}
        sheet.legend({cls: figure_style.class_colour(classes, cls) for cls in classes if cls in shown})
    return sheet.figure


def detections(slices: Sequence[DrawnSlice], found: Mapping[str, Sequence[Detected]], names: Sequence[str]) -> Figure:
    """Draw slices with their true boxes, and beside each what the arms detect on it.

    A lesion that one arm finds and another does not is marked with a V, as in the paper's Fig 2.

    Parameters
    ----------
    found
        Of each arm and slice.
    names
        What stands below each slice.
    """
    with figure_style.style():
        sheet = Grid(len(slices), 1 + len(found))
        for row, each in enumerate(slices):
            axes = sheet.cell(row, 0)
            figure_style.show_image(axes, each.image)
            for box in each.boxes:
                _frame(axes, box, MEANINGS["true box"])
            _title(axes, "truth" if row == 0 else "", "")
            axes.set_xlabel(names[row], fontsize=6.5, labelpad=2, loc="left")
            of_slice = {arm: of_arm[row] for arm, of_arm in found.items()}
            for column, arm in enumerate(of_slice, start=1):
                axes = sheet.cell(row, column)
                figure_style.show_image(axes, each.image)
                _detected(axes, each, of_slice, arm)
                _title(axes, arm if row == 0 else "", "")
        sheet.legend(MEANINGS)
        if not slices:
            sheet.figure.text(
                0.02, 0.95, "There is no slice on which one arm hits more boxes than the other.", va="top"
            )
    return sheet.figure


def crop(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return what lies in a box, resized to a square of `CROP_PX`.

    Parameters
    ----------
    image
        uint8 (side, side).
    box
        x0, y0, x1, y1: half-open, so that pixel u reaches from u to u + 1.

    Returns
    -------
    uint8 (`CROP_PX`, `CROP_PX`), sampled linearly at the centres of its pixels.
    """
    x0, y0, x1, y1 = box
    steps = (np.arange(CROP_PX) + 0.5) / CROP_PX
    places = np.meshgrid(y0 + steps * (y1 - y0) - 0.5, x0 + steps * (x1 - x0) - 0.5, indexing="ij")
    return np.rint(ndimage.map_coordinates(image.astype(float), places, order=1, mode="nearest")).astype(np.uint8)


def largest(boxes: np.ndarray, number: int) -> np.ndarray:
    """Return up to ``number`` of the boxes, float (n, 4), the largest first."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return boxes[np.argsort(-areas, kind="stable")[:number]]


def _detected(axes: Axes, truth: DrawnSlice, found: Mapping[str, Detected], arm: str) -> None:
    """Draw what an arm detects, and mark what it alone finds."""
    own = found[arm]
    elsewhere = {int(hit) for other, each in found.items() if other != arm for hit in each.hits}
    for box, hit in zip(own.boxes, own.hits, strict=True):
        alone = hit >= 0 and int(hit) not in elsewhere
        _frame(axes, box, FALSE if hit < 0 else FOUND, style="--" if hit < 0 else "-")
        if alone:
            axes.plot(box[0] - 0.5, box[1] - 0.5, marker="v", color=ONLY, markersize=4.5, clip_on=False)
    hits = int((own.hits >= 0).sum())
    text = f"{hits} of {len(truth.boxes)} found, {len(own.hits) - hits} false"
    axes.set_xlabel(text, fontsize=6.5, labelpad=2, loc="left")


def _frame(axes: Axes, box: np.ndarray, colour: str, style: str = "-") -> None:
    x0, y0, x1, y1 = box
    # imshow puts the centre of pixel 0 at 0.
    corner, width, height = (x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0
    axes.add_patch(Rectangle(corner, width, height, fill=False, color=colour, linewidth=0.8, linestyle=style))


def _title(axes: Axes, above: str, inside: str) -> None:
    if above:
        axes.set_title(shortened(above, LETTERS), fontsize=7, pad=3)
    if inside:
        ground = {"facecolor": "black", "alpha": 0.6, "linewidth": 0, "pad": 1.5}
        axes.text(0.03, 0.97, inside, transform=axes.transAxes, color="white", fontsize=7, va="top", bbox=ground)
