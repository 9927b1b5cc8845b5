"""Sheets of slices for a radiologist: mask, real and synthetic slice; and what each arm has found beside the truth."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage import measure

from synthaug.report import figure_style
from synthaug.report.image_grid import GAP, LETTERS, Grid
from synthaug.terms.short_ids import shortened

COLUMNS = ("mask", "real", "synthetic")
BLOCKS = 2  # of such columns, side by side
ROOM, LEAST = 1.5, 1 / 3  # of a close-up: side over that of what it shows, and over that of the slice at least


def pairs(
    labels: np.ndarray, real: np.ndarray | None, synthetic: np.ndarray, names: Sequence[str], classes: Sequence[str]
) -> Figure:
    """Draw masks, the real slices that they are of, and the synthetic slices made from them.

    Parameters
    ----------
    labels
        uint8 (n, side, side): 0 ground, 1, 2, ... the ``classes``.
    real, synthetic
        uint8 (n, side, side); the first is None where no real slices have the masks.
    names
        What stands below each triple.
    """
    masks = [coloured(each, classes) for each in labels]
    shown = dict(zip(COLUMNS, (masks, real, synthetic), strict=True))
    columns = {name: images for name, images in shown.items() if images is not None}
    per_block = -(-len(labels) // BLOCKS)
    blocks = min(BLOCKS, len(labels))
    with figure_style.style():
        sheet = Grid(per_block, blocks * len(columns), extra=(blocks - 1) * 3 * GAP)
        for number, name in enumerate(names):
            row, block = number % per_block, number // per_block
            for place, (column, images) in enumerate(columns.items()):
                axes = sheet.cell(row, block * len(columns) + place, shift=block * 3 * GAP)
                figure_style.show_image(axes, images[number])
                if row == 0:
                    axes.set_title(column, fontsize=8, pad=3)
                if place == 0:
                    axes.set_xlabel(shortened(name, LETTERS), fontsize=6.5, labelpad=2, loc="left")
        _legend(sheet, classes, labels)
    return sheet.figure


def predictions(
    images: np.ndarray,
    truth: np.ndarray,
    predicted: Mapping[str, np.ndarray],
    dsc: Mapping[str, Sequence[float]],
    names: Sequence[str],
    classes: Sequence[str],
) -> Figure:
    """Draw slices, the true outlines on them, and those that each arm has predicted, with the slice's DSC.

    Outlines are drawn on the square in which they all lie, which is framed in the picture of the whole slice.

    Parameters
    ----------
    images, truth
        uint8 (n, side, side): gray values, and label maps: 0 ground, 1, 2, ... the ``classes``.
    predicted
        The label maps of each arm.
    dsc
        Of each arm and slice.
    names
        What stands below each slice, such as whether it is one of the worst.
    """
    columns = ["slice", "truth", *predicted]
    with figure_style.style():
        sheet = Grid(len(images), len(columns))
        for row, name in enumerate(names):
            labels = {"truth": truth[row], **{arm: each[row] for arm, each in predicted.items()}}
            left, top, side = close_up(np.any([each > 0 for each in labels.values()], axis=0))
            for place, column in enumerate(columns):
                axes = sheet.cell(row, place)
                figure_style.show_image(axes, images[row])
                if row == 0:
                    axes.set_title(shortened(column, LETTERS), fontsize=8, pad=3)
                if column in labels:
                    outline(axes, labels[column], classes)
                    axes.set(xlim=(left, left + side), ylim=(top + side, top))
                else:
                    axes.add_patch(Rectangle((left, top), side, side, fill=False, color="white", linewidth=0.6))
                text = f"DSC {dsc[column][row]:.2f}" if column in predicted else (name if place == 0 else "")
                axes.set_xlabel(text, fontsize=6.5, labelpad=2, loc="left")
        _legend(sheet, classes, truth, *predicted.values())
    return sheet.figure


def coloured(labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return a label map, uint8 (side, side), in the colours of the ``classes`` on black: uint8 (side, side, 3)."""
    colours = [(0.0, 0.0, 0.0), *(to_rgb(figure_style.class_colour(classes, cls)) for cls in classes)]
    return np.rint(255 * np.array(colours)).astype(np.uint8)[labels]


def close_up(mask: np.ndarray) -> tuple[float, float, float]:
    """Return the square of a slice that shows what is drawn on it, with room around: left, top and side in px.

    Parameters
    ----------
    mask
        bool (side, side), not empty. The square is centred on it, `ROOM` times as large, and within the slice.
    """
    ends = [(places[0], places[-1] + 1) for places in (np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1))]
    side = float(np.clip(ROOM * max(end - start for start, end in ends), LEAST * len(mask), len(mask)))
    left, top = (float(np.clip((start + end - side) / 2, 0, len(mask) - side)) for start, end in ends)
    return left - 0.5, top - 0.5, side


def outline(axes: Axes, labels: np.ndarray, classes: Sequence[str]) -> None:
    """Draw the borders of each class of a label map, uint8 (side, side), in its colour."""
    for label, cls in enumerate(classes, 1):
        colour = figure_style.class_colour(classes, cls)
        for line in measure.find_contours(np.pad(labels == label, 1).astype(float), 0.5):
            axes.plot(line[:, 1] - 1, line[:, 0] - 1, color=colour, linewidth=0.9)


def _legend(sheet: Grid, classes: Sequence[str], *labels: np.ndarray) -> None:
    """Name the colours of the classes that are on the sheet, at its bottom."""
    shown = [cls for label, cls in enumerate(classes, 1) if any((each == label).any() for each in labels)]
    sheet.legend({cls: figure_style.class_colour(classes, cls) for cls in shown})
