"""Pixels that are not square: their height over their width, and rectangles of them that are square in mm.

Images are never resampled to square pixels by themselves: whoever cuts a ROI or a slice from one does that in the same
map. Lengths of such an image are given in widths of a pixel.
"""

import math

TOLERANCE = 0.01  # largest relative difference of height and width of pixels that are taken for square
REMARK = "of pixels that are not square: lengths in px are widths of a pixel, and what is cut from it has square ones"


def aspect(height: float, width: float) -> float:
    """Return the height of pixels over their width, both in mm; 1 if they are square or one of them is NaN."""
    found = height / width
    return found if abs(found - 1) > TOLERANCE else 1.0


def square(rows: int, columns: int, aspect: float) -> tuple[int, int]:
    """Return rows and columns of the smallest rectangle that holds as many and is square in mm.

    It is so to half of the smaller length of a pixel, because it is of whole pixels.
    """
    if aspect == 1:
        return (max(rows, columns),) * 2
    side = max(rows * aspect, columns)  # widths of a pixel
    if aspect > 1:
        down = max(rows, math.ceil(round(side / aspect, 6)))
        return down, max(columns, round(down * aspect))
    across = max(columns, math.ceil(round(side, 6)))
    return max(rows, round(across / aspect)), across
