"""The arms of segmentation, and how they are compared at each share."""

from collections.abc import Sequence

from synthaug.evaluation.measures import Planned, Point

ORIGINAL, TRADITIONAL, BOTH, FRESH, PASTE = "original", "traditional", "both", "fresh", "paste"
REAL = (TRADITIONAL, FRESH, PASTE)  # arms of real images alone: what synthetic images have to beat
BY_EPOCHS = "-epochs"  # after the name of an arm: its network after as many epochs as every arm has in the paper
EQUAL_STEPS, EQUAL_EPOCHS, OVER = "equal steps", "equal epochs", "over {}"  # against what arms are compared


def by_epochs(arm: str) -> str:
    """Return the arm of the same training after equal epochs; `BOTH` has them at its end.

    >>> by_epochs("original"), by_epochs("both")
    ('original-epochs', 'both')
    """
    return arm if arm in (BOTH, "") else arm + BY_EPOCHS


def planned(points: Sequence[Point]) -> list[Planned]:
    """Return the comparisons at each share: see `synthaug.evaluation.measures.Measures.planned`.

    Each arm is compared with the original slices, after equal steps and, as in the paper, after equal epochs; and each
    with synthetic images also with every arm of real images alone.
    """
    result = []
    for arm, share in points:
        if arm in (ORIGINAL, by_epochs(ORIGINAL)):
            continue
        others = [(EQUAL_STEPS, ORIGINAL)] if not arm.endswith(BY_EPOCHS) else []
        if arm == BOTH or arm.endswith(BY_EPOCHS):
            others.append((EQUAL_EPOCHS, by_epochs(ORIGINAL)))
        if arm not in REAL and not arm.endswith(BY_EPOCHS):
            others += [(OVER.format(other), other) for other in REAL]
        result += [(why, (arm, share), (other, share)) for why, other in others if (other, share) in points]
    return result
