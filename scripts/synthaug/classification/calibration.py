"""Whether a predicted probability means what it says: Brier score and calibration error of the predicted class."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from synthaug import seeding
from synthaug.classification.measures import Classification, ClassPool
from synthaug.evaluation import resampling
from synthaug.evaluation.pools import Run
from synthaug.terms import arms
from synthaug.terms.arms import CLASSIC

MAX_BINS, PER_BIN = 10, 30  # at most so many bins, of at least so many lesions where there are enough
COLUMNS = ["arm", "rule", "measure", "value", "low", "high", "scores"]  # of calibration.csv


@dataclass(frozen=True)
class Params(resampling.Params):
    """What calibration needs of the config."""

    operating_point: str  # the rule
    arms: list[str]  # in the order of the config, `classic` first
    generators: list[str]  # those of them that add synthetic images


def are_probabilities(arm: str) -> bool:
    """Return whether the arm's scores are probabilities; those of support vector machines are squashed distances."""
    return arm not in arms.BASELINES


def predicted_confidence(pool: ClassPool) -> tuple[np.ndarray, np.ndarray]:
    """Return of each lesion the probability of its predicted class, float (n,), and whether it is right, bool (n,)."""
    return pool.scores[np.arange(len(pool.predicted)), pool.predicted], pool.predicted == pool.truth


def brier(pool: ClassPool, weights: np.ndarray) -> np.ndarray:
    """Return the Brier score (1950, over all classes): mean squared distance of the probabilities from the truth.

    From 0 to 2. For two classes it is twice what is usually called so.

    Parameters
    ----------
    weights : (b, n) array
        How often each lesion counts, a row a resample.
    """
    truth = np.eye(pool.scores.shape[1])[pool.truth]
    return weights @ ((pool.scores - truth) ** 2).sum(axis=1) / weights.sum(axis=1)


def bin_number(lesions: int) -> int:
    """Return into how many bins of equal mass so many lesions are put."""
    return max(1, min(MAX_BINS, lesions // PER_BIN))


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int) -> np.ndarray:
    """Return the expected calibration error: the gap between mean confidence and accuracy, averaged over the bins.

    Bins hold equal numbers of lesions, give or take one.

    Parameters
    ----------
    confidence : (n,) float array
    right : (..., n) bool array

    Returns
    -------
    (...) float array
    """
    order = np.argsort(confidence, kind="stable")
    starts = [part[0] for part in np.array_split(np.arange(len(order)), bins)]
    gaps = np.add.reduceat((right - confidence)[..., order], starts, axis=-1)
    return np.abs(gaps).sum(axis=-1) / len(order)


def reliability(pools: list[ClassPool], level: float) -> pd.DataFrame:
    """Return the accuracy in bins of equal mass of the confidence, the seeds' predictions together.

    Returns
    -------
    DataFrame
        ``confidence`` (mean), ``accuracy``, ``low, high`` (Wilson interval) and ``lesions``, a row a bin. A lesion
        predicted with several seeds counts once in the width of the interval: seeds bring no further lesions.
    """
    confidence, right = (np.concatenate(parts) for parts in zip(*map(predicted_confidence, pools), strict=True))
    order = np.argsort(confidence, kind="stable")
    rows = []
    for members in np.array_split(order, bin_number(len(pools[0].units))):
        lesions = len(members) / len(pools)
        accuracy = right[members].mean()
        rows.append((confidence[members].mean(), accuracy, *wilson(accuracy, lesions, level), lesions))
    return pd.DataFrame(rows, columns=["confidence", "accuracy", "low", "high", "lesions"])


def wilson(share: float, number: float, level: float) -> tuple[float, float]:
    """Return Wilson's (1927) interval of a ``share`` of ``number`` independent cases; it need not be whole."""
    z2 = ndtri((1 + level) / 2) ** 2
    center = (share + z2 / (2 * number)) / (1 + z2 / number)
    half = np.sqrt(z2 / number * (share * (1 - share) + z2 / (4 * number))) / (1 + z2 / number)
    # It contains the share, which rounding could deny at 0 and 1.
    return max(0.0, min(float(center - half), share)), min(1.0, max(float(center + half), share))


def table(pools: dict[Run, ClassPool], measures: Classification, params: Params) -> pd.DataFrame:
    """Return ``calibration.csv``: a row for each arm and measure, means over the seeds.

    Brier score, mean confidence and confidence minus accuracy have intervals of resamples of patients and seeds. The
    calibration error has none, since resampling inflates it; the row after it says what perfectly calibrated
    probabilities would give with as few lesions: the mean of simulations and the range of most of them.

    Parameters
    ----------
    pools
        From `operating_points.at`, by (arm, rule, seed).
    """
    evaluation = resampling.Evaluation(pools, measures, params)
    seeds_of = {arm: seeds for (arm, _), seeds in evaluation.runs().items()}
    rows, classic = [], None
    for arm in (arm for arm in params.arms if arm in seeds_of):
        of_arm = {seed: pools[arm, params.operating_point, seed] for seed in seeds_of[arm]}
        score = evaluation.over_seeds({seed: brier(pool, evaluation.weights) for seed, pool in of_arm.items()})
        measured = {"brier": score}
        if arm == CLASSIC:
            classic = score
        elif classic is not None:
            measured[f"brier minus {CLASSIC}"] = score - classic
        confidence, excess = (
            evaluation.over_seeds({seed: _average(part(pool), evaluation.weights) for seed, pool in of_arm.items()})
            for part in (_confidence, _excess)
        )
        measured |= {"confidence": confidence, "confidence minus accuracy": excess}
        estimates = {measure: evaluation.summary(values) for measure, values in measured.items()}
        estimates |= _errors(list(of_arm.values()), params)
        scores = "probabilities" if are_probabilities(arm) else "no probabilities"
        rows += [(arm, params.operating_point, measure, *values, scores) for measure, values in estimates.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _errors(pools: list[ClassPool], params: Params) -> dict[str, tuple[float, float, float]]:
    bins = bin_number(len(pools[0].units))
    found = np.mean([calibration_error(*predicted_confidence(pool), bins) for pool in pools])
    random = seeding.stream(params.master_seed, "calibration", "simulated")
    simulated = []
    for start in range(0, params.bootstrap, resampling.BLOCK):
        # One draw serves all seeds: their predictions of a lesion are right or wrong together as far as they can be.
        drawn = random.random((min(resampling.BLOCK, params.bootstrap - start), len(pools[0].units)))
        errors = [calibration_error(_confidence(pool), drawn < _confidence(pool), bins) for pool in pools]
        simulated.append(np.mean(errors, axis=0))
    simulated = np.concatenate(simulated)
    return {
        "calibration error": (float(found), np.nan, np.nan),
        "calibration error if calibrated": (
            float(simulated.mean()),
            *resampling.interval(simulated, params.confidence),
        ),
    }


def _confidence(pool: ClassPool) -> np.ndarray:
    return predicted_confidence(pool)[0]


def _excess(pool: ClassPool) -> np.ndarray:
    confidence, right = predicted_confidence(pool)
    return confidence - right


def _average(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return weights @ values / weights.sum(axis=1)
