"""Whether predicted probabilities mean what they say: their scores, and the error of the predicted class's."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from synthaug.classification.measures import ClassPool
from synthaug.terms import arms

MAX_BINS, PER_BIN = 10, 30  # at most so many bins, of at least so many lesions where there are enough
LEAST = float(np.finfo(np.float32).tiny)  # probability that 0 counts as: networks give no smaller one, but 0


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


def bounded(scores: np.ndarray) -> np.ndarray:
    """Return probabilities of which none is 0, whose logarithm would be infinite: at least `LEAST`, about 1e-38."""
    return np.maximum(scores, LEAST)


def log_loss(pool: ClassPool, weights: np.ndarray) -> np.ndarray:
    """Return the log loss (Good 1952): mean negative natural logarithm of the true class's probability, (b,) float.

    From 0 to 87.3, since a probability of 0 counts as `LEAST`.

    Parameters
    ----------
    weights : (b, n) array
        How often each lesion counts, a row a resample.
    """
    lost = -np.log(bounded(pool.scores[np.arange(len(pool.truth)), pool.truth]))
    return weights @ lost / weights.sum(axis=1)


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
