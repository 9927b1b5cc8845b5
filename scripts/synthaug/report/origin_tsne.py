"""A t-SNE of real and synthetic images, as trick 4 of Han et al. advises: are they mixed, or apart?"""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from synthaug.report import figure_style, tsne_panel

PANEL = 4.2  # inches
LOOKS = (
    {"color": figure_style.GREY, "marker": "o"},
    {"color": figure_style.BLUE, "marker": "^"},
    {"color": figure_style.VERMILLION, "marker": "s"},
)
SIZE = 16  # square points


def draw(places: np.ndarray, groups: Mapping[str, np.ndarray], title: str) -> Figure:
    """Draw the embedding of images of up to three origins.

    Parameters
    ----------
    places
        float (n, 2).
    groups
        Which of them are of each origin, bool (n,); later ones are drawn above earlier ones.
    """
    looks = dict(zip(groups, LOOKS, strict=False))
    with figure_style.style():
        figure = figure_style.new(PANEL, PANEL + 0.5)
        axes = figure.subplots()
        points = {"s": SIZE, "edgecolors": "none", "alpha": 0.7}
        tsne_panel.draw(axes, places, [(members, looks[name] | points) for name, members in groups.items()])
        axes.set_title(title)
        handles = [
            Line2D([], [], linestyle="", label=f"{name} ({members.sum()})", **looks[name])
            for name, members in groups.items()
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8, handletextpad=0.2)
    return figure
