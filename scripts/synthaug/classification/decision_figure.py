"""The figure of decision curves: for each class the net benefit, and below it the differences from `classic`."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthaug.classification.decision_curves import EVERY, Params
from synthaug.report import figure_style
from synthaug.terms.arms import CLASSIC

PANEL, COLUMNS = 2.6, 3  # inches; panels in a row
HEIGHTS = 2.3, 1.5  # inches of the net benefit, and of the differences
BELOW = 0.35  # how far the axis goes below 0, of how far above: acting too often costs without end
ABOVE = 1.08  # of the largest value, so that the frame does not hide it
SPREAD = 1.25  # of the largest difference, so that its interval has room
BAND = {"alpha": 0.2, "linewidth": 0}
LINE = {"linewidth": 1.4, "markersize": 4, "markevery": 12}


def curves(values: pd.DataFrame, params: Params) -> Figure:
    """Draw ``decision_curves.csv``: `classic`, the generators, acting on all and on none; two panels a class.

    The arm that is shown has a band below, the interval of its difference.
    """
    classes = list(dict.fromkeys(values["class"]))
    found = set(values["arm"])
    arms = [arm for arm in dict.fromkeys([CLASSIC, *params.generators, *params.shown]) if arm in found]
    columns = min(COLUMNS, len(classes))
    rows = -(-len(classes) // columns)
    drawn = values[values["arm"].isin(arms)]
    highest, furthest = ABOVE * drawn["value"].max(), SPREAD * drawn["delta"].abs().max()
    with figure_style.style():
        figure = figure_style.new(max(5.2, PANEL * columns + 0.5), (sum(HEIGHTS) + 0.5) * rows + 1)
        grid = figure.subplots(2 * rows, columns, squeeze=False, sharex=True, height_ratios=HEIGHTS * rows)
        for axes in grid.flat:
            axes.set_axis_off()
        for place, name in enumerate(classes):
            above, below = grid[2 * (place // columns) :, place % columns][:2]
            of_class = values[values["class"] == name]
            _benefits(above, of_class, arms, params)
            _differences(below, of_class, arms, params)
            above.set(title=name, ylim=(-BELOW * highest, highest))
            below.set(ylim=(-furthest, furthest) if furthest > 0 else None)
            if place % columns == 0:
                above.set_ylabel("Net benefit per lesion")
                below.set_ylabel(f"Difference from {CLASSIC}")
            else:
                above.tick_params(labelleft=False)
                below.tick_params(labelleft=False)
            if place + columns >= len(classes):
                below.set_xlabel("Threshold probability (%)")
                below.tick_params(labelbottom=True)
        note = f"operating point: {params.operating_point}"
        for arm in [arm for arm in params.shown if arm in found]:
            note += f"; band: {100 * params.confidence:g} % interval of {arm} minus {CLASSIC}"
        handles, labels = grid[0, 0].get_legend_handles_labels()
        where = {"loc": "outside lower center", "ncols": min(len(labels), 6 if columns > 1 else 3)}
        figure.legend(handles, labels, **where, fontsize=8, title=note, title_fontsize=8)
    return figure


def _benefits(axes: Axes, values: pd.DataFrame, arms: list[str], params: Params) -> None:
    axes.set_axis_on()
    for arm in arms:
        rows = values[values["arm"] == arm]
        axes.plot(
            100 * rows["threshold"], rows["value"], **figure_style.arm_style(arm, params.generators), **LINE, label=arm
        )
    rows = values[values["arm"] == EVERY]
    axes.plot(100 * rows["threshold"], rows["value"], color="black", linestyle="--", linewidth=1, label=EVERY)
    axes.axhline(0, color="black", linestyle=":", linewidth=1, label="treat none")


def _differences(axes: Axes, values: pd.DataFrame, arms: list[str], params: Params) -> None:
    axes.set_axis_on()
    axes.axhline(0, color=figure_style.GREY, linewidth=0.8)
    for arm in [arm for arm in arms if arm != CLASSIC]:
        rows = values[values["arm"] == arm]
        place, look = 100 * rows["threshold"], figure_style.arm_style(arm, params.generators)
        axes.plot(place, rows["delta"], **look, **LINE)
        if arm in params.shown:
            axes.fill_between(place, rows["delta_low"], rows["delta_high"], color=look["color"], **BAND)
