"""Reliability diagrams: accuracy against confidence, one panel per arm."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthaug.classification.calibration import are_probabilities, predicted_confidence, reliability
from synthaug.classification.calibration_table import Params
from synthaug.classification.measures import ClassPool
from synthaug.evaluation.pools import Run
from synthaug.report import figure_style

PANEL, COLUMNS = 2.4, 4  # inches; panels in a row
COUNT_BINS = 20


def diagrams(pools: dict[Run, ClassPool], values: pd.DataFrame, params: Params) -> Figure:
    """Draw the accuracy in bins of confidence, and below it how many lesions there are at each confidence.

    Parameters
    ----------
    pools
        From `operating_points.at`, by (arm, rule, seed).
    values
        ``calibration.csv``.
    """
    classes = next(iter(pools.values())).scores.shape[1]
    arms = list(dict.fromkeys(values["arm"]))
    columns = min(COLUMNS, len(arms))
    rows = -(-len(arms) // columns)
    with figure_style.style():
        figure = figure_style.new(max(4.6, PANEL * columns + 0.4), (PANEL + 1.4) * rows + 0.5)
        heights = [PANEL, 0.55] * rows
        grid = figure.subplots(2 * rows, columns, squeeze=False, sharex=True, height_ratios=heights)
        for axes in grid.flat:
            axes.set_axis_off()
        for place, arm in enumerate(arms):
            above, below = grid[2 * (place // columns) :, place % columns][:2]
            above.set_axis_on()
            below.set_axis_on()
            of_arm = [pool for (name, _, _), pool in pools.items() if name == arm]
            look = figure_style.arm_style(arm, params.generators)
            _reliability(above, reliability(of_arm, params.confidence), look, classes)
            _counts(below, of_arm, look["color"], classes)
            above.set_title(_title(arm, values[values["arm"] == arm]), fontsize=8)
            if place % columns == 0:
                above.set_ylabel("Accuracy (%)")
                below.set_ylabel("Lesions")
            if place + columns >= len(arms):
                below.set_xlabel("Confidence (%)")
                below.tick_params(labelbottom=True)
        note = (
            f"operating point: {params.operating_point}; bars: {100 * params.confidence:g} % Wilson intervals; "
            "dotted: accuracy equals confidence"
        )
        figure.supxlabel(note, fontsize=8)
    return figure


def _reliability(axes: Axes, bins: pd.DataFrame, look: dict[str, str], classes: int) -> None:
    percent = 100 * bins
    spread = [percent["accuracy"] - percent["low"], percent["high"] - percent["accuracy"]]
    axes.plot([100 / classes, 100], [100 / classes, 100], color=figure_style.GREY, linestyle=":", linewidth=1)
    axes.errorbar(
        percent["confidence"], percent["accuracy"], spread, **look, markersize=4, capsize=2, elinewidth=0.8, linewidth=1
    )
    axes.set(ylim=(-3, 103))


def _counts(axes: Axes, pools: list[ClassPool], colour: str, classes: int) -> None:
    confidence = np.concatenate([predicted_confidence(pool)[0] for pool in pools])
    edges = np.linspace(1 / classes, 1, COUNT_BINS + 1)
    counts = np.histogram(confidence, edges)[0] / len(pools)
    axes.stairs(counts, 100 * edges, fill=True, color=colour, alpha=0.6)
    axes.set(xlim=(100 / classes - 3, 103))


def _title(arm: str, values: pd.DataFrame) -> str:
    rows = values.set_index("measure")
    error, calibrated = rows.loc[["calibration error", "calibration error if calibrated"], "value"]
    lines = [arm if are_probabilities(arm) else f"{arm}: scores, not probabilities"]
    for name, measure in (("Slope", "calibration slope"), ("Log loss", "log loss"), ("Brier", "brier")):
        if measure in rows.index:
            value, low, high = rows.loc[measure, ["value", "low", "high"]]
            lines.append(f"{name} {value:.2f} ({low:.2f} to {high:.2f})")
    return "\n".join([*lines, f"ECE {error:.2f} (calibrated: {calibrated:.2f})"])
