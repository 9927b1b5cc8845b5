"""The colours of classes, of the palette of Okabe and Ito: distinct for colour-blind readers, everywhere the same."""

from collections.abc import Sequence

COLOURS = ("#D55E00", "#0072B2", "#009E73", "#E69F00", "#CC79A7", "#56B4E9")


def of(classes: Sequence[str], name: str) -> str:
    """Return the colour of a class, fixed by its position.

    >>> of(["cyst", "metastasis"], "metastasis")
    '#0072B2'
    """
    return COLOURS[list(classes).index(name) % len(COLOURS)]
