"""How a run of detection stands to the paper of Han et al.: its numbers beside ours, and what differs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.detection import han_paper, metric_names
from synthaug.detection.arms import FILTERED, REAL
from synthaug.report.beside_paper import ABSENT, look_up, setting
from synthaug.report.evaluated import NOT_RUN, Evaluated
from synthaug.report.numbers import percent, span

FRACTIONS = (han_paper.AP_NAME, han_paper.SENSITIVITY)  # shown in percent


@dataclass(frozen=True)
class Row:
    """A published number beside that of one arm and size of this run; ``arm`` is empty where there is none."""

    published: han_paper.Published
    arm: str
    size: str
    ours: str


def rows(evaluated: Evaluated, config: dict) -> list[Row]:
    """Put our values beside each published number: a row for each of our arms that stands for one of the paper's."""
    result = []
    for published in han_paper.published():
        points = points_of(published.arm, config) or [("", "")]
        result += [Row(published, arm, size, _shown(evaluated, arm, size, published, config)) for arm, size in points]
    return result


def points_of(arm: str, config: dict) -> list[tuple[str, str]]:
    """Return the arms and sizes of this run that stand for an arm of the paper.

    The images of the first generator that was trained here, those that were not discarded first, as in the paper, then
    all of them. 8,000 images are twice as many as those at which arms are compared.
    """
    if arm == han_paper.REAL:
        return [(REAL, "0")]
    sizes, compared = config["experiment"]["synthetic"], config["evaluation"]["synthetic"]
    size = compared if arm == han_paper.ADDED else 2 * compared
    generators = [name for name in config["experiment"]["generators"] if name in config["generators"]][:1]
    kinds = [FILTERED, ""] if config["experiment"]["filtered"] else [""]
    return [(name + kind, str(size)) for name in generators for kind in kinds if size in sizes]


def table(compared: list[Row]) -> pd.DataFrame:
    """Return ``conformance.csv``: a row a published number and arm; AP and sensitivity in percent."""
    return pd.DataFrame(
        {
            "where": row.published.where,
            "method": han_paper.METHODS[row.published.arm],
            "measure": row.published.measure,
            "iou": row.published.iou,
            "paper": number(row.published.measure, row.published.value),
            "arm": row.arm,
            "size": row.size,
            "ours": row.ours,
        }
        for row in compared
    )


def implied() -> list[dict[str, str]]:
    """Return what Table 1 says without saying it: how many boxes each row draws, and how many of these are right.

    Returns
    -------
    list of dicts with ``method``, ``detections`` (a slice, from each IoU), ``precision`` (percent, at IoU 0.5)
    """
    return [
        {
            "method": han_paper.METHODS[arm],
            "detections": ", ".join(f"{by_iou[iou].detections:.2f} (IoU {iou:g})" for iou in sorted(by_iou)[::-1]),
            "precision": percent(by_iou[0.5].precision),
        }
        for arm, by_iou in han_paper.TABLE1.items()
    ]


def gains(evaluated: Evaluated, config: dict) -> list[dict[str, str]]:
    """Return what the synthetic images add: in the paper, here in the paper's way, and at equal false positives.

    Returns
    -------
    list of dicts with ``measure``, ``paper`` and, by the arms of this run that stand for the paper's, ``ours``
    """
    points, result = points_of(han_paper.ADDED, config), []
    for first in (each for each in han_paper.published() if each.arm == han_paper.REAL):
        (theirs,) = (
            each.value - first.value
            for each in han_paper.published()
            if each.arm == han_paper.ADDED and (each.measure, each.iou) == (first.measure, first.iou)
        )
        name = metric(first.measure, first.iou, config["evaluation"]["score"])
        before = _value(evaluated, REAL, "0", name)
        ours = {arm: _added(before, _value(evaluated, arm, size, name), first.measure) for arm, size in points}
        label = f"{first.measure}, IoU {first.iou:g}, from score {config['evaluation']['score']:g}"
        result.append({"measure": label, "paper": number(first.measure, theirs, signed=True), "ours": ours})
    rate = config["evaluation"]["false_positives"]
    label = metric_names.at_rate(rate, config["evaluation"]["iou"][0])
    fair = {arm: _fair(evaluated, arm, size) for arm, size in points}
    return [*result, {"measure": label, "paper": "not given", "ours": fair}]


def settings(config: dict) -> list[dict[str, str | bool]]:
    """Return each setting that the paper states beside this run's, and whether they are the same."""
    result = [
        setting(stated.where, stated.what, stated.key, stated.value, look_up(config, stated.key))
        for stated in han_paper.SETTINGS
    ]
    return [row for row in result if row["ours"] != ABSENT]


def metric(measure: str, iou: float, score: float) -> str:
    """Return our name of a measure of the paper."""
    if measure == han_paper.AP_NAME:
        return metric_names.AP.format(iou=iou)
    name = metric_names.AT_SCORE if measure == han_paper.SENSITIVITY else metric_names.FALSE_AT_SCORE
    return name.format(score=score, iou=iou)


def number(measure: str, value: float, *, signed: bool = False) -> str:
    """Write a value of the paper's measures: percent, or false positives a slice with two decimals."""
    if measure in FRACTIONS:
        return percent(value, signed=signed)
    return "n/a" if np.isnan(value) else f"{value:+.2f}" if signed else f"{value:.2f}"


def _shown(evaluated: Evaluated, arm: str, size: str, published: han_paper.Published, config: dict) -> str:
    """Return our value with its interval."""
    name = metric(published.measure, published.iou, config["evaluation"]["score"])
    row = evaluated.measure(arm, size, name)
    if row is None:
        return NOT_RUN
    if published.measure in FRACTIONS:
        return f"{percent(row['value'])} ({span(row['low'], row['high'])})"
    # The measure is its negative, so that larger is better; 0 stays 0, and no -0.
    value, low, high = (0.0 - row[name] for name in ("value", "high", "low"))
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _value(evaluated: Evaluated, arm: str, size: str, name: str) -> float:
    row = evaluated.measure(arm, size, name)
    return np.nan if row is None else float(row["value"])


def _added(before: float, after: float, measure: str) -> str:
    sign = 1 if measure in FRACTIONS else -1  # false positives are stored as their negative
    return number(measure, sign * (after - before) + 0.0, signed=True)


def _fair(evaluated: Evaluated, arm: str, size: str) -> str:
    """Return the paired difference from `REAL` at equal false positives, with its interval and verdict."""
    rows = evaluated.comparisons
    chosen = rows[
        (rows["arm_a"] == arm)
        & (rows["size_a"] == size)
        & (rows["arm_b"] == REAL)
        & (rows["metric"] == evaluated.primary)
    ]
    if chosen.empty:
        return NOT_RUN
    row = chosen.iloc[0]
    return f"{percent(row['delta'], signed=True)} ({span(row['low'], row['high'], signed=True)}), {row['verdict']}"
