"""Fig. 8: the primary measure against the number of training images."""

import itertools
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthaug.report import arm_names, figure_style
from synthaug.terms import sizes, uses
from synthaug.terms.totals import ALL

# Arms of one size stand side by side around it, this share of the axis apart: as wide as a marker. Together they take a
# part of the way to the next size, unless bars would then hide each other.
DODGE, OF_THE_WAY, LEAST_DODGE = 0.018, 0.6, 0.006
CIRCLE = 10  # points
BETWEEN_TICKS = 0.07  # share of the axis
LETTERS = 47  # of a line of the legend
MOST_WITH_SEEDS = 5  # arms; with more the lines of single seeds hide the curves
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
    places = rows["images"].unique().tolist()
    rows["images"] += _sideways(rows)
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
                chosen["images"],
                100 * chosen["value"],
                "o",
                markersize=CIRCLE,
                fillstyle="none",
                color="black",
                zorder=5,
            )
        meaning = f"{params.operating_point}: {RULES[params.operating_point]}"
        circle = axes.plot([], [], "o", markersize=CIRCLE, fillstyle="none", color="black", label=meaning)
        lines = [
            axes.axhline(100 * value, color=figure_style.GREY, linestyle=":", label=how)
            for how, value in references.items()
        ]
        axes.set_xlabel(params.size)
        axes.set_ylabel(f"{params.primary[0].upper()}{params.primary[1:]} (%)")
        axes.set_xticks(_ticks(places))  # others would lie between the arms, and mean nothing
        axes.xaxis.set_major_formatter("{x:,.0f}")
        over = "patients and seeds" if rows["seed"].nunique() > 2 else "patients"
        note = f"bars: {100 * params.confidence:g} % interval over {over}; circles: operating point"
        if thin:
            note += "; thin lines: single seeds"
        handles = [*axes.containers, *circle, *lines]
        figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8, title=note, title_fontsize=8)
    return figure


def _sideways(rows: pd.DataFrame) -> pd.Series:
    """Return how far to the right of its size each row is drawn: the arms of one size stand side by side around it."""
    places = sorted(rows["images"].unique())
    axis = (places[-1] - places[0]) or places[-1] or 1
    gap = min((after - before for before, after in itertools.pairwise(places)), default=axis)
    step = max(min(DODGE * axis, OF_THE_WAY * gap / rows["arm"].nunique()), LEAST_DODGE * axis)
    rank = rows.groupby("images")["arm"].transform(lambda arms: pd.factorize(arms)[0])
    return step * (rank - rank.groupby(rows["images"]).transform("max") / 2)


def _ticks(places: list[int]) -> list[int]:
    """Return the sizes that are named, from the largest one down; those too near to one that is are not."""
    named = []
    for place in sorted(places, reverse=True):
        if not named or named[-1] - place >= BETWEEN_TICKS * max(places):
            named.append(place)
    return named


def _named(arm: str, params: Params) -> str:
    words = arm_names.in_words(arm, params.generators, params.reference)
    return textwrap.fill(f"{arm}: {words}" if words else arm, LETTERS, subsequent_indent="    ")


def _draw_arm(axes: Axes, label: str, mean: pd.DataFrame, look: dict[str, str]) -> None:
    value = 100 * mean["value"]
    spread = [value - 100 * mean["low"], 100 * mean["high"] - value]
    size = 8 if len(mean) == 1 else 5  # a point without a line is easily missed among lines
    over = 4 if len(mean) == 1 else 2
    edge = {"markeredgecolor": "white", "markeredgewidth": 0.4}  # or markers that touch are one
    axes.errorbar(
        mean["images"],
        value,
        spread,
        **look,
        **edge,
        markersize=size,
        linewidth=1.2,
        capsize=2,
        elinewidth=0.8,
        zorder=over,
        label=label,
    )
