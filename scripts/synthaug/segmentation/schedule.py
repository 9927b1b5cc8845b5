"""How many steps a training has, and after which of them it reports and is looked at."""

import itertools
from collections.abc import Collection


def steps(epochs: int, images: int, batch: int) -> int:
    """Return the steps of ``epochs`` epochs of ``images`` images, a batch that is not full left out.

    >>> steps(3, 50, 16)
    9
    """
    return epochs * images // batch


def parts(images: int, batch: int, ends: Collection[int]) -> list[tuple[int, int]]:
    """Return the first step of each part of a training, and the step after its last one.

    A part ends with an epoch, or with one of ``ends``; the training ends with the largest of these.

    >>> parts(50, 16, [5, 9])
    [(0, 3), (3, 5), (5, 6), (6, 9)]
    """
    last = max(ends)
    borders = {steps(epoch, images, batch) for epoch in range(1, last * batch // images + 1)}
    ordered = sorted({0, *(border for border in borders if border < last), *ends})
    return list(itertools.pairwise(ordered))
