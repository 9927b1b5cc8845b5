"""The readers' results for the report: the paper's Table 4 and how well real and synthetic were told apart."""

import numpy as np
import pandas as pd

from synthaug.report.numbers import estimate, percent, probability
from synthaug.terms.readers import ABOVE, BELOW, CLASS, NEITHER, ORIGIN, REAL, SYNTHETIC
from synthaug.terms.totals import ALL

MEAN, OTHERS = "mean of the readers", "the same, for other readers too"
AGAINST = {ABOVE: "better than", BELOW: "worse than", NEITHER: "not shown to differ from"}
TOLD = {ABOVE: "tells them apart", BELOW: "takes one for the other", NEITHER: "not shown to tell them apart"}


def waiting() -> pd.DataFrame:
    """Return Table 4 for as long as no reader has judged any images: one row that says so."""
    return pd.DataFrame({"Readers": ["none yet"], "Result": ["waits for readers' answers"]})


def table4(scores: pd.DataFrame) -> pd.DataFrame:
    """Lay out ``scores.csv`` as the paper's Table 4, with intervals: one row per reader.

    The last column compares "is the ROI real?" with a reader who gives the commoner answer to every image.
    """
    rows = []
    for reader in _readers(scores):
        by_class = {origin: _one(scores, reader, CLASS, "accuracy", origin) for origin in (REAL, SYNTHETIC, ALL)}
        told = _one(scores, reader, ORIGIN, "accuracy")
        rows.append(
            {
                "Reader": reader,
                "Class right, real (%)": _share(by_class[REAL]),
                "Class right, synthetic (%)": _share(by_class[SYNTHETIC]),
                "Class right, all (%)": _share(by_class[ALL], count=True),
                "Is ROI real? right (%)": _share(told, count=True),
                "Against the commoner answer": _against(told),
            }
        )
    return pd.DataFrame(rows)


def told_apart(scores: pd.DataFrame) -> pd.DataFrame:
    """Lay out how well each reader, and all on average, told real from synthetic images; raw shares come last.

    The mean stands there twice, with its interval over images and with that over readers and images.
    """
    rows = []
    names = {reader: reader for reader in _readers(scores)}
    of_mean = scores[scores["reader"] == ALL]
    if len(of_mean):
        names |= {ALL: MEAN, OTHERS: OTHERS}
        others = of_mean.assign(reader=OTHERS, low=of_mean["low_readers"], high=of_mean["high_readers"])
        scores = pd.concat([scores, others])
    for reader, name in names.items():
        area = _one(scores, reader, ORIGIN, "auc")
        told = _one(scores, reader, ORIGIN, "accuracy")
        found = {measure: _one(scores, reader, ORIGIN, measure) for measure in ("balanced accuracy", "d'", "criterion")}
        rows.append(
            {
                "Reader": name,
                "AUC (chance 0.50)": _plain(area),
                "p (AUC)": "n/a" if area is None else probability(area["p"]),
                "d' (chance 0)": _plain(found["d'"]),
                "Balanced accuracy (%, chance 50.0)": _share(found["balanced accuracy"]),
                "Verdict": _verdict(found["balanced accuracy"] if area is None else area),
                "Criterion (below 0: leans to real)": _plain(found["criterion"]),
                "Real called real (%)": _share(_one(scores, reader, ORIGIN, "accuracy", REAL)),
                "Synthetic called synthetic (%)": _share(_one(scores, reader, ORIGIN, "accuracy", SYNTHETIC)),
                "Raw accuracy (%)": _share(told),
                "Against the commoner answer": _against(told),
            }
        )
    return pd.DataFrame(rows)


def _readers(scores: pd.DataFrame) -> list[str]:
    return [reader for reader in scores["reader"].unique() if reader != ALL]


def _one(scores: pd.DataFrame, reader: str, task: str, measure: str, origin: str = ALL) -> pd.Series | None:
    rows = scores[
        (scores["reader"] == reader)
        & (scores["task"] == task)
        & (scores["measure"] == measure)
        & (scores["origin"] == origin)
        & (scores["class"] == ALL)
    ]
    return None if rows.empty else rows.iloc[0]


def _share(row: pd.Series | None, *, count: bool = False) -> str:
    if row is None:
        return "n/a"
    counted = f"{int(row['right'])}/{row['n']} = " if count else ""
    return counted + estimate(row["value"], row["low"], row["high"])


def _plain(row: pd.Series | None) -> str:
    if row is None or np.isnan(row["value"]):
        return "n/a"
    value, low, high = (round(row[name], 2) + 0.0 for name in ("value", "low", "high"))  # 0.0 turns -0.0 into 0.0
    return f"{value:.2f} ({'no interval' if np.isnan([low, high]).any() else f'{low:.2f} to {high:.2f}'})"


def _verdict(row: pd.Series | None) -> str:
    return "n/a" if row is None else TOLD.get(row["verdict"], "n/a")


def _against(told: pd.Series | None) -> str:
    """Say how a raw share of right answers stands to that of the commoner answer, given every time."""
    if told is None or told["verdict"] not in AGAINST:
        return "n/a"
    p = f"p = {probability(told['p'])}".replace("= <", "< ")
    return f"{AGAINST[told['verdict']]} {told['chance_of']} ({percent(told['chance'])} %), {p}"
