"""Pictures of slices with their boxes, large enough to be looked at one by one."""

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

LEAST = 512  # px; smaller slices are enlarged by a whole factor
COLOUR = (213, 94, 0)  # of a box


def marked(image: np.ndarray, corners: Iterable[np.ndarray]) -> Image.Image:
    """Return a slice beside itself with its boxes, so that these hide nothing.

    Parameters
    ----------
    image
        uint8 (side, side).
    corners
        ``x0, y0, x1, y1`` of each box, px of the slice.
    """
    factor = max(1, -(-LEAST // len(image)))
    plain = Image.fromarray(np.kron(image, np.ones((factor, factor), np.uint8))).convert("RGB")
    boxed = plain.copy()
    for box in corners:
        ImageDraw.Draw(boxed).rectangle([float(value) * factor for value in box], outline=COLOUR)
    both = Image.new("RGB", (2 * plain.width, plain.height))
    both.paste(plain, (0, 0))
    both.paste(boxed, (plain.width, 0))
    return both
