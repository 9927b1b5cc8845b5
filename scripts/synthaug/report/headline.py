"""The headline: the arms beside each other, and what each rule that chooses sizes would have shown; in percent."""

from dataclasses import dataclass

import pandas as pd

from synthaug.evaluation import comparisons, operating_points
from synthaug.report.evaluated import NOT_RUN, Evaluated, label, with_interval
from synthaug.report.numbers import percent, probability, span
from synthaug.terms.arms import CLASSIC

OPERATING_POINT = "Operating point"
DETECTABLE = "Smallest detectable difference (points)"


@dataclass(frozen=True)
class Params:
    """What the headline needs of the config."""

    unit: str  # the task's, such as lesion
    primary: str  # the task's primary metric, such as accuracy
    confidence: float  # of the intervals, e.g. 0.95
    operating_point: str  # the rule that is shown: fixed, published or nested
    arms: list[str]  # in the order of the config, `classic` first

    @property
    def measure(self) -> str:
        """The primary metric as it begins a heading."""
        return self.primary[0].upper() + self.primary[1:]


def headline_table(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Compare the arms at the operating point: a row each, `classic` first; differences are paired."""
    rule = params.operating_point
    interval, measure = f"{100 * params.confidence:g} % interval", params.measure
    units, minus = f"{params.unit.capitalize()}s", f"{measure} minus {CLASSIC} (points)"
    rows = []
    for arm in params.arms:
        value = evaluated.measure(arm, rule, params.primary)
        difference = evaluated.difference(arm, rule)
        row = dict.fromkeys(
            [
                *("Arm", "Size per fold", OPERATING_POINT, units, "Seeds", f"{measure} (%)", f"{measure} {interval}"),
                *(minus, f"Difference {interval}", "p (adjusted)", "Verdict"),
                *(DETECTABLE, f"{DETECTABLE}, adjusted"),
            ],
            "",
        )
        row |= {"Arm": arm, "Size per fold": NOT_RUN, OPERATING_POINT: label(rule)}
        if value is not None:
            row |= {
                "Size per fold": evaluated.sizes(arm, rule),
                units: str(value["n"]),
                "Seeds": str(evaluated.seeds(arm, rule)),
                f"{measure} (%)": percent(value["value"]),
                f"{measure} {interval}": span(value["low"], value["high"]),
            }
        if difference is not None:
            row |= {
                minus: percent(difference["delta"], signed=True),
                f"Difference {interval}": span(difference["low"], difference["high"], signed=True),
                "p (adjusted)": probability(difference["p_adjusted"]),
                "Verdict": said(difference),
                DETECTABLE: percent(difference["detectable"]),
                f"{DETECTABLE}, adjusted": percent(difference["detectable_adjusted"]),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def said(difference: pd.Series) -> str:
    """Return the verdict of a row of ``comparisons.csv``, and whether it is the primary one or of these trainings."""
    notes = ["primary"] * bool(difference["primary"])
    if difference["verdict"] != comparisons.UNDECIDABLE and difference["speaks_of"] == comparisons.THESE:
        notes.append(f"for {comparisons.THESE}")
    return f"{difference['verdict']} ({', '.join(notes)})" if notes else difference["verdict"]


def operating_table(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Compare the rules: for each rule and arm the sizes chosen, the measure and its difference from `classic`."""
    rows = []
    for rule in operating_points.RULES:
        for arm in params.arms:
            value = evaluated.measure(arm, rule, params.primary)
            difference = evaluated.difference(arm, rule)
            rows.append(
                {
                    "Rule": label(rule),
                    "Arm": arm,
                    "Size per fold": NOT_RUN if value is None else evaluated.sizes(arm, rule),
                    f"{params.measure} (%)": "" if value is None else with_interval(value),
                    f"{params.measure} minus {CLASSIC} (points)": ""
                    if difference is None
                    else f"{percent(difference['delta'], signed=True)} "
                    f"({span(difference['low'], difference['high'], signed=True)})",
                    "Verdict": "" if difference is None else said(difference),
                }
            )
    return pd.DataFrame(rows)
