"""Masks of COCO files as run lengths, plain or packed into text (maskApi.c of the COCO API)."""

import numpy as np

OFFSET, DATA, MORE, SIGN = 48, 0x1F, 0x20, 0x10  # of a letter: 5 bits of a number, whether it goes on, its sign
BITS = 5


def mask(counts: list[int] | str, height: int, width: int) -> np.ndarray:
    """Return the mask of run lengths, column by column, the first one of zeros: uint8 (height, width), 0 and 255.

    Raises
    ------
    ValueError
        If they are damaged or do not cover the image.
    """
    runs = unpacked(counts) if isinstance(counts, str) else list(counts)
    if min(runs, default=0) < 0 or sum(runs) != height * width:
        raise ValueError(f"run lengths of {height * width} pixels, found {sum(runs)}")
    values = np.repeat(np.arange(len(runs)) % 2 * 255, runs).astype(np.uint8)
    return values.reshape(width, height).T


def unpacked(text: str) -> list[int]:
    """Return the run lengths in a text; from the third one on, it holds the difference to the last but one.

    Raises
    ------
    ValueError
        If it ends within a number.
    """
    runs, number, bits = [], 0, 0
    for letter in text.encode("ascii"):
        value = letter - OFFSET
        number |= (value & DATA) << bits
        bits += BITS
        if value & MORE:
            continue
        if value & SIGN:
            number -= 1 << bits
        runs.append(number + (runs[-2] if len(runs) > 2 else 0))
        number, bits = 0, 0
    if bits:
        raise ValueError("run lengths that end within a number")
    return runs
