"""Fig. 9: t-SNE of the features of test lesions and their augmentations, one panel per arm."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from synthaug.classification.feature_separation import AUGMENTATIONS, PURITY, SILHOUETTE, Params
from synthaug.classification.training_sets import ROI
from synthaug.report import figure_style, tsne_panel

PANEL = 3.5  # inches
MARKERS = "os^Dv<>"  # of the classes, for readers who cannot tell the colours apart
SMALL, LARGE = 5, 42  # of an augmentation and of a ROI, in square points


def embeddings(
    places: Mapping[str, np.ndarray],
    shown: pd.DataFrame,
    values: pd.DataFrame,
    sizes: Mapping[str, str],
    params: Params,
) -> Figure:
    """Draw Fig. 9.

    Parameters
    ----------
    places
        The embedding of each arm, float (n, 2), one row per row of ``shown``.
    shown
        The images, from `feature_separation.test_images`.
    values
        ``separation.csv``.
    sizes
        The size of each arm.
    """
    with figure_style.style():
        figure = figure_style.new(PANEL * len(places), PANEL + 1.1)
        panels = figure.subplots(1, len(places), squeeze=False)[0]
        for axes, (arm, of_arm) in zip(panels, places.items(), strict=True):
            tsne_panel.draw(axes, of_arm, _groups(shown, params.classes))
            axes.set_title(_title(arm, sizes[arm], values[values["arm"] == arm]))
        patients, lesions = shown["patient"].nunique(), shown["lesion"].nunique()
        chance = values["value"][values["measure"] == f"{PURITY} by chance"].iloc[0]
        note = (
            f"{lesions} test lesions of {patients} patients; in brackets {100 * params.confidence:g} % intervals over "
            f"patients; purity by chance {100 * chance:.0f} %"
        )
        figure.legend(handles=_handles(params.classes), loc="outside lower center", ncols=len(params.classes) + 2,
                      fontsize=8, title=note, title_fontsize=8, columnspacing=1.0, handletextpad=0.2)  # fmt: skip
    return figure


def _groups(shown: pd.DataFrame, classes: list[str]) -> list[tuple[np.ndarray, dict]]:
    """Return the points of each class and how they look: first the augmentations, then above them the ROIs."""
    plain = (shown["source"] == ROI).to_numpy()
    looks = (
        (~plain, {"s": SMALL, "edgecolors": "none", "alpha": 0.5}),
        (plain, {"s": LARGE, "edgecolors": "black", "alpha": 0.9, "linewidths": 0.6}),
    )
    return [
        (
            chosen & (shown["class"] == name).to_numpy(),
            {"color": figure_style.class_colour(classes, name), "marker": MARKERS[i % len(MARKERS)], **look},
        )
        for chosen, look in looks
        for i, name in enumerate(classes)
    ]


def _handles(classes: list[str]) -> list[Line2D]:
    looks = [
        {"color": figure_style.class_colour(classes, name), "marker": MARKERS[i % len(MARKERS)], "label": name}
        for i, name in enumerate(classes)
    ]
    looks += [
        {"color": figure_style.GREY, "marker": "o", "markeredgecolor": "black", "label": "un-augmented ROI"},
        {
            "color": figure_style.GREY,
            "marker": "o",
            "markersize": SMALL**0.5,
            "label": f"one of its {AUGMENTATIONS} augmentations",
        },
    ]
    return [Line2D([], [], linestyle="", **look) for look in looks]


def _title(arm: str, size: str, values: pd.DataFrame) -> str:
    rows = values.set_index("measure")
    value, low, high = rows.loc[SILHOUETTE, ["value", "low", "high"]]
    first = f"silhouette {value:.2f} ({low:.2f} to {high:.2f})"
    value, low, high = 100 * rows.loc[PURITY, ["value", "low", "high"]]
    return f"{arm}, {size} images per fold\n{first}\nneighbour purity {value:.0f} % ({low:.0f} to {high:.0f})"
