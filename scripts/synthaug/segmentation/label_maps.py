"""Label maps: which class each pixel of a slice has, where several lesions are drawn on it."""

from collections.abc import Mapping, Sequence

import numpy as np

from synthaug.errors import InputError

GROUND = 0  # no class; those of the config are 1, 2, ... in their order


def join(
    masks: Mapping[str, np.ndarray], shape: tuple[int, int], classes: Sequence[str], precedence: Sequence[str] | None
) -> np.ndarray:
    """Join the masks of the classes on one slice.

    Parameters
    ----------
    masks
        Of each class that is there, bool (rows, columns).
    shape
        Rows and columns.
    classes
        All classes, in the config's order.
    precedence
        All classes, the one first that a pixel of several classes has. Without it such a pixel is an error.

    Returns
    -------
    uint8 (rows, columns): `GROUND`, or the place of the class among ``classes``, from 1.

    Raises
    ------
    InputError
        If two classes overlap without ``precedence``, or this does not name every class once.
    """
    if precedence is not None and sorted(precedence) != sorted(classes):
        raise InputError(
            f"precedence: expected each of the classes {', '.join(classes)} once, found {', '.join(precedence)}; "
            "correct it"
        )
    labels = np.zeros(shape, np.uint8)
    for cls in reversed(precedence or classes):
        if cls not in masks:
            continue
        taken = labels[masks[cls]]
        if precedence is None and taken.any():
            other = classes[int(taken[taken != GROUND][0]) - 1]
            count = np.count_nonzero(taken)
            raise InputError(
                f"expected each pixel in one class, found {count} px in both {cls} and {other}; draw them apart, or "
                "list the classes under slices: precedence, the one first that such pixels have"
            )
        labels[masks[cls]] = classes.index(cls) + 1
    return labels
