"""The arms of the experiment: what a model's training set holds beside the samples of its training folds."""

from collections.abc import Sequence

CLASSIC, ONLINE, MIXUP, EXTRA = "classic", "online", "mixup", "extra"
SHARED = (CLASSIC, ONLINE, MIXUP, EXTRA)  # the arms that every task may have; most others are named after a generator
FRESH = (ONLINE, MIXUP)  # arms whose size counts augmentations that are drawn afresh in each epoch
BASELINES = ("bovw-multi", "bovw-single", "gabor", "glcm")  # no networks; in the order of the paper's Table 6
DISCRIMINATOR = "-discriminator"  # the arm of a generator's own classifier is called so after the generator's name


def generators_among(arms: Sequence[str]) -> list[str]:
    """Return the arms that add the synthetic images of a generator, in their order.

    >>> generators_among(["classic", "mixup", "acgan", "acgan-discriminator", "glcm"])
    ['acgan']
    """
    return [arm for arm in arms if arm not in (*SHARED, *BASELINES) and not arm.endswith(DISCRIMINATOR)]
