"""Which arms of segmentation are compared with which, at each share."""

from collections.abc import Sequence

from synthaug.evaluation.measures import Planned, Point
from synthaug.segmentation import arms


def planned(points: Sequence[Point]) -> list[Planned]:
    """Return the comparisons at each share: see `synthaug.evaluation.measures.Measures.planned`.

    Each arm is compared with the original slices, after equal steps and, as in the paper, after equal epochs; and each
    with synthetic images also with every arm of real images alone.
    """
    result = []
    for arm, share in points:
        if arm in (arms.ORIGINAL, arms.by_epochs(arms.ORIGINAL)):
            continue
        others = [(arms.EQUAL_STEPS, arms.ORIGINAL)] if not arm.endswith(arms.BY_EPOCHS) else []
        if arm == arms.BOTH or arm.endswith(arms.BY_EPOCHS):
            others.append((arms.EQUAL_EPOCHS, arms.by_epochs(arms.ORIGINAL)))
        if arm not in arms.REAL and not arm.endswith(arms.BY_EPOCHS):
            others += [(arms.OVER.format(other), other) for other in arms.REAL]
        result += [(why, (arm, share), (other, share)) for why, other in others if (other, share) in points]
    return result
