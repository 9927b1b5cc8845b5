"""The paper's result tables for this cohort, in its layout, and the comparison of the arms; percent with one decimal.

Every table shows the arms at one operating point: the size that the configured rule chose (`operating_points`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.classification import measures
from synthaug.classification.frid_adar import BASELINES, DISCRIMINATOR
from synthaug.classification.training_sets import CLASSIC
from synthaug.errors import InputError
from synthaug.evaluation import operating_points

TRUE_BY_PREDICTED = "True \\ predicted"
OPERATING_POINT = "Operating point"
NOT_RUN = "not run"  # of an arm that lacks the rule


@dataclass(frozen=True)
class Params:
    """What the tables need of the config."""

    classes: list[str]
    folds: int
    confidence: float  # of the intervals, e.g. 0.95
    operating_point: str  # the rule that tables show: fixed, published or nested
    arms: list[str]  # in the order of the config, `classic` first
    generators: list[str]  # those of them that add synthetic images; the first is that of Table 3


@dataclass(frozen=True)
class Evaluated:
    """What the evaluation wrote: ``metrics.csv``, ``comparisons.csv`` and ``operating_points.csv``."""

    metrics: pd.DataFrame
    comparisons: pd.DataFrame
    choice: pd.DataFrame

    def measure(self, arm: str, rule: str, metric: str, name: str = measures.ALL) -> pd.Series | None:
        """Return the row of a measure at a rule, the mean over seeds; nothing where the arm lacks the rule."""
        table = self.metrics
        rows = table[
            (table["arm"] == arm)
            & (table["size"] == rule)
            & (table["seed"].astype(str) == measures.ALL)
            & (table["metric"] == metric)
            & (table["class"] == name)
        ]
        return None if rows.empty else rows.iloc[0]

    def difference(self, arm: str, rule: str) -> pd.Series | None:
        """Return how the accuracy of ``arm`` compares with that of `classic`, both at ``rule``."""
        table = self.comparisons
        rows = table[
            (table["against"] == rule)
            & (table["arm_a"] == arm)
            & (table["metric"] == "accuracy")
            & (table["class"] == measures.ALL)
        ]
        return None if rows.empty else rows.iloc[0]

    def seeds(self, arm: str, rule: str) -> int:
        """Return how many seeds an arm was run with."""
        return self._chosen(arm, rule)["seed"].nunique()

    def sizes(self, arm: str, rule: str) -> str:
        """Return the sizes chosen for an arm, with how often each was where seeds or test folds differ."""
        counts = self._chosen(arm, rule)["size"].value_counts()
        if len(counts) == 1:
            return counts.index[0]
        return ", ".join(f"{size} ({counts[size]}x)" for size in operating_points.ascending(counts.index))

    def _chosen(self, arm: str, rule: str) -> pd.DataFrame:
        return self.choice[(self.choice["rule"] == rule) & (self.choice["arm"] == arm)]


def label(rule: str) -> str:
    """Return a rule's name as it is shown: what was read off the test folds is called optimistic."""
    return f"{rule} (optimistic)" if rule == operating_points.PUBLISHED else rule


def check(evaluated: Evaluated, params: Params) -> None:
    """Refuse a run without `classic` or without the first generator at the configured rule."""
    if not params.generators:
        raise InputError("experiment: expected generators to compare with classic, found none")
    for arm in (CLASSIC, params.generators[0]):
        if evaluated.measure(arm, params.operating_point, "accuracy") is None:
            raise InputError(
                f"arm {arm}: has no size by the rule {params.operating_point}, the operating point of the config; "
                f"found {sorted(set(evaluated.choice.loc[evaluated.choice['arm'] == arm, 'rule']))}; add to the "
                "experiment the sizes that the rule needs, or choose another evaluation: operating_point"
            )


def confusion_table(counts: np.ndarray, params: Params) -> pd.DataFrame:
    """Lay out (k, k) confusion counts as the paper's Tables 2 and 3: sensitivities right, specificities below."""
    table = pd.DataFrame(counts.astype(int).astype(str), columns=params.classes)
    optimistic = params.operating_point == operating_points.PUBLISHED
    heading = f"{TRUE_BY_PREDICTED}, {label(params.operating_point)}" if optimistic else TRUE_BY_PREDICTED
    table.insert(0, heading, params.classes)
    table["Sensitivity (%)"] = [percent(value) for value in measures.sensitivity(counts)]
    specificities = [percent(value) for value in measures.specificity(counts)]
    table.loc[len(params.classes)] = ["Specificity (%)", *specificities, ""]
    return table


def pooled_confusion(
    pools: dict[tuple[str, str, int], measures.Pool], choice: pd.DataFrame, params: Params, arm: str
) -> np.ndarray:
    """Sum the (k, k) confusion counts of ``arm`` at the operating point over the seeds."""
    at_rule = operating_points.at(pools, choice, params.operating_point)
    counts = [
        measures.confusion(pool.truth, pool.predicted, len(params.classes))
        for (name, *_), pool in at_rule.items()
        if name == arm
    ]
    return np.sum(counts, axis=0)


