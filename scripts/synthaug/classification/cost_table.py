"""The mean cost of a lesion in each arm, and what an arm saves against `classic`; in ordinary errors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.classification.measures import SAVED
from synthaug.report.evaluated import NOT_RUN, Evaluated, label
from synthaug.report.headline import OPERATING_POINT, said
from synthaug.report.numbers import probability
from synthaug.terms.arms import CLASSIC


@dataclass(frozen=True)
class Params:
    """What the table needs of the config."""

    confidence: float  # of the intervals, e.g. 0.95
    operating_point: str  # the rule that is shown: fixed, published or nested
    arms: list[str]  # in the order of the config, `classic` first


def cost_table(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Lay out the costs at the operating point: a row an arm, `classic` first; what is saved is paired.

    Parameters
    ----------
    evaluated
        Whose primary measure is `measures.SAVED`.
    """
    rule, interval = params.operating_point, f"{100 * params.confidence:g} % interval"
    cost, saved = "Mean cost per lesion", f"Saved per lesion against {CLASSIC}"
    columns = ["Arm", "Size per fold", OPERATING_POINT, cost, f"Cost {interval}"]
    columns += [saved, f"Saved {interval}", "p (adjusted)", "Verdict"]
    rows = []
    for arm in params.arms:
        value, difference = evaluated.measure(arm, rule, SAVED), evaluated.difference(arm, rule)
        row = dict.fromkeys(columns, "") | {"Arm": arm, "Size per fold": NOT_RUN, OPERATING_POINT: label(rule)}
        if value is not None:
            row |= {
                "Size per fold": evaluated.sizes(arm, rule),
                cost: _number(1 - value["value"]),
                f"Cost {interval}": _span(1 - value["high"], 1 - value["low"]),
            }
        if difference is not None:
            row |= {
                saved: _number(difference["delta"], "+"),
                f"Saved {interval}": _span(difference["low"], difference["high"], "+"),
                "p (adjusted)": probability(difference["p_adjusted"]),
                "Verdict": said(difference),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _number(value: float, sign: str = "") -> str:
    return f"{round(value, 2) + 0.0:{sign}.2f}"  # adding 0.0 turns -0.0 into 0.0


def _span(low: float, high: float, sign: str = "") -> str:
    return "no interval" if np.isnan([low, high]).any() else f"{_number(low, sign)} to {_number(high, sign)}"
