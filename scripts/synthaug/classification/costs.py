"""What the confusions of a classifier cost, where some are graver than others."""

from collections.abc import Mapping, Sequence

import numpy as np

from synthaug.evaluation.ratios import ratio

Costs = Mapping[str, Mapping[str, float | None]]  # by true class, then by predicted class


def cost_matrix(costs: Costs, classes: Sequence[str]) -> np.ndarray:
    """Return the cost of each true class (rows) taken for each class (columns), (k, k) float.

    The unit is one ordinary error: pairs that ``costs`` does not name, or names without a number, cost 1. What is right
    costs nothing.

    >>> cost_matrix({"met": {"hem": 5}}, ["met", "hem"]).tolist()
    [[0.0, 5.0], [1.0, 0.0]]
    """
    result = 1 - np.eye(len(classes))
    for i, truth in enumerate(classes):
        for j, predicted in enumerate(classes):
            cost = costs.get(truth, {}).get(predicted)
            if cost is not None:
                result[i, j] = cost
    return result


def mean_cost(counts: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Return the mean cost of a lesion, shape (...,); not a number without lesions.

    Parameters
    ----------
    counts : (..., k, k) array
        Lesions by true class (rows) and predicted class (columns).
    cost : (k, k) array
        From `cost_matrix`.
    """
    return ratio((counts * cost).sum(axis=(-2, -1)), counts.sum(axis=(-2, -1)))
