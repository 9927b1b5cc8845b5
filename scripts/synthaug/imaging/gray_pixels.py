"""Gray values of pixels that are stored in colours: their luminance, where the colours are noise only."""

from pathlib import Path

import numpy as np

from synthaug.errors import InputError

NOISE = 7  # levels of 255 by which the channels of a gray picture may differ, as JPEG leaves them
RED, GREEN, BLUE = 19595, 38470, 7471  # of the luminance in 65,536 parts (ITU-R BT.601), as Pillow rounds it
REMARK = f"stored in colours that differ by at most {NOISE} levels: their luminance is taken"


def of_colours(path: Path, pixels: np.ndarray) -> np.ndarray:
    """Return the gray values, (rows, columns), of pixels (rows, columns, channels); a second or fourth one is alpha.

    They are those of any channel if all are equal and, of 8 bits, the luminance if they are equal but for noise.

    Raises
    ------
    InputError
        If there are colours: where they are, as annotations drawn into an image would be.
    """
    colours = pixels[..., :3] if pixels.shape[-1] > 2 else pixels[..., :1]
    apart = _apart(colours)
    if not apart.any():
        return colours[..., 0]
    limit = NOISE if colours.dtype == np.uint8 else 0
    if apart.max() <= limit:
        red, green, blue = np.moveaxis(colours.astype(np.uint32), -1, 0)
        return ((RED * red + GREEN * green + BLUE * blue + 0x8000) >> 16).astype(np.uint8)
    rows, columns = np.nonzero(apart > limit)
    raise InputError(
        f"{path}: expected a grey-level picture, found colours in {len(rows)} of {apart.size} px, x {columns.min()} to "
        f"{columns.max()} and y {rows.min()} to {rows.max()}: one gray channel is meant; export it without overlays, "
        "or the channel that you mean as gray, or remove its row"
    )


def is_noisy(pixels: np.ndarray) -> bool:
    """Return whether pixels (rows, columns, channels), taken for gray, have channels that differ."""
    return pixels.shape[-1] > 2 and bool(_apart(pixels[..., :3]).any())


def _apart(colours: np.ndarray) -> np.ndarray:
    """Return by how much the channels of each pixel differ, (rows, columns), not below 0."""
    if colours.dtype.kind == "f":
        return np.nan_to_num(np.ptp(colours, axis=-1))  # numbers that are none are found where the values are read
    return np.ptp(colours.astype(np.int64), axis=-1) if colours.dtype.itemsize > 1 else np.ptp(colours, axis=-1)
