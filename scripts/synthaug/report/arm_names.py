"""The arms in a few plain words, for the legend of a figure and for whoever meets their names first in a table."""

from collections.abc import Iterable, Sequence

from synthaug.terms import arms, uses
from synthaug.terms.best import BEST

WORDS = {
    arms.NONE: "the real images as they are",
    arms.CLASSIC: "turned, shifted and scaled copies too",
    arms.PLACEBO: "classic, trained once more: chance alone",
    arms.ONLINE: "classic, with new copies at every pass",
    arms.MIXUP: "online, with images mixed in pairs",
    arms.EXTRA: "classic, and images of more real patients",
    # Of segmentation and detection.
    "original": "the real images alone",
    "real": "the real images alone",
    "traditional": "a turned or flipped copy of each, too",
    "both": "traditional, and synthetic images",
    "fresh": "real images, changed anew at every pass",
    "paste": "copies with another lesion pasted in, too",
    # Without a network.
    "bovw-multi": "no network: small patches, chosen for each class",
    "bovw-single": "no network: small patches, chosen for all classes",
    "gabor": "no network: textures by Gabor filters",
    "glcm": "no network: textures by pairs of gray levels",
    BEST: "the arm chosen for each test fold without its patients",
}
ENDINGS = {  # of the names of arms that do more with what the arm before the ending has
    f"-{uses.PRETRAIN}": "synthetic images first, then real ones alone",
    f"-{uses.GENMIX}": "mixtures of real and synthetic images",
    f"-{uses.WEIGHT}": "synthetic images that count less than real ones",
    f"-{uses.SELECT}": "synthetic images whose class classic recognises",
    "-filtered": "synthetic images where a detector finds the lesions",
    "-kept": "synthetic images that a reader kept",
    arms.DISCRIMINATOR: "the generator's own classifier",
    "-epochs": "trained for equal epochs instead of equal steps",
}


def in_words(arm: str, generators: Sequence[str], reference: str) -> str:
    """Return what an arm is in a few words; nothing where it is called after something of the user's.

    Parameters
    ----------
    generators
        Those whose images arms take.
    reference
        The arm that the others are compared with.

    >>> in_words("gan", ["gan"], "classic"), in_words("gan-select", ["gan"], "classic")
    ('classic, and synthetic images', 'synthetic images whose class classic recognises')
    """
    if arm in generators:
        return f"{reference}, and synthetic images"
    return WORDS.get(arm) or next((words for ending, words in ENDINGS.items() if arm.endswith(ending)), "")


def legend(shown: Iterable[str], generators: Sequence[str], reference: str) -> list[tuple[str, str]]:
    """Return the arms ``shown`` that have words as (names, words); arms of the same words stand together.

    >>> legend(["classic", "gan", "mixup", "other"], ["gan", "other"], "classic")[1]
    ('gan, other', 'classic, and synthetic images')
    """
    names: dict[str, list[str]] = {}
    for arm in shown:
        if words := in_words(arm, generators, reference):
            names.setdefault(words, []).append(arm)
    return [(", ".join(each), words) for words, each in names.items()]
