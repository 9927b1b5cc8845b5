"""Images in a grid, at fixed places: a layout engine would shift them by fractions that differ from run to run."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from synthaug.report import figure_style

CELL, GAP, TEXT, HEAD, FOOT = 1.45, 0.05, 0.17, 0.28, 0.3  # inches: an image, a gap, a line of text, titles, legend
LETTERS = 22  # of an id below an image


class Grid:
    """Cells of `CELL` inches, each with ``below`` inches below it; titles above them, and a legend at the bottom.

    Parameters
    ----------
    extra
        Inches that the grid is wider, for columns that are moved to the right.
    """

    def __init__(self, rows: int, columns: int, extra: float = 0.0, below: float = TEXT):
        self._width = columns * (CELL + GAP) + GAP + extra
        self._height = HEAD + rows * (CELL + below + GAP) + FOOT
        self._below = below
        self.figure = figure_style.new(self._width, self._height)
        self.figure.set_layout_engine("none")

    def cell(self, row: int, column: int, shift: float = 0.0) -> Axes:
        """Return the axes of a cell; ``shift``: inches further to the right."""
        return self._axes(*self._corner(row, column, shift), CELL)

    def below(self, row: int, column: int, number: int, of: int) -> Axes:
        """Return the axes of square ``number`` (0, 1 ...) below a cell, of as many as are as wide as it together."""
        left, top = self._corner(row, column)
        side = CELL / of
        return self._axes(left + number * side, top + CELL + GAP / 2, side - GAP / 2)

    def legend(self, colours: Mapping[str, str]) -> None:
        """Say at the bottom what the colours mean, by name."""
        lines = [Line2D([], [], color=colour, linewidth=3) for colour in colours.values()]
        place = {"loc": "lower left", "ncols": max(1, len(lines)), "fontsize": 7, "handlelength": 1.2}
        self.figure.legend(lines, list(colours), **place)

    def _corner(self, row: int, column: int, shift: float = 0.0) -> tuple[float, float]:
        return GAP + column * (CELL + GAP) + shift, HEAD + row * (CELL + self._below + GAP)

    def _axes(self, left: float, top: float, side: float) -> Axes:
        place = left / self._width, 1 - (top + side) / self._height, side / self._width, side / self._height
        return self.figure.add_axes(place)
