"""A panel of a t-SNE: points in groups, on axes without numbers, because there is nothing to read off them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes


def draw(axes: Axes, places: np.ndarray, groups: Sequence[tuple[np.ndarray, dict]]) -> None:
    """Draw points, float (n, 2), group by group, later ones above earlier ones.

    Parameters
    ----------
    groups
        Of each: which points belong to it, bool (n,), and how they look, as `Axes.scatter` takes it.
    """
    for members, look in groups:
        axes.scatter(*places[members].T, **look)
    axes.set(xticks=[], yticks=[], xlabel="t-SNE, first axis", ylabel="t-SNE, second axis")
    axes.set_aspect("equal", adjustable="datalim")
