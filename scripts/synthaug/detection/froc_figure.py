"""The FROC curves of all arms: sensitivity against false positives a slice."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthaug.detection.arms import generator_of
from synthaug.detection.froc import RATES
from synthaug.detection.metric_names import FRACTIONS
from synthaug.report import figure_style


def draw(
    curves: pd.DataFrame, arms: Sequence[str], generators: Sequence[str], false_positives: float, confidence: float
) -> Figure:
    """Draw the curves side by side, a panel for each IoU.

    Parameters
    ----------
    curves
        From `froc_table.table`. A curve stops where the arm has no more detections.
    arms
        The order of their lines.
    generators
        The arms whose colours follow their order; an arm of one's chosen images has its colour, with dashes.
    false_positives
        The rate of the primary measure, which is marked.
    confidence
        Of the bands.
    """
    ious = curves["iou"].drop_duplicates().tolist()
    drawn = [arm for arm in arms if arm in set(curves["arm"])]
    with figure_style.style():
        figure = figure_style.new(3.4 * len(ious) + 0.4, 3.9)
        panels = figure.subplots(1, len(ious), sharey=True, squeeze=False)[0]
        for axes, iou in zip(panels, ious, strict=True):
            for arm in drawn:
                rows = curves[(curves["iou"] == iou) & (curves["arm"] == arm)]
                _draw_arm(axes, rows, arm, _look(arm, generators))
            axes.axvline(false_positives, color=figure_style.GREY, linestyle=":", linewidth=1, zorder=0)
            axes.set_xscale("log", base=2)
            axes.set_xticks(RATES, [FRACTIONS.get(rate, f"{rate:g}") for rate in RATES])
            axes.minorticks_off()
            axes.set(xlim=(RATES[0], RATES[-1]), ylim=(0, 101), title=f"IoU {iou:g}")
            axes.set_xlabel("False positives a slice")
        panels[0].set_ylabel("Sensitivity (%)")
        note = f"bands: {100 * confidence:g} % interval at each rate; dotted: the rate of the primary measure"
        lines = panels[0].get_lines()[: len(drawn)]
        figure.legend(
            handles=lines, loc="outside lower center", ncols=min(4, len(drawn)), fontsize=8, title=note,
            title_fontsize=8,
        )  # fmt: skip
    return figure


def _draw_arm(axes: Axes, rows: pd.DataFrame, arm: str, look: dict[str, str]) -> None:
    within = rows[rows["false_positives"] <= rows["end"]]
    x, color = within["false_positives"], look["color"]
    axes.fill_between(x, 100 * within["low"], 100 * within["high"], color=color, alpha=0.12, linewidth=0)
    every = len(rows) // (len(RATES) - 1)  # a marker at each of the rates that are reported
    axes.plot(x, 100 * within["sensitivity"], **look, markersize=4, markevery=every, linewidth=1.2, label=arm)


def _look(arm: str, generators: Sequence[str]) -> dict[str, str]:
    generator = generator_of(arm)
    look = figure_style.arm_style(generator, generators)
    return look | ({"linestyle": "--"} if generator != arm else {})
