"""Masks that are colour pictures: palette PNG and RGB, as many public sets have them."""

import re
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from synthaug.cohort.mask_labels import Labels
from synthaug.errors import InputError
from synthaug.imaging import quiet

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")  # of a label in the case table
SUFFIXES = (".png", ".tif", ".tiff")  # formats that keep colours as they are; a JPEG blurs them
MOST = 256  # colours; a picture with more is a photograph or was smoothed


def read(path: Path) -> Labels | None:
    """Read the labels of a mask that is a picture in colours.

    Returns
    -------
    Its colours but black, named as ``#rrggbb``. The label of a colour is its index in the palette, or its RGB value as
    one number where there is no palette. None if the file is no such picture: of another format, gray, or with more
    than `MOST` colours.

    Raises
    ------
    InputError
        If pixels that cannot be seen have a colour: the lesion may be in the alpha channel.
    """
    if path.suffix.lower() not in SUFFIXES:
        return None
    try:
        with quiet.silenced(), Image.open(path) as picture:
            indices = np.array(picture) if picture.mode == "P" else None
            colours = np.array(picture.convert("RGBA")).astype(np.int32)
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError):
        return None  # whoever reads it as any other mask says what is wrong
    if np.any((colours[..., 3] == 0) & (colours[..., :3] > 0).any(axis=-1)):
        raise InputError(
            f"{path}: expected a mask of opaque pixels, found some that are transparent and have a colour: the lesion "
            "may be in the alpha channel; save it as gray or in colours, without alpha"
        )
    packed = (colours[..., 0] << 16) | (colours[..., 1] << 8) | colours[..., 2]
    different = np.unique(packed)
    if len(different) > MOST or not (_coloured(different) or _renumbered(indices, packed)):
        return None
    values = packed if indices is None else indices.astype(np.int32)
    present, first = np.unique(values, return_index=True)
    colour_of = zip(present.tolist(), packed.ravel()[first].tolist(), strict=True)
    names = {value: f"#{colour:06x}" for value, colour in colour_of if colour}
    return Labels(names, lambda label: (values == label)[None])


def _renumbered(indices: np.ndarray | None, packed: np.ndarray) -> bool:
    """Return whether a palette of grays gives pixels another gray value than their index."""
    return indices is not None and bool((indices != (packed & 255)).any())


def _coloured(packed: np.ndarray) -> bool:
    """Return whether one of the RGB values is not gray."""
    red, green, blue = packed >> 16, packed >> 8 & 255, packed & 255
    return bool(((red != green) | (green != blue)).any())
