"""The calibration slope: how much steeper or flatter probabilities would have to be, to fit what is true.

Cox's recalibration (Biometrika 45:562, 1958) raises the odds to a power, the slope. Here one slope b serves all
classes: the probabilities become p_k^b over their sum, so b is one over the temperature of Guo et al. ("On calibration
of modern neural networks", ICML 2017). A slope for each class against the rest, with an intercept (Van Calster et al.,
BMC Med. 17:230, 2019), is infinite where lesions of that class are told from all others without an error, as cysts
often are, and an intercept is infinite in a resample without the class. One slope is infinite only where every lesion
is right, or where the true class is always the least probable.
"""

import numpy as np

from synthaug.classification.calibration import bounded
from synthaug.classification.measures import ClassPool

STEEPEST = 1000.0  # slopes beyond, either way, count as this
STEPS, CLOSE = 100, 1e-9  # of Newton's method; it ends when no slope moves by more
BLOCK = 250  # resamples fitted at a time; bounds the memory, changes no result


def slope(pool: ClassPool, weights: np.ndarray) -> np.ndarray:
    """Return the power of the probabilities under which what is true was likeliest, (b,) float.

    1: as steep as they should be. Below 1: they are too extreme. Above 1: they are too timid.
    Not a number where no power is likeliest. A probability of 0 counts as `calibration.LEAST`.

    Parameters
    ----------
    weights : (b, n) array
        How often each lesion counts, a row a resample.
    """
    logs = np.log(bounded(pool.scores))
    above = (logs - logs[np.arange(len(pool.truth)), pool.truth][:, np.newaxis]).T  # the true class, (k, n)
    blocks = [_fit(above, weights[start : start + BLOCK]) for start in range(0, len(weights), BLOCK)]
    return np.concatenate(blocks)


def _fit(above: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Minimise the log loss of each row of weights, a convex function of the slope.

    By Newton's method, with a bisection where a step leaves the range in which the minimum is known to lie.
    """
    known = (weights @ (above > 0).any(axis=0) > 0) & (weights @ (above < 0).any(axis=0) > 0)
    rows = weights[known].astype(float)
    found = np.zeros(len(rows))
    low, high = np.full(len(rows), -STEEPEST), np.full(len(rows), STEEPEST)
    for _ in range(STEPS):
        rise, bend = _derivatives(above, rows, found)
        low, high = np.where(rise <= 0, found, low), np.where(rise >= 0, found, high)
        step = found - np.divide(rise, bend, out=np.full(len(rows), np.inf), where=bend > 0)
        moved = np.where((step >= low) & (step <= high), step, (low + high) / 2)
        done = np.abs(moved - found).max(initial=0) < CLOSE
        found = moved
        if done:
            break
    result = np.full(len(weights), np.nan)
    result[known] = found
    return result


def _derivatives(above: np.ndarray, weights: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and second derivative of the summed log loss at each row's slope, two (b,) arrays."""
    logits = slopes[:, np.newaxis] * above[:, np.newaxis]  # (k, b, n)
    chance = np.exp(logits - logits.max(axis=0))
    chance /= chance.sum(axis=0)
    mean = sum(part * of_class for part, of_class in zip(chance, above, strict=True))
    square = sum(part * of_class**2 for part, of_class in zip(chance, above, strict=True))
    return (weights * mean).sum(axis=1), (weights * (square - mean**2)).sum(axis=1)
