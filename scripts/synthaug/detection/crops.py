"""The rectangle of a slice that becomes the square which the networks see; the boxes follow it exactly.

A crop begins at whole pixels. Its left and upper edges become 0, its right and lower ones the side of the square: a
place x px from the left edge of the slice comes to lie at (x - left) scale_x. Pixel 0 reaches from 0 to 1.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage import transform

from synthaug.detection.boxes import BOX
from synthaug.imaging import pixel_shapes

CROPS = ("none", "square", "stretch")
MARGIN = 0.02  # of the longer side of what remains, or of each side where the crop is stretched, on either side


@dataclass(frozen=True)
class Crop:
    """A rectangle in px of the slice: it may reach beyond it."""

    left: int
    top: int
    width: int
    height: int

    def scale(self, side: int) -> tuple[float, float]:
        """Return by how much the crop grows in x and y where it becomes ``side`` px large."""
        return side / self.width, side / self.height

    def moved(self, boxes: np.ndarray, side: int) -> np.ndarray:
        """Return where boxes of the slice, float (n, 4), come to lie, float64 (n, 4); not clipped."""
        start = np.array([self.left, self.top] * 2, np.float64)
        return (np.asarray(boxes, np.float64).reshape(-1, len(BOX)) - start) * np.array(self.scale(side) * 2)

    def resized(self, image: np.ndarray, side: int, beyond: float) -> np.ndarray:
        """Return the crop as a square of ``side`` px.

        Where it is reduced by a factor f, it is smoothed by a Gaussian of (f - 1) / 2 px first, so that nothing
        aliases. Sampling is linear.

        Parameters
        ----------
        image
            The whole slice, float32 (rows, columns).
        beyond
            The value of what lies beyond it.

        Returns
        -------
        float32 (side, side).
        """
        cut = np.full((self.height, self.width), beyond, np.float32)
        rows, columns = image.shape
        y0, y1 = max(self.top, 0), min(self.top + self.height, rows)
        x0, x1 = max(self.left, 0), min(self.left + self.width, columns)
        cut[y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left] = image[y0:y1, x0:x1]
        if cut.shape == (side, side):
            return cut
        reduced = max(cut.shape) > side
        return transform.resize(cut, (side, side), 1, "edge", preserve_range=True, anti_aliasing=reduced)


def of(remains: np.ndarray, how: str, aspect: float = 1.0) -> Crop:
    """Return the crop of all slices of a stack.

    Parameters
    ----------
    remains
        What any of them shows of the organ, bool (rows, columns).
    how
        One of `CROPS`. ``none``: the whole slice, centred in a square of its longer side. ``square``: the square around
        its largest part. ``stretch``: the rectangle around this, which becomes a square. Where nothing remains, the
        whole slice.
    aspect
        Height of a pixel over its width; squares are so in mm, see `pixel_shapes.square`.
    """
    rows, columns = remains.shape
    if how == "none" or not remains.any():
        height, width = pixel_shapes.square(rows, columns, aspect)
        return Crop(-((width - columns) // 2), -((height - rows) // 2), width, height)
    parts, _ = ndimage.label(remains)
    largest = parts == 1 + np.bincount(parts.ravel())[1:].argmax()
    x, y = (np.flatnonzero(largest.any(axis=axis)).tolist() for axis in (0, 1))
    x0, y0, x1, y1 = x[0], y[0], x[-1] + 1, y[-1] + 1
    height, width = y1 - y0, x1 - x0
    if how == "square":
        height, width = pixel_shapes.square(height, width, aspect)
    height, width = (length + 2 * int(np.ceil(MARGIN * length)) for length in (height, width))
    if how == "square":
        height, width = pixel_shapes.square(height, width, aspect)
    return Crop((x0 + x1 - width) // 2, (y0 + y1 - height) // 2, width, height)
