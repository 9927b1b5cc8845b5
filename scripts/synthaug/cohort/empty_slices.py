"""Slices without lesion that volumes give besides those with lesions: a network must learn to see none there."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

Slice = TypeVar("Slice")


def evenly(slices: Sequence[Slice], count: int, blank: Callable[[Slice], bool]) -> list[Slice]:
    """Return at most ``count`` of the ``slices``, the middle ones of as many equal parts of the sequence.

    Parameters
    ----------
    slices
        Of one patient, in order.
    blank
        Whether a slice has a single value, such as air beyond the patient; only those that are chosen are asked for. Of
        blank ones none is returned, and the choice begins anew without them.
    """
    slices = list(slices)
    while True:
        number = min(count, len(slices))
        places = ((2 * np.arange(number) + 1) * len(slices) // (2 * max(number, 1))).tolist()
        left_out = {place for place in places if blank(slices[place])}
        if not left_out:
            return [slices[place] for place in places]
        slices = [each for place, each in enumerate(slices) if place not in left_out]
