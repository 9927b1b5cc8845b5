"""What this cohort speaks for: nothing, real images alone, more real lesions, or a generator; by fixed rules.

1. A gain that is shown decides what to use. Of several arms with one, those without synthetic images come first, as
   they need no generator; of these, and of those with synthetic images, the one that gained most.
2. Without one, what was chosen for each test fold decides, if that has a gain.
3. Without either, nothing is to be used, for good where a gain of interest is excluded for every arm, else for now.
4. Further real lesions are spoken for by a gain of theirs; or, where none is shown, by more than any arm with synthetic
   images had. The learning curve and the numbers of patients say what more patients would bring and show.

Each rule reads numbers that stand in the report, and its sentence repeats them.
"""

from dataclasses import dataclass

import pandas as pd

from synthaug.evaluation import comparisons, learning_curve
from synthaug.report import generator_faults
from synthaug.report.evaluated import Evaluated
from synthaug.report.numbers import percent, points, span
from synthaug.report.sentences import counted, listed
from synthaug.terms import arms
from synthaug.terms.best import OTHERS

EXCLUDED = (comparisons.NO_GAIN, comparisons.EQUIVALENT, comparisons.LIKELY_WORSE, comparisons.WORSE)
CONTROLS = (arms.PLACEBO, arms.EXTRA)  # of what is compared; neither is a way to use the images that there are


@dataclass(frozen=True)
class Params:
    """What the recommendation needs of the config."""

    primary: str  # the task's primary metric
    operating_point: str  # the rule that is shown
    reference: str  # the arm that the others are compared with
    networks: list[str]  # the arms that train the network, in the order of the config
    real: list[str]  # those without synthetic images, beside the reference
    smallest_gain: float  # of interest, a fraction
    unit_shown: str  # what a unit is called where people read


def sentences(
    evaluated: Evaluated, params: Params, power: pd.DataFrame, curve: pd.DataFrame, generators: pd.DataFrame
) -> list[str]:
    """Return what this cohort speaks for, what matters most first; nothing where no arm was compared.

    Parameters
    ----------
    power, curve
        ``simulated_power.csv`` and ``learning_curve.csv``.
    generators
        See `generator_faults.worst`.
    """
    compared = {arm: evaluated.difference(arm, params.operating_point) for arm in params.networks}
    compared = {arm: row for arm, row in compared.items() if row is not None}
    ways = {arm: row for arm, row in compared.items() if arm not in CONTROLS}
    if not ways:
        return []
    said = [_use(evaluated, params, ways, generators), _hindsight(evaluated)]
    synthetic = {arm: row for arm, row in ways.items() if arm not in params.real}
    said += [_lesions(compared.get(arms.EXTRA), synthetic, generators, params.unit_shown)]
    said += [_more_patients(evaluated, params, curve), _shown_by(power)]
    return [sentence for sentence in said if sentence]


def _use(evaluated: Evaluated, params: Params, ways: dict[str, pd.Series], generators: pd.DataFrame) -> str:
    """Say what to use, by rules 1 to 3."""
    gains = {arm: row for arm, row in ways.items() if row["verdict"] == comparisons.GAIN}
    if plain := [arm for arm in gains if arm in params.real]:
        others = " Synthetic images have a gain too, but need a generator." if len(plain) < len(gains) else ""
        arm = max(plain, key=lambda name: gains[name]["delta"])
        return f"Use {arm}: {_of(gains[arm])}, with real images alone.{others}"
    if gains:
        arm = max(gains, key=lambda name: gains[name]["delta"])
        fault = generator_faults.of_arm(generators, arm)
        if fault is not None:
            return f"{generator_faults.said(fault)}. Look at its images before you use {arm}: {_of(gains[arm])}."
        return f"Use the images of {arm}: {_of(gains[arm])}."
    best = evaluated.best()
    if best is not None and best["verdict"] == comparisons.GAIN:
        caution = ""
        if best["read"] == OTHERS:
            caution = " Models that had learned from the test fold had a part in the choice: let inner models choose."
        return f"Use what was chosen for the test folds, {evaluated.best_strategies()}: {_of(best)}.{caution}"
    names = listed(ways)
    if all(row["verdict"] in EXCLUDED for row in ways.values()):
        gain = f"a gain of {percent(params.smallest_gain)} points"
        return f"Use nothing but {params.reference}: {gain} is excluded for {names}."
    return f"Use nothing but {params.reference} for now: no gain is shown for {names}."


