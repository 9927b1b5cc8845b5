"""Fig. 8: accuracy against the number of training images."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthaug import figures, metrics
from synthaug.groups import CLASSIC, EXTRA, parse_size

DODGE = 0.006  # each further arm is drawn this share of the axis further right, so that bars do not hide each other


@dataclass(frozen=True)
class Params:
    """What Fig. 8 needs of the config; the operating point is fixed there, before any result is known."""

    classes: list[str]
    confidence: float
    group: int  # classic images per fold at the operating point
    synthetic: int  # synthetic or extra images per class and fold at the operating point


def images_added(size: str, classes: int) -> int:
    """Return the images that a size adds to each fold, over all classes."""
    classic, further = parse_size(size)
    return classic + further * classes


def accuracy(values: pd.DataFrame, majority: float, params: Params) -> Figure:
    """Draw Fig. 8: total accuracy against the images added to each fold, a line an arm.

    Parameters
    ----------
    values
        ``metrics.csv``.
    majority
        Share of lesions in the largest class: the accuracy of always naming that class.
    """
    rows = values[values["metric"] == "accuracy"].copy()
    rows["images"] = [images_added(size, len(params.classes)) for size in rows["size"]]
    rows = rows.sort_values("images", kind="stable")
    arms = _distinct(values["arm"])
    generators = [arm for arm in arms if arm not in (CLASSIC, EXTRA)]
    sideways = {arm: DODGE * i * rows["images"].max() for i, arm in enumerate(arms)}
    rows["images"] += rows["arm"].map(sideways)
    with figures.style():
        figure = figures.new(6.4, 4.2)
        axes = figure.subplots()
        for arm in arms:
            look = figures.arm_style(arm, generators)
            by_seed = dict(tuple(rows[rows["arm"] == arm].groupby(rows["seed"].astype(str))))
            mean = by_seed.pop(metrics.ALL)
            _draw_arm(axes, arm, mean, look)
            for line in by_seed.values() if len(by_seed) > 1 else ():
                axes.plot(line["images"], 100 * line["value"], color=look["color"], linewidth=0.6, alpha=0.45)
            chosen = mean[mean["size"] == _operating_size(arm, params)]
            axes.plot(
                chosen["images"], 100 * chosen["value"], "o", markersize=13, fillstyle="none", color="black", zorder=5
            )
        axes.plot([], [], "o", markersize=11, fillstyle="none", color="black", label="operating point (set beforehand)")
        axes.axhline(100 * majority, color=figures.GREY, linestyle=":", label="always the largest class")
        axes.set_xlabel("Training images added per fold")
        axes.set_ylabel("Total accuracy (%)")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        note = f"bars: {100 * params.confidence:g} % interval over patients"
        if rows["seed"].nunique() > 2:
            note += "; thin lines: single seeds"
        plain, arms_shown = axes.get_lines()[-2:], axes.containers
        figure.legend(
            handles=[*arms_shown, *plain], loc="outside lower center", ncols=2, fontsize=8, title=note, title_fontsize=8
        )
    return figure


def _draw_arm(axes: Axes, arm: str, mean: pd.DataFrame, look: dict[str, str]) -> None:
    value = 100 * mean["value"]
    spread = [value - 100 * mean["low"], 100 * mean["high"] - value]
    label = {CLASSIC: "classic augmentation", EXTRA: "classic + extra real lesions"}.get(arm, f"classic + {arm}")
    axes.errorbar(mean["images"], value, spread, **look, markersize=5, capsize=2, elinewidth=0.8, label=label)


def _operating_size(arm: str, params: Params) -> str:
    return str(params.group) if arm == CLASSIC else f"{params.group}+{params.synthetic}x{len(params.classes)}"


def _distinct(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))
