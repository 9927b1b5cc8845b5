"""Sizes of training sets, as strings.

A size counts the images added per training fold to the un-augmented samples (paper section 4.2.1): ``"5000"`` adds
5000 classic augmentations per fold, ``"5000+1000x3"`` also 1000 synthetic or extra images per fold for each of three
classes.
"""

import re
from collections.abc import Iterable

from synthaug.errors import InputError

SIZE = re.compile(r"(\d+)(?:\+(\d+)x(\d+))?")


def parse(size: str) -> tuple[int, int]:
    """Return the classic images per fold and the further images per fold and class of a size.

    >>> parse("5000+1000x3")
    (5000, 1000)

    Raises
    ------
    InputError
        If it is no size.
    """
    match = _match(size)
    return int(match[1]), int(match[2] or 0)


def total(size: str) -> int:
    """Return all images that a size adds to each fold.

    >>> total("5000+1000x3")
    8000
    """
    match = _match(size)
    return int(match[1]) + int(match[2] or 0) * int(match[3] or 0)


def ascending(sizes: Iterable[str]) -> list[str]:
    """Sort sizes by their classic images, then by their further images."""
    return sorted(sizes, key=parse)


def _match(size: str) -> re.Match:
    match = SIZE.fullmatch(size)
    if not match:
        raise InputError(f'size "{size}": expected "N" or "N+MxC", such as 5000 or 5000+1000x3')
    return match