def _hindsight(evaluated: Evaluated) -> str:
    """Say what the choice of a strategy was worth, and what it would have promised in hindsight."""
    best = evaluated.best()
    if best is None:
        return ""
    among = f"{int(best['strategies'])} strategies, each an arm with its number of images"
    found = f"Choosing among {among}, without the test patients gave {_of(best)}"
    if best["optimism"] <= 0:
        return f"{found}; the best of all in hindsight was no better."
    name = f"{best['hindsight_arm']} {best['hindsight_size']}"
    more = percent(best["optimism"])
    return f"{found}. Do not expect what the best in hindsight, {name}, had: {more} points more, in part by luck."


def _lesions(extra: pd.Series | None, synthetic: dict[str, pd.Series], generators: pd.DataFrame, unit: str) -> str:
    """Say what further real lesions did, by rule 4."""
    if extra is None:
        return ""
    if extra["verdict"] == comparisons.GAIN:
        return f"Annotate more {unit}s: with further real ones ({arms.EXTRA}) the difference was {_of(extra)}."
    if not synthetic:
        return ""
    arm = max(synthetic, key=lambda name: synthetic[name]["delta"])
    if extra["delta"] > max(synthetic[arm]["delta"], 0):
        fault = generator_faults.of_arm(generators, arm)
        broken = "" if fault is None else f", whose generator is {fault['state']}"
        beside = f"{percent(synthetic[arm]['delta'], signed=True)} with the images of {arm}{broken}"
        return f"Rather annotate more {unit}s than train a generator: {_of(extra)} with {arms.EXTRA}, {beside}."
    return ""


def _more_patients(evaluated: Evaluated, params: Params, curve: pd.DataFrame) -> str:
    """Say what more patients would bring, or what it takes to know."""
    if curve.empty:
        if evaluated.best() is None:  # a task without inner models
            return ""
        return (
            "What more patients would bring is not known. That takes three folds or more, all of them tested, and "
            f"models of {params.reference} trained on one fold fewer (list it under experiment: nested)."
        )
    measured = curve[curve["kind"] == learning_curve.MEASURED].iloc[-1]
    twice = curve.iloc[-1]
    value = f"{percent(twice[params.primary])} % ({span(twice['low'], twice['high'])})"
    expected = (
        f"With {counted(int(twice['patients']), 'patient')} to learn from instead of {int(measured['patients'])}, "
        f"{params.reference} would come to {value} instead of {percent(measured[params.primary])} %, if its learning "
        "curve goes on."
    )
    if twice["low"] <= measured[params.primary]:
        return f"{expected} The interval includes today's value, so it is not shown that more patients help."
    return expected


def _shown_by(power: pd.DataFrame) -> str:
    """Say how many patients would show a gain."""
    if power.empty:
        return ""
    row, known = power.iloc[0], power[power["patients_needed"].notna()]
    there = f"there are {int(row['patients'])}"
    if known.empty:
        return f"No number of patients up to 5,000 would show a gain of {percent(power['gain'].max())} points; {there}."
    each = [f"{int(found.patients_needed):,} for {100 * found.gain:g} points" for found in known.itertuples()]
    least = "at least" if row["seeds"] < comparisons.SEEDS else "about"
    return f"Patients needed to show a gain in four studies of five: {least} {listed(each)}; {there}."


def _of(row: pd.Series) -> str:
    return points(row["delta"], row["low"], row["high"])
