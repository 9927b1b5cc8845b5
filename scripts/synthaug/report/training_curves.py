"""Figures of a generator's training: its losses, and the images of the same latent vectors from epoch to epoch."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from synthaug.report import figure_style

CELL = 0.54  # inches an image
COLUMNS = 8  # latent vectors shown
LOOKS = {  # of the columns of a history
    "loss_d": {"color": figure_style.VERMILLION, "label": "discriminator"},
    "loss_g": {"color": figure_style.BLUE, "linestyle": "--", "label": "generator"},
    "score_real": {"color": "black", "label": "real: D(x)"},
    "score_fake": {"color": figure_style.GREY, "linestyle": "--", "label": "fake: D(G(z))"},
}
TITLE, LABEL = 0.55, 0.5  # inches above a block of images and left of it


def losses(histories: dict[tuple[str, str], pd.DataFrame]) -> Figure:
    """Draw losses and any scores against the epoch: a column for each class, a row or two for the training folds.

    Parameters
    ----------
    histories
        For each (folds, class) a table with ``epoch``, losses (columns ``loss_...``) and discriminator scores (columns
        ``score_...``, from 0 to 1). All have the same columns.
    """
    folds = list(dict.fromkeys(key[0] for key in histories))
    classes = list(dict.fromkeys(key[1] for key in histories))
    scored = any(name.startswith("score_") for history in histories.values() for name in history)
    rows = 2 if scored else 1
    with figure_style.style():
        figure = figure_style.new(2.5 * len(classes) + 0.7, (2.6 if scored else 1.8) * len(folds) + 0.5)
        grid = figure.subplots(rows * len(folds), len(classes), sharex=True, sharey="row", squeeze=False)
        for (trained, cls), history in histories.items():
            row, column = rows * folds.index(trained), classes.index(cls)
            _draw(grid[row, column], history, "loss_")
            if scored:
                _draw(grid[row + 1, column], history, "score_")
                grid[row + 1, column].axhline(0.5, color=figure_style.GREY, linewidth=0.6, linestyle=":")
            if row == 0:
                grid[row, column].set_title(cls)
            if column == 0:
                grid[row, column].set_ylabel(f"trained on folds {', '.join(trained)}\nLoss")
        for number, axes in enumerate(grid[:, 0]):  # after all lines: a limit stops autoscaling
            if number % rows:
                axes.set_ylabel("Mean D output")
                axes.set_ylim(0, 1)
            else:
                axes.set_ylim(bottom=0)
        for axes in grid[-1]:
            axes.set_xlabel("Epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes in grid[:rows, 0]:
            axes.legend(fontsize=7)
    return figure


def _draw(axes: Axes, history: pd.DataFrame, kind: str) -> None:
    """Draw the columns whose names begin with ``kind``; those of a game of two networks have looks of their own."""
    for name in [name for name in history if name.startswith(kind)]:
        look = LOOKS.get(name, {"label": name.removeprefix(kind).replace("_", " ")})
        axes.plot(history["epoch"], history[name], **look)


def samples(images: dict[str, np.ndarray], epochs: dict[str, Sequence[int]], title: str) -> Figure:
    """Draw the same latent vectors over the training of each class: rows are epochs, columns latent vectors.

    Everything has a fixed place: a layout engine would shift images by fractions that differ from run to run.

    Parameters
    ----------
    images
        For each class uint8 (snapshots, latents, 64, 64).
    epochs
        For each class the epoch of each snapshot.
    """
    rows = max(len(numbers) for numbers in epochs.values())
    width = len(images) * (LABEL + COLUMNS * CELL)
    height = TITLE + rows * CELL
    with figure_style.style():
        figure = figure_style.new(width, height)
        figure.set_layout_engine("none")
        figure.text(0.5, 1 - 0.1 / height, title, fontsize=9, ha="center", va="top")
        for place, cls in enumerate(images):
            left = LABEL + place * (LABEL + COLUMNS * CELL)
            colour = figure_style.class_colour(list(images), cls)
            middle = (left + COLUMNS * CELL / 2) / width
            figure.text(middle, 1 - 0.3 / height, cls, fontsize=9, color=colour, ha="center", va="top")
            for row, (epoch, snapshot) in enumerate(zip(epochs[cls], images[cls], strict=True)):
                bottom = height - TITLE - (row + 1) * CELL
                label = f"epoch {epoch}" if row == 0 else str(epoch)
                figure.text(
                    (left - 0.05) / width, (bottom + CELL / 2) / height, label, fontsize=6, ha="right", va="center"
                )
                for column, image in enumerate(snapshot[:COLUMNS]):
                    corner = (left + column * CELL) / width, bottom / height
                    axes = figure.add_axes((*corner, 0.94 * CELL / width, 0.94 * CELL / height))
                    figure_style.show_image(axes, image)
    return figure
