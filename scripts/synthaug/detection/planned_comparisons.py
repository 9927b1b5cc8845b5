"""Which arms of detection are compared with which, at each size."""

from collections.abc import Sequence

from synthaug.detection.arms import CHOSEN, FRESH, PASTE, REAL, generator_of
from synthaug.evaluation.measures import Planned, Point

OVER = "over {}"
WITHOUT_SIZE = "0"


def planned(points: Sequence[Point]) -> list[Planned]:
    """Return the comparisons beside those at the operating point: see `synthaug.evaluation.measures.Measures.planned`.

    Each arm is compared with the real slices, each with synthetic images also with every other arm of real images
    alone, and a generator's chosen images with all of its images at the same size. All arms train for equal steps.
    """
    there, result = set(points), []
    for arm, size in points:
        others = [(REAL, WITHOUT_SIZE)] if arm != REAL else []
        if size != WITHOUT_SIZE:
            others += [(FRESH, WITHOUT_SIZE), (PASTE, WITHOUT_SIZE)]
        if arm.endswith(CHOSEN):
            others.append((generator_of(arm), size))
        result += [(OVER.format(other[0]), (arm, size), other) for other in others if other in there]
    return result
