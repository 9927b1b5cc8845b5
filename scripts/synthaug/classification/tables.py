"""The paper's result tables for this cohort, in its layout; percent with one decimal.

Every table shows the arms at one operating point: the size that the configured rule chose (`operating_points`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.classification import measures
from synthaug.errors import InputError
from synthaug.evaluation import operating_points
from synthaug.evaluation.pools import Run
from synthaug.report.evaluated import Evaluated, label, with_interval
from synthaug.report.headline import OPERATING_POINT
from synthaug.report.numbers import percent
from synthaug.terms.arms import BASELINES, CLASSIC, DISCRIMINATOR
from synthaug.terms.totals import ALL

TRUE_BY_PREDICTED = "True \\ predicted"


@dataclass(frozen=True)
class Params:
    """What the tables need of the config."""

    classes: list[str]
    folds: int
    confidence: float  # of the intervals, e.g. 0.95
    operating_point: str  # the rule that tables show: fixed, published or nested
    arms: list[str]  # in the order of the config, `classic` first
    generators: list[str]  # those of them that add synthetic images; the first is that of Table 3
    positive: str | None  # of two classes, whose average sensitivity would be the accuracy once more


def check(evaluated: Evaluated, params: Params) -> None:
    """Refuse a run without `classic` or without the first generator at the configured rule."""
    if not params.generators:
        raise InputError("experiment: expected generators to compare with classic, found none")
    for arm in (CLASSIC, params.generators[0]):
        if evaluated.measure(arm, params.operating_point, measures.ACCURACY) is None:
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
    pools: dict[Run, measures.ClassPool], choice: pd.DataFrame, params: Params, arm: str
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
    """Lay out sensitivity and specificity as the paper's Tables 5 and 6: one row per arm.

    They are averages weighted by prevalence or, of two classes, those of the positive one.
    """
    rule, name, of = params.operating_point, params.positive or ALL, f" of {params.positive}" if params.positive else ""
    return pd.DataFrame(
        {
            "Method": arm,
            f"Sensitivity{of} (%)": with_interval(evaluated.measure(arm, rule, "sensitivity", name)),
            f"Specificity{of} (%)": with_interval(evaluated.measure(arm, rule, "specificity", name)),
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

    One row per arm, where the paper has two columns per arm: that stays readable with many generators.
    """
    rule = params.operating_point
    labels = {name: name for name in params.classes} | {ALL: "Weighted average"}
    return pd.DataFrame(
        {
            "Class": shown,
            "Arm": arm,
            "Sensitivity (%)": with_interval(evaluated.measure(arm, rule, "sensitivity", name)),
            "Specificity (%)": with_interval(evaluated.measure(arm, rule, "specificity", name)),
            OPERATING_POINT: label(rule),
        }
        for name, shown in labels.items()
        for arm in [*params.generators, CLASSIC]
    )