def methods_table(evaluated: Evaluated, arms: list[str], params: Params) -> pd.DataFrame:
    """Lay out sensitivity and specificity, weighted by prevalence, as the paper's Tables 5 and 6: a row an arm."""
    rule = params.operating_point
    return pd.DataFrame(
        {
            "Method": arm,
            "Sensitivity (%)": _with_interval(evaluated.measure(arm, rule, "sensitivity")),
            "Specificity (%)": _with_interval(evaluated.measure(arm, rule, "specificity")),
            OPERATING_POINT: label(rule),
        }
        for arm in arms
    )


def generative_arms(params: Params) -> list[str]:
    """Return the arms of Table 5: each generator, followed by its own discriminator where that was run."""
    pairs = [(name, name + DISCRIMINATOR) for name in params.generators]
    return [arm for pair in pairs for arm in pair if arm in params.arms]


def method_arms(params: Params) -> list[str]:
    """Return the arms of Table 6: the first generator, `classic`, and the baselines that were run."""
    return [params.generators[0], CLASSIC, *(arm for arm in BASELINES if arm in params.arms)]


def class_table(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Lay out the paper's Table 7: sensitivity and specificity by class, the generators and `classic` within a class.

    A row an arm, where the paper has two columns an arm: that stays readable with many generators.
    """
    rule = params.operating_point
    labels = {name: name for name in params.classes} | {measures.ALL: "Weighted average"}
    return pd.DataFrame(
        {
            "Class": shown,
            "Arm": arm,
            "Sensitivity (%)": _with_interval(evaluated.measure(arm, rule, "sensitivity", name)),
            "Specificity (%)": _with_interval(evaluated.measure(arm, rule, "specificity", name)),
            OPERATING_POINT: label(rule),
        }
        for name, shown in labels.items()
        for arm in [*params.generators, CLASSIC]
    )


def headline_table(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Compare the arms at the operating point: a row each, `classic` first; differences are paired."""
    rule = params.operating_point
    interval = f"{100 * params.confidence:g} % interval"
    rows = []
    for arm in params.arms:
        accuracy = evaluated.measure(arm, rule, "accuracy")
        difference = evaluated.difference(arm, rule)
        row = dict.fromkeys(
            [
                *("Arm", "Size per fold", OPERATING_POINT, "Lesions", "Seeds", "Accuracy (%)", f"Accuracy {interval}"),
                *("Accuracy minus classic (points)", f"Difference {interval}", "p (Holm)", "Verdict"),
                "Smallest detectable difference (points)",
            ],
            "",
        )
        row |= {"Arm": arm, "Size per fold": NOT_RUN, OPERATING_POINT: label(rule)}
        if accuracy is not None:
            row |= {
                "Size per fold": evaluated.sizes(arm, rule),
                "Lesions": str(accuracy["n"]),
                "Seeds": str(evaluated.seeds(arm, rule)),
                "Accuracy (%)": percent(accuracy["value"]),
                f"Accuracy {interval}": span(accuracy["low"], accuracy["high"]),
            }
        if difference is not None:
            row |= {
                "Accuracy minus classic (points)": percent(difference["delta"], signed=True),
                f"Difference {interval}": span(difference["low"], difference["high"], signed=True),
                "p (Holm)": probability(difference["p_holm"]),
                "Verdict": difference["verdict"],
                "Smallest detectable difference (points)": percent(difference["detectable"]),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def operating_table(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Compare the rules: for each rule and arm the sizes chosen, accuracy and difference from `classic`."""
    rows = []
    for rule in operating_points.RULES:
        for arm in params.arms:
            accuracy = evaluated.measure(arm, rule, "accuracy")
            difference = evaluated.difference(arm, rule)
            rows.append(
                {
                    "Rule": label(rule),
                    "Arm": arm,
                    "Size per fold": NOT_RUN if accuracy is None else evaluated.sizes(arm, rule),
                    "Accuracy (%)": "" if accuracy is None else _with_interval(accuracy),
                    "Accuracy minus classic (points)": ""
                    if difference is None
                    else f"{percent(difference['delta'], signed=True)} "
                    f"({span(difference['low'], difference['high'], signed=True)})",
                    "Verdict": "" if difference is None else difference["verdict"],
                }
            )
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


def estimate(value: float, low: float, high: float) -> str:
    """Write a fraction and its interval in percent.

    >>> estimate(0.7857, 0.721, 0.839), estimate(0.5, np.nan, np.nan)
    ('78.6 (72.1 to 83.9)', '50.0 (no interval)')
    """
    return f"{percent(value)} ({'no interval' if np.isnan([low, high]).any() else span(low, high)})"


def probability(p: float) -> str:
    """Write a p value with three decimals.

    >>> probability(0.0749), probability(0.0002)
    ('0.075', '<0.001')
    """
    if np.isnan(p):
        return "n/a"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _with_interval(row: pd.Series | None) -> str:
    return NOT_RUN if row is None else f"{percent(row['value'])} ({span(row['low'], row['high'])})"
