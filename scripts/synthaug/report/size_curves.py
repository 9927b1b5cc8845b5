"""Fig. 8: the primary measure against the number of training images."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthaug.report import figure_style
from synthaug.terms import sizes, uses
from synthaug.terms.totals import ALL

DODGE = 0.006  # each further arm is drawn this share of the axis further right, so that bars do not hide each other
MOST_WITH_SEEDS = 5  # arms; with more the lines of single seeds hide the curves
NAMES = {
    "classic": "classic augmentation",
    "placebo": "classic, trained once more (placebo)",
    "online": "classic, fresh at every epoch",
    "mixup": "classic, fresh, with mixup",
    "extra": "classic + extra real lesions",
}
RULES = {
    "fixed": "set beforehand",
    "published": "read off this figure, so optimistic",
    "nested": "chosen without the test fold",
}


@dataclass(frozen=True)
class Params:
    """What Fig. 8 needs of the config."""

    primary: str  # the task's primary metric, such as accuracy
    confidence: float
    operating_point: str  # the rule whose choice is marked: fixed, published or nested
    arms: list[str]  # in the order of the config, the reference first
    generators: list[str]  # those of them that add synthetic images
    size: str  # what a size is, as the label of its axis
    reference: str  # the arm that the others start from


def curves(values: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Return the rows of ``metrics.csv`` that are points of a curve, with their ``images``, by arm and images.

    Left out are the rows at an operating point, whose size is a rule's name, and the arms without a size (baselines
    and discriminators).
    """
    made = {arm for arm in params.arms if uses.generator_of(arm) in params.generators}
    drawn = [arm for arm in params.arms if arm in figure_style.ARM_STYLES or arm in made]
    is_size = values["size"].map(lambda size: sizes.SIZE.fullmatch(size) is not None)
    is_primary = (values["metric"] == params.primary) & (values["class"] == ALL)
    rows = values[is_primary & is_size & values["arm"].isin(drawn)].copy()
    rows["images"] = [sizes.total(size) for size in rows["size"]]
    rows["place"] = rows["arm"].map(drawn.index)
    return rows.sort_values(["place", "images"], kind="stable", ignore_index=True).drop(columns="place")


def draw(values: pd.DataFrame, choice: pd.DataFrame, references: Mapping[str, float], params: Params) -> Figure:
    """Draw Fig. 8: the primary measure against the images added to each fold, one line per arm.

    Parameters
    ----------
    values
        ``metrics.csv``.
    choice
        ``operating_points.csv``; the sizes chosen by the configured rule are circled.
    references
        The measure without any model, by how: ``references.csv``.
    """
    rows = curves(values, params)
    choice = choice[choice["rule"] == params.operating_point]
    drawn = rows["arm"].drop_duplicates().tolist()
    thin = rows["seed"].nunique() > 2 and len(drawn) <= MOST_WITH_SEEDS
    sideways = {arm: DODGE * i * rows["images"].max() for i, arm in enumerate(drawn)}
    rows["images"] += rows["arm"].map(sideways)
    with figure_style.style():
        figure = figure_style.new(6.4, 4.4)
        axes = figure.subplots()
        for arm in drawn:
            look = figure_style.arm_style(arm, params.generators) | ({"linestyle": "--"} if uses.use_of(arm) else {})
            by_seed = dict(tuple(rows[rows["arm"] == arm].groupby(rows["seed"].astype(str))))
            mean = by_seed.pop(ALL)
            _draw_arm(axes, _named(arm, params), mean, look)
            for line in by_seed.values() if thin else ():
                axes.plot(line["images"], 100 * line["value"], color=look["color"], linewidth=0.6, alpha=0.45)
            chosen = mean[mean["size"].isin(choice.loc[choice["arm"] == arm, "size"])]
            axes.plot(
                chosen["images"], 100 * chosen["value"], "o", markersize=13, fillstyle="none", color="black", zorder=5
            )
        meaning = f"{params.operating_point}: {RULES[params.operating_point]}"
        circle = axes.plot([], [], "o", markersize=11, fillstyle="none", color="black", label=meaning)
        lines = [
            axes.axhline(100 * value, color=figure_style.GREY, linestyle=":", label=how)
            for how, value in references.items()
        ]
        axes.set_xlabel(params.size)
        axes.set_ylabel(f"{params.primary[0].upper()}{params.primary[1:]} (%)")
        if (rows["images"] - rows["arm"].map(sideways)).nunique() == 1:
            axes.set_xticks([rows["images"].min()])  # others would lie between the arms, and mean nothing
        axes.xaxis.set_major_formatter("{x:,.0f}")
        over = "patients and seeds" if rows["seed"].nunique() > 2 else "patients"
        note = f"bars: {100 * params.confidence:g} % interval over {over}; circles: operating point"
        if thin:
            note += "; thin lines: single seeds"
        handles = [*axes.containers, *circle, *lines]
        figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8, title=note, title_fontsize=8)
    return figure


def _named(arm: str, params: Params) -> str:
    made = uses.generator_of(arm) in params.generators
    return NAMES.get(arm, f"{params.reference} + {arm}" if made else arm)


def _draw_arm(axes: Axes, label: str, mean: pd.DataFrame, look: dict[str, str]) -> None:
    value = 100 * mean["value"]
    spread = [value - 100 * mean["low"], 100 * mean["high"] - value]
    size = 8 if len(mean) == 1 else 5  # a point without a line is easily missed among lines
    over = 4 if len(mean) == 1 else 2
    axes.errorbar(
        mean["images"], value, spread, **look, markersize=size, capsize=2, elinewidth=0.8, zorder=over, label=label
    )
