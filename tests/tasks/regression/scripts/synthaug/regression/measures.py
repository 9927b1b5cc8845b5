"""The measures of a regression: the share of predictions that are near enough, and the correlation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from synthaug.evaluation.measures import Key, Measures, Pool
from synthaug.evaluation.ratios import ratio
from synthaug.terms.totals import ALL

WITHIN, CORRELATION = ("within", ALL), ("correlation", ALL)


@dataclass(frozen=True)
class NumberPool(Pool):
    """Predicted numbers, one per lesion; both float (n,)."""

    truth: np.ndarray
    predicted: np.ndarray


@dataclass(frozen=True)
class Regression(Measures):
    """The share of lesions whose relative error is at most ``tolerance``, a fraction; and Pearson's correlation."""

    tolerance: float

    unit: ClassVar[str] = "lesion"
    primary: ClassVar[str] = "within"
    spread: ClassVar[tuple[str, ...]] = ("within", "correlation")

    def pool(self, rows: pd.DataFrame) -> NumberPool:
        numbers = (rows[name].to_numpy(dtype=float) for name in ("truth", "predicted"))
        texts = (rows[name].to_numpy(dtype=str) for name in ("lesion", "patient"))
        return NumberPool(*texts, rows["fold"].to_numpy(), *numbers)

    def values(self, pool: NumberPool, weights: np.ndarray, keys: Sequence[Key] | None = None) -> dict[Key, np.ndarray]:
        near = self.contributions(pool)[WITHIN]
        return {
            WITHIN: ratio(weights @ near, weights.sum(axis=1)),
            CORRELATION: correlation(pool.truth, pool.predicted, weights),
        }

    def counted(self, pool: NumberPool) -> dict[Key, np.ndarray]:
        everything = np.ones(len(pool.truth), dtype=bool)
        return {WITHIN: everything, CORRELATION: everything}

    def compared(self) -> list[Key]:
        return [WITHIN, CORRELATION]

    def contributions(self, pool: NumberPool) -> dict[Key, np.ndarray]:
        """Return 1 for a lesion that is near enough; a correlation is no sum over lesions."""
        return {WITHIN: (np.abs(pool.predicted - pool.truth) <= self.tolerance * pool.truth).astype(float)}


def correlation(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of (n,) ``x`` and ``y`` under each row of (b, n) ``weights``."""
    total = weights.sum(axis=1)

    def mean(values: np.ndarray) -> np.ndarray:
        return ratio(weights @ values, total)

    covariance = mean(x * y) - mean(x) * mean(y)
    variances = (mean(x**2) - mean(x) ** 2) * (mean(y**2) - mean(y) ** 2)
    return ratio(covariance, np.sqrt(np.maximum(variances, 0)))
