"""The area under the ROC curve of scores that several models gave, under weights of the scored."""

import numpy as np

from synthaug.evaluation.ratios import ratio


def auc(positive: np.ndarray, scores: np.ndarray, fold: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of concordant (positive, negative) pairs, ties half.

    The models of different folds are not one scorer, so only pairs within a test fold count: concordant pairs summed
    over the folds, over the number of such pairs. Not a number where no fold has a pair.

    Parameters
    ----------
    positive : (n,) bool array
    scores : (n,) float array
    fold : (n,) int array
    weights : (b, n) array
        How often each of the scored counts, one row per resample.

    Returns
    -------
    (b,) float array
    """
    concordant = np.zeros(len(weights))
    pairs = np.zeros(len(weights))
    for number in np.unique(fold):
        members = np.flatnonzero(fold == number)
        order = members[np.argsort(scores[members], kind="stable")]
        levels = np.unique(scores[order], return_index=True)[1]
        positives = np.add.reduceat(weights[:, order] * positive[order], levels, axis=1)
        negatives = np.add.reduceat(weights[:, order] * ~positive[order], levels, axis=1)
        below = negatives.cumsum(axis=1) - negatives
        concordant += (positives * (below + negatives / 2)).sum(axis=1)
        pairs += positives.sum(axis=1) * negatives.sum(axis=1)
    return ratio(concordant, pairs)
