"""The headline: the arms beside each other, and what each rule that chooses sizes would have shown; in percent."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from synthaug.evaluation import comparisons, operating_points
from synthaug.report.evaluated import NOT_RUN, Evaluated, label, with_interval
from synthaug.report.numbers import percent, probability, span
from synthaug.terms.arms import CLASSIC
from synthaug.terms.best import BEST
from synthaug.terms.totals import ALL

SIZE = ", size "  # before the size that a difference is from
OPERATING_POINT = "Operating point"
DETECTABLE = "Smallest detectable difference (points)"


@dataclass(frozen=True)
class Params:
    """What the headline needs of the config."""

    unit: str  # the task's, such as lesion
    primary: str  # the task's primary metric, such as accuracy
    confidence: float  # of the intervals, e.g. 0.95
    operating_point: str  # the rule that is shown: fixed, published or nested
    arms: list[str]  # in the order of the config, the reference first
    further: list[tuple[str, str]]  # measures that stand beside the primary one, as (metric, class)
    reference: str  # the arm that the others are compared with
    size: str  # what a size is, as a heading

    @property
    def beside(self) -> dict[str, tuple[str, str]]:
        """The further measures, each by the heading of its column."""
        return {
            f"{_titled(metric)} (%)" if name == ALL else f"{_titled(metric)} of {name} (%)": (metric, name)
            for metric, name in self.further
        }

    @property
    def measure(self) -> str:
        """The primary metric as it begins a heading."""
        return self.primary[0].upper() + self.primary[1:]


def headline_table(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Compare the arms at the operating point: a row each, differences are paired.

    The first row is `classic` without augmentations, where that was run; `classic` follows. The last one is what was
    chosen of all strategies, where the task chooses.
    """
    rule = params.operating_point
    interval, measure = f"{100 * params.confidence:g} % interval", params.measure
    units, minus = f"{params.unit.capitalize()}s", f"{measure} minus {params.reference} (points)"
    best = f"{measure} minus best {CLASSIC} (points)"
    further = params.beside
    columns = [
        *("Arm", params.size, OPERATING_POINT, units, "Seeds", f"{measure} (%)", f"{measure} {interval}", *further),
        *(minus, f"Difference {interval}", "p (adjusted)", "Verdict", best, DETECTABLE, f"{DETECTABLE}, adjusted"),
    ]
    if (evaluated.comparisons["against"] != comparisons.BEST_AT_RULE).all():
        columns.remove(best)

    def valued(measure_of: Callable[..., pd.Series | None]) -> dict[str, str]:
        value = measure_of(params.primary)
        if value is None:
            return {}
        return {
            units: str(value["n"]),
            f"{measure} (%)": percent(value["value"]),
            f"{measure} {interval}": span(value["low"], value["high"]),
        } | {column: with_interval(measure_of(*key)) for column, key in further.items()}

    def compared(difference: pd.Series | None) -> dict[str, str]:
        if difference is None:
            return {}
        return {
            minus: percent(difference["delta"], signed=True),
            f"Difference {interval}": span(difference["low"], difference["high"], signed=True),
            "p (adjusted)": probability(difference["p_adjusted"]),
            "Verdict": said(difference),
            DETECTABLE: percent(difference["detectable"]),
            f"{DETECTABLE}, adjusted": percent(difference["detectable_adjusted"]),
        }

    rows = []
    if without := valued(partial(evaluated.measure, CLASSIC, "0")):
        seeds = {"Seeds": str(evaluated.seeds_of_size(CLASSIC, "0"))}
        rows.append({"Arm": comparisons.NONE, params.size: "0", **seeds, **without})
    for arm in params.arms:
        measured = valued(partial(evaluated.measure, arm, rule))
        found = {"Arm": arm, params.size: NOT_RUN, OPERATING_POINT: label(rule), **measured}
        if units in found:
            found |= {params.size: evaluated.sizes(arm, rule), "Seeds": str(evaluated.seeds(arm, rule))}
        if (difference := evaluated.difference(arm, rule)) is not None:
            found |= {**compared(difference), best: _from_best(evaluated, arm)}
        rows.append(found)
    if (difference := evaluated.best()) is not None:
        found = {
            "Arm": BEST,
            params.size: evaluated.best_strategies(),
            OPERATING_POINT: f"chosen, {difference['read']}",
        }
        found |= {"Seeds": str(int(difference["seeds"]))}
        rows.append({**found, **valued(evaluated.best_measure), **compared(difference)})
    return pd.DataFrame(rows, columns=columns, dtype=object).fillna("")


def _titled(metric: str) -> str:
    return metric.upper() if metric == "auc" else metric[0].upper() + metric[1:]


def _from_best(evaluated: Evaluated, arm: str) -> str:
    """Return the difference of an arm from the best classic size, which was read off the test folds."""
    best = evaluated.difference(arm, comparisons.BEST_AT_RULE)
    if best is None:
        return ""
    interval = span(best["low"], best["high"], signed=True)
    return f"{percent(best['delta'], signed=True)} ({interval}){SIZE}{best['size_b']}"


def said(difference: pd.Series) -> str:
    """Return the verdict of a row of ``comparisons.csv``, and whether it is the primary one or of these trainings."""
    notes = ["primary"] * bool(difference["primary"])
    if difference["verdict"] != comparisons.UNDECIDABLE and difference["speaks_of"] == comparisons.THESE:
        notes.append(f"for {comparisons.THESE}")
    return f"{difference['verdict']} ({', '.join(notes)})" if notes else difference["verdict"]


def operating_table(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Compare the rules: for each rule and arm the sizes chosen, the measure and its difference from the reference."""
    rows = []
    for rule in operating_points.RULES:
        for arm in params.arms:
            value = evaluated.measure(arm, rule, params.primary)
            difference = evaluated.difference(arm, rule)
            rows.append(
                {
                    "Rule": label(rule),
                    "Arm": arm,
                    params.size: NOT_RUN if value is None else evaluated.sizes(arm, rule),
                    f"{params.measure} (%)": "" if value is None else with_interval(value),
                    f"{params.measure} minus {params.reference} (points)": ""
                    if difference is None
                    else f"{percent(difference['delta'], signed=True)} "
                    f"({span(difference['low'], difference['high'], signed=True)})",
                    "Verdict": "" if difference is None else said(difference),
                }
            )
    return pd.DataFrame(rows)
