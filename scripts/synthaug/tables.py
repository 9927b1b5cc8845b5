"""The paper's result tables for this cohort, in its layout, and the headline comparison; percent with one decimal."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug import metrics, stats
from synthaug.errors import InputError
from synthaug.groups import CLASSIC

TRUE_BY_PREDICTED = "True \\ predicted"


@dataclass(frozen=True)
class Params:
    """What the tables need of the config; the operating point is fixed there, before any result is known."""

    master_seed: int
    classes: list[str]
    folds: int
    bootstrap: int
    confidence: float
    group: int  # classic images per fold
    synthetic: int  # synthetic or extra images per class and fold
    arms: list[str]  # the arms beside `classic`, the one of Table 3 first

    def size_of(self, arm: str) -> str:
        """Return the size of ``arm`` at the operating point."""
        return str(self.group) if arm == CLASSIC else f"{self.group}+{self.synthetic}x{len(self.classes)}"

    def statistics(self) -> stats.Params:
        return stats.Params(self.master_seed, self.classes, self.folds, self.bootstrap, self.confidence)


def confusion_table(counts: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """Lay out (k, k) confusion counts as the paper's Tables 2 and 3: sensitivities right, specificities below."""
    table = pd.DataFrame(counts.astype(int).astype(str), columns=classes)
    table.insert(0, TRUE_BY_PREDICTED, classes)
    table["Sensitivity (%)"] = [percent(value) for value in metrics.sensitivity(counts)]
    specificities = [percent(value) for value in metrics.specificity(counts)]
    table.loc[len(classes)] = ["Specificity (%)", *specificities, ""]
    return table


def pooled_confusion(pools: dict[tuple[str, str, int], metrics.Pool], params: Params, arm: str) -> np.ndarray:
    """Sum the confusion counts of ``arm`` at the operating point over the seeds."""
    size = params.size_of(arm)
    seeds = _seeds(pools, arm, size)
    return np.sum([metrics.confusion(pools[arm, size, seed], len(params.classes)) for seed in seeds], axis=0)


def class_table(values: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Lay out ``metrics.csv`` as the paper's Table 7: sensitivity and specificity by class, with their intervals.

    The arms stand in the order of ``params.arms``, then `classic`; rows of seed `all` are used.
    """
    labels = {name: name for name in params.classes} | {metrics.ALL: "Weighted average"}
    table = pd.DataFrame({"Class": labels.values()})
    chosen = values[values["seed"].astype(str) == metrics.ALL].set_index(["arm", "size", "metric", "class"])
    for arm in [*params.arms, CLASSIC]:
        size = params.size_of(arm)
        for metric in ("sensitivity", "specificity"):
            try:
                rows = [chosen.loc[(arm, size, metric, name)] for name in labels]
            except KeyError:
                raise _missing(arm, size) from None
            table[f"{arm} {metric} (%)"] = [
                f"{percent(row['value'])} ({span(row['low'], row['high'])})" for row in rows
            ]
    return table


def headline_table(pools: dict[tuple[str, str, int], metrics.Pool], params: Params) -> pd.DataFrame:
    """Compare the arms at the operating point: a row each, `classic` first.

    The difference of an arm from `classic` is taken within each patient resample and seed, so its interval is paired.
    """
    evaluation = stats.Evaluation(pools, params.statistics())
    interval = f"{100 * params.confidence:g} % interval"
    baseline_size = params.size_of(CLASSIC)
    baseline_seeds = _seeds(pools, CLASSIC, baseline_size)
    baseline = {seed: evaluation.measures(CLASSIC, baseline_size, seed) for seed in baseline_seeds}
    rows = []
    for arm in [CLASSIC, *params.arms]:
        size = params.size_of(arm)
        seeds = _seeds(pools, arm, size)
        if seeds != baseline_seeds:
            raise InputError(f"arm {arm}, size {size}: run with seeds {seeds}, arm {CLASSIC} with {baseline_seeds}")
        measured = baseline if arm == CLASSIC else {seed: evaluation.measures(arm, size, seed) for seed in seeds}
        over_seeds = {
            metric: evaluation.summary(stats.mean_over_seeds([measured[seed][metric, metrics.ALL] for seed in seeds]))
            for metric in ("accuracy", "sensitivity", "specificity")
        }
        value, low, high = over_seeds["accuracy"]
        row = {
            "Arm": arm,
            "Size per fold": size,
            "Lesions": len(pools[arm, size, seeds[0]].truth),
            "Seeds": len(seeds),
            "Accuracy (%)": percent(value),
            f"Accuracy {interval}": span(low, high),
            "Sensitivity (%)": percent(over_seeds["sensitivity"][0]),
            "Specificity (%)": percent(over_seeds["specificity"][0]),
            "Accuracy minus classic (points)": "",
            f"Difference {interval}": "",
        }
        if arm != CLASSIC:
            accuracies = [
                measured[seed]["accuracy", metrics.ALL] - baseline[seed]["accuracy", metrics.ALL] for seed in seeds
            ]
            value, low, high = evaluation.summary(stats.mean_over_seeds(accuracies))
            row["Accuracy minus classic (points)"] = percent(value, signed=True)
            row[f"Difference {interval}"] = span(low, high, signed=True)
        rows.append(row)
    return pd.DataFrame(rows)


def percent(fraction: float, *, signed: bool = False) -> str:
    """Write a fraction as percent with one decimal; ``n/a`` where it is not defined.

    >>> percent(0.7857), percent(-0.0001, signed=True)
    ('78.6', '+0.0')
    """
    if np.isnan(fraction):
        return "n/a"
    value = round(100 * fraction, 1) + 0.0  # adding 0.0 turns -0.0 into 0.0
    return f"{value:+.1f}" if signed else f"{value:.1f}"


def span(low: float, high: float, *, signed: bool = False) -> str:
    """Write an interval of fractions in percent, such as ``72.1 to 83.9``."""
    return f"{percent(low, signed=signed)} to {percent(high, signed=signed)}"


def _seeds(pools: dict[tuple[str, str, int], metrics.Pool], arm: str, size: str) -> list[int]:
    seeds = [seed for pool_arm, pool_size, seed in pools if (pool_arm, pool_size) == (arm, size)]
    if not seeds:
        raise _missing(arm, size)
    return seeds


def _missing(arm: str, size: str) -> InputError:
    return InputError(
        f"arm {arm} at size {size}, the operating point of the config, was not run on all folds but one; "
        "add that size to the experiment or choose an operating point that is run"
    )
