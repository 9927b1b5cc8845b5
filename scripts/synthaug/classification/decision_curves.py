"""Decision curves (Vickers and Elkin, Med. Decis. Making 26:565, 2006): what it is worth to act on a probability.

Someone acts on a lesion, such as by a biopsy, as soon as the probability of a class is at least a threshold t. Choosing
t says that a false alarm is t / (1 - t) times as bad as a finding is good. The net benefit is the number of findings
per lesion less that of false alarms, so weighted: 0.25 is worth as much as 25 findings in 100 lesions without any false
alarm. It is 0 for acting on no lesion, and at most the share of the class.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.classification.calibration import are_probabilities
from synthaug.classification.measures import Classification, ClassPool
from synthaug.evaluation import resampling
from synthaug.evaluation.pools import Run
from synthaug.terms.arms import CLASSIC

THRESHOLDS = np.arange(1, 96) / 100  # beyond, a single false alarm outweighs twenty findings and more
EVERY = "treat all"  # the strategy of acting on every lesion, beside the arms
COLUMNS = ["class", "arm", "rule", "threshold", "value", "low", "high", "delta", "delta_low", "delta_high"]


@dataclass(frozen=True)
class Params(resampling.Params):
    """What decision curves need of the config."""

    operating_point: str  # the rule
    arms: list[str]  # in the order of the config, `classic` first
    generators: list[str]  # those of them that add synthetic images
    shown: list[str]  # the arm whose difference from `classic` has its interval drawn, if any


def net_benefit(probability: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the net benefit per lesion of acting at each of `THRESHOLDS`, (b, thresholds) float.

    Parameters
    ----------
    probability : (n,) float array
        Of belonging to the class.
    positive : (n,) bool array
        Whether each lesion does.
    weights : (b, n) array
        How often each lesion counts, a row a resample.
    """
    harm = THRESHOLDS / (1 - THRESHOLDS)
    acts = probability[:, np.newaxis] >= THRESHOLDS
    return weights @ (acts * np.where(positive[:, np.newaxis], 1, -harm)) / weights.sum(axis=1, keepdims=True)


def table(pools: dict[Run, ClassPool], measures: Classification, params: Params) -> pd.DataFrame:
    """Return ``decision_curves.csv``: a row for each class, arm and threshold, means over the seeds.

    ``value`` is the net benefit, ``delta`` its paired difference from `classic`, with intervals of resamples of
    patients and seeds at each threshold. Arms whose scores are no probabilities are left out: a threshold means nothing
    to them. `EVERY` stands among the arms.

    Parameters
    ----------
    pools
        From `operating_points.at`, by (arm, rule, seed).
    """
    evaluation = resampling.Evaluation(pools, measures, params)
    seeds_of = {arm: seeds for (arm, _), seeds in evaluation.runs().items() if are_probabilities(arm)}
    rows = []
    for number, name in enumerate(measures.classes):
        curves = {EVERY: _acting_on_all(pools, number, evaluation)}
        for arm in (arm for arm in params.arms if arm in seeds_of):
            of_arm = {seed: pools[arm, params.operating_point, seed] for seed in seeds_of[arm]}
            curves[arm] = _over_seeds(of_arm, number, evaluation)
        for arm, curve in curves.items():
            change = curve - curves[CLASSIC] if CLASSIC in curves and arm != CLASSIC else np.full_like(curve, np.nan)
            for place, threshold in enumerate(THRESHOLDS):
                both = (*evaluation.summary(curve[:, place]), *evaluation.summary(change[:, place]))
                rows.append((name, arm, params.operating_point, threshold, *both))
    return pd.DataFrame(rows, columns=COLUMNS)


def _acting_on_all(pools: dict[Run, ClassPool], number: int, evaluation: resampling.Evaluation) -> np.ndarray:
    truth = next(iter(pools.values())).truth
    return net_benefit(np.ones(len(truth)), truth == number, evaluation.weights)


def _over_seeds(of_arm: dict[int, ClassPool], number: int, evaluation: resampling.Evaluation) -> np.ndarray:
    """Return the curves of the class ``number``, means over the seeds, (b, thresholds) float."""
    by_seed = {
        seed: net_benefit(pool.scores[:, number], pool.truth == number, evaluation.weights)
        for seed, pool in of_arm.items()
    }
    at_each = range(len(THRESHOLDS))
    means = [evaluation.over_seeds({seed: curve[:, place] for seed, curve in by_seed.items()}) for place in at_each]
    return np.stack(means, axis=1)
