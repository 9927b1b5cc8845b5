"""Forest plot: the primary measure in each subgroup, and its difference from the reference arm."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthaug.evaluation.measures import Measures
from synthaug.evaluation.subgroups import Params, everything
from synthaug.report import figure_style

LINE = 0.34  # inches a level
FEW = 10  # patients; levels with fewer are drawn hollow, since resampling so few says little
APART = 0.5  # of a level's height, over which its arms are spread


def forest(values: pd.DataFrame, measures: Measures, params: Params) -> Figure:
    """Draw ``subgroups.csv``: left the measure of the arms shown and the reference, right their differences."""
    found = set(values["arm"])
    arms = [arm for arm in dict.fromkeys([measures.reference, *params.shown]) if arm in found]
    places, labels = _lines(values, measures.unit)
    with figure_style.style():
        figure = figure_style.new(7.2, LINE * (len(labels) + 1) + 1.2)
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.2, 1])
        for i, arm in enumerate(arms):
            offset = APART * ((i + 0.5) / len(arms) - 0.5)
            rows = values[values["arm"] == arm]
            below = np.array([places[key] for key in zip(rows["subgroup"], rows["level"], strict=True)]) + offset
            look = figure_style.arm_style(arm, params.generators)
            _intervals(left, rows[["value", "low", "high"]], below, rows["patients"], look, arm)
            if arm != measures.reference:
                _intervals(right, rows[["delta", "delta_low", "delta_high"]], below, rows["patients"], look, arm)
        right.axvline(0, color=figure_style.GREY, linestyle=":", linewidth=1)
        left.set_yticks(list(labels), labels.values(), fontsize=8)
        left.set_ylim(max(labels) + 0.7, -0.7)
        for label, place in zip(left.get_yticklabels(), labels, strict=True):
            label.set_fontweight("normal" if place in places.values() else "bold")
        for axes in (left, right):
            axes.tick_params(axis="y", length=0)
            axes.grid(axis="x", color="#dddddd", linewidth=0.6)
            axes.set_axisbelow(True)
        name = measures.primary[0].upper() + measures.primary[1:]
        left.set_xlabel(f"{name} (%)")
        right.set_xlabel(f"{name} minus {measures.reference} (points)")
        note = f"operating point: {params.operating_point}; bars: {100 * params.confidence:g} % intervals"
        note += f"; in brackets: {measures.unit}s, patients"
        if (values["patients"] < FEW).any():
            note += f"; hollow: fewer than {FEW} patients"
        figure.legend(
            handles=left.containers,
            loc="outside lower center",
            ncols=len(arms),
            fontsize=8,
            title=note,
            title_fontsize=8,
        )
    return figure


def _lines(values: pd.DataFrame, unit: str) -> tuple[dict[tuple[str, str], int], dict[int, str]]:
    """Return the line of each (subgroup, level), and the label of each line; a subgroup has a heading of its own."""
    places, labels, heading = {}, {}, everything(unit)
    for row in values.rename(columns={f"{unit}s": "units"}).drop_duplicates(["subgroup", "level"]).itertuples():
        if row.subgroup != heading:
            heading = row.subgroup
            labels[len(labels)] = heading
        places[row.subgroup, row.level] = len(labels)
        labels[len(labels)] = f"{row.level} ({row.units}, {row.patients})"
    return places, labels


def _intervals(
    axes: Axes, estimates: pd.DataFrame, places: np.ndarray, patients: pd.Series, look: dict[str, str], label: str
) -> None:
    value, low, high = 100 * estimates.to_numpy(dtype=float).T
    spread = np.clip([value - low, high - value], 0, None)
    axes.errorbar(
        value, places, xerr=spread, linestyle="", **look, markersize=5, capsize=2, elinewidth=0.9, label=label
    )
    few = (patients < FEW).to_numpy()
    axes.plot(value[few], places[few], linestyle="", **look, markersize=5, markerfacecolor="white", zorder=5)
