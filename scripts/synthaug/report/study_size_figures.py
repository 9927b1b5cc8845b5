"""Figures of the size of a study: before any data, and from what a cohort has shown."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from synthaug.evaluation import study_size
from synthaug.evaluation.observed_variation import Observed, Params
from synthaug.report import figure_style

COLOURS = (figure_style.BLUE, figure_style.VERMILLION, figure_style.GREEN, figure_style.PURPLE, figure_style.ORANGE)
POINTS = 160  # of a curve
POWER = study_size.POWERS[0]
MOST_UNITS = 10_000
TICKS = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


def before(design: study_size.Design, unit: str) -> Figure:
    """Draw the units needed against the true gain: a colour per discordance, dashed where corrected for all arms."""
    gains = np.linspace(0.01, max(0.15, 1.3 * design.gain), POINTS)
    with figure_style.style():
        figure = figure_style.new(6.4, 4.4)
        axes = figure.subplots()
        for colour, discordance in zip(_colours(len(design.discordances)), design.discordances, strict=True):
            possible = gains[gains <= discordance]
            for comparisons, line in zip(sorted({1, design.arms}), ("-", "--"), strict=False):
                needed = [_needed(design, gain, discordance, comparisons) for gain in possible]
                label = f"{100 * discordance:g} % of {unit}s differ" if comparisons == 1 else None
                axes.plot(100 * possible, needed, line, color=colour, label=label)
        if design.arms > 1:
            axes.plot([], [], "--", color="black", label=f"dashed: corrected for {design.arms} arms")
        axes.axvline(100 * design.gain, color=figure_style.GREY, linestyle=":")
        _log(axes.yaxis, axes, "y", 20, MOST_UNITS)
        axes.set_xlim(0, 100 * gains[-1])
        axes.set_xlabel("True gain (points); dotted: the gain of this plan")
        axes.set_ylabel(f"{unit.capitalize()}s needed, {100 * POWER:g} % power")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return figure


def after(observed: Observed, params: Params, reference: str) -> Figure:
    """Draw the difference that a cohort would show against its number of patients, from the error that was observed."""
    known, gain, chosen = (observed.error, observed.patients), params.smallest_gain, sorted({1, observed.comparisons})
    needed = {k: study_size.patients_needed(*known, gain, params.confidence, POWER, k, observed.fixed) for k in chosen}
    reach = [number for number in needed.values() if math.isfinite(number)]
    last = min(2 * max([*reach, 10 * observed.patients]), 1000 * observed.patients)
    sizes = np.geomspace(max(observed.patients / 3, 5), last, POINTS)
    with figure_style.style():
        figure = figure_style.new(6.4, 4.2)
        axes = figure.subplots()
        for k, colour, line in zip(chosen, (figure_style.BLUE, figure_style.VERMILLION), ("-", "--"), strict=False):
            curve = study_size.detectable(*known, sizes, params.confidence, POWER, k, observed.fixed)
            words = "one comparison" if k == 1 else f"corrected for {k} arms"
            axes.plot(sizes, 100 * curve, line, color=colour, label=f"{words}: {_in_words(needed[k])}")
            if math.isfinite(needed[k]):
                axes.plot(needed[k], 100 * gain, "o", color=colour, clip_on=False, zorder=4)
        words = f"smallest gain of interest, {100 * gain:g} points"
        axes.axhline(100 * gain, color=figure_style.GREY, linestyle=":", label=words)
        words = f"this cohort, {observed.patients} patients"
        axes.axvline(observed.patients, color="black", linewidth=0.8, label=words)
        _log(axes.xaxis, axes, "x", sizes[0], last)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("Patients")
        axes.set_ylabel(f"Difference shown with {100 * POWER:g} % power (points)")
        figure.legend(
            loc="outside lower center",
            ncols=2,
            fontsize=8,
            title=f"{observed.arm} against {reference}",
            title_fontsize=8,
        )
    return figure


def _in_words(patients: float) -> str:
    if math.isnan(patients):
        return "unknown, as the arms never differ"
    return f"{study_size.up(patients):,} patients show it" if math.isfinite(patients) else "no number shows it"


def _colours(number: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(number)]


def _needed(design: study_size.Design, gain: float, discordance: float, comparisons: int) -> float:
    """Return the units needed for another gain; not a number beyond the axis."""
    other = study_size.Design(**{**vars(design), "gain": float(gain)})
    units = study_size.units_needed(other, discordance, POWER, comparisons)
    return units if units <= MOST_UNITS else np.nan


def _log(axis: object, axes: Axes, which: str, low: float, high: float) -> None:
    """Give an axis a logarithmic scale from ``low`` to ``high`` with round numbers that are written out."""
    axes.set(**{f"{which}scale": "log", f"{which}lim": (low, high)})
    axis.set_major_locator(NullLocator())
    axis.set_ticks([tick for tick in TICKS if low <= tick <= high])
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
