"""The table of the best strategy: how often each was chosen, what it was worth, and what hindsight would have added."""

import pandas as pd

from synthaug.evaluation.best_strategy import Best
from synthaug.report.evaluated import with_interval
from synthaug.report.headline import said
from synthaug.report.numbers import percent, probability, span
from synthaug.terms.best import BEST
from synthaug.terms.totals import ALL


def table(best: Best, primary: str, reference: str) -> pd.DataFrame:
    """Return what was chosen, then every strategy: the most often chosen first, then the better ones; in percent."""
    measure = primary[0].upper() + primary[1:]
    value, minus, hindsight = f"{measure} (%)", f"{measure} minus {reference} (points)", "Minus the chosen (points)"
    columns = ["Arm", "Size per fold", "Chosen", value, minus, hindsight, "p", "Verdict", "Read off"]
    rows = []
    for row in best.comparison.itertuples(index=False):
        of_best = best.metrics[(best.metrics["metric"] == primary) & (best.metrics["class"] == ALL)].iloc[0]
        difference = f"{percent(row.delta, signed=True)} ({span(row.low, row.high, signed=True)})"
        rows.append(
            {
                "Arm": BEST, "Chosen": f"{len(best.choices)} of {len(best.choices)}", value: with_interval(of_best),
                minus: difference, "p": probability(row.p), "Verdict": said(pd.Series(row._asdict())),
                "Read off": row.read,
            }
        )  # fmt: skip
    ordered = best.strategies.sort_values(["chosen", primary], ascending=False, kind="stable")
    for row in ordered.to_dict("records"):
        rows.append(
            {
                "Arm": row["arm"], "Size per fold": row["size"], "Chosen": f"{row['chosen']} of {len(best.choices)}",
                value: percent(row[primary]), minus: percent(row["delta"], signed=True),
                hindsight: percent(row["minus_best"], signed=True),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=columns, dtype=object).fillna("")
