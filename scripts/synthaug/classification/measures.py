"""The measures of classification, from pooled predictions: the paper's (section 4.1, equations 2 to 4), and usual ones.

Every measure takes multiplicity weights of the lesions, so that one code path gives the value (all weights 1) and its
bootstrap resamples (one row of weights each).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from synthaug.classification.costs import Costs, cost_matrix, mean_cost
from synthaug.errors import InputError
from synthaug.evaluation.measures import Key, Measures, Pool
from synthaug.evaluation.ratios import ratio
from synthaug.evaluation.roc import auc
from synthaug.terms.totals import ALL

ACCURACY, SENSITIVITY, SPECIFICITY, AUC = "accuracy", "sensitivity", "specificity", "auc"
BALANCED, F1, MCC = "balanced accuracy", "macro F1", "MCC"
POSITIVE, NEGATIVE = "positive predictive value", "negative predictive value"
SAVED = "1 - mean cost"  # the accuracy, if every error costs 1


@dataclass(frozen=True)
class ClassPool(Pool):
    """Predicted classes, one per lesion.

    Attributes
    ----------
    truth, predicted : (n,) int arrays
        Positions in the list of classes.
    scores : (n, k) float array
        Predicted probability of each class.
    """

    truth: np.ndarray
    predicted: np.ndarray
    scores: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Whether each lesion is classified right, (n,) bool."""
        return self.truth == self.predicted


@dataclass(frozen=True)
class Classification(Measures):
    """Accuracy, balanced accuracy, macro F1 and MCC; what is known of each class against the others.

    That is sensitivity, specificity and AUC, with their averages by prevalence, and the predictive values. Where errors
    have costs of their own, also one minus the mean cost of a lesion.

    Attributes
    ----------
    costs
        As `cost_matrix` takes them; none where every error costs the same.
    """

    classes: list[str]
    costs: Costs | None = None

    unit: ClassVar[str] = "lesion"
    primary: ClassVar[str] = ACCURACY
    spread: ClassVar[tuple[str, ...]] = (ACCURACY, SENSITIVITY, SPECIFICITY)

    def check(self, predictions: pd.DataFrame) -> None:
        columns = [f"p_{name}" for name in self.classes]
        missing = [name for name in columns if name not in predictions]
        if missing:
            raise InputError(f"predictions: expected a column for each class, {', '.join(missing)} is missing")
        for column in ("truth", "predicted"):
            unknown = sorted(set(predictions[column]) - set(self.classes))
            if unknown:
                raise InputError(f"predictions, column {column}: expected one of {self.classes}, found {unknown}")
        unscored = predictions[~np.isfinite(predictions[columns].to_numpy(dtype=float)).all(axis=1)]
        if len(unscored):
            row = unscored.iloc[0]
            raise InputError(
                f"predictions: lesion {row['lesion']} in arm {row['arm']}, size {row['size']}, seed {row['seed']} has "
                f"a probability that is no number ({len(unscored)} such rows); the training of that classifier diverged"
            )

    def pool(self, rows: pd.DataFrame) -> ClassPool:
        return ClassPool(
            units=rows["lesion"].to_numpy(dtype=str),
            patients=rows["patient"].to_numpy(dtype=str),
            fold=rows["fold"].to_numpy(),
            truth=positions(rows["truth"], self.classes),
            predicted=positions(rows["predicted"], self.classes),
            scores=rows[[f"p_{name}" for name in self.classes]].to_numpy(dtype=float),
        )

    def values(self, pool: ClassPool, weights: np.ndarray, keys: Sequence[Key] | None = None) -> dict[Key, np.ndarray]:
        counts = confusion(pool.truth, pool.predicted, len(self.classes), weights)
        by_class = {SENSITIVITY: sensitivity(counts), SPECIFICITY: specificity(counts)}
        if keys is None or any(metric == AUC for metric, _ in keys):
            areas = [auc(pool.truth == i, pool.scores[:, i], pool.fold, weights) for i in range(len(self.classes))]
            by_class[AUC] = np.stack(areas, axis=-1)
        result = {(ACCURACY, ALL): accuracy(counts)}
        if self.costs:
            result[SAVED, ALL] = 1 - mean_cost(counts, cost_matrix(self.costs, self.classes))
        if keys is None:
            result |= {
                (BALANCED, ALL): balanced_accuracy(counts),
                (F1, ALL): macro_f1(counts),
                (MCC, ALL): matthews(counts),
            }
            for metric, values in ((POSITIVE, positive_value(counts)), (NEGATIVE, negative_value(counts))):
                result |= {(metric, name): values[:, i] for i, name in enumerate(self.classes)}
        for metric, values in by_class.items():
            result |= {(metric, name): values[:, i] for i, name in enumerate(self.classes)}
            result[metric, ALL] = weighted(values, counts)
        return result

    def counted(self, pool: ClassPool) -> dict[Key, np.ndarray]:
        """Return the lesions that count: the positive ones for sensitivity, the negative for specificity, else all."""
        everything = np.ones(len(pool.truth), dtype=bool)
        result = dict.fromkeys([(metric, ALL) for metric in (ACCURACY, SAVED, BALANCED, F1, MCC)], everything)
        result |= {(metric, name): everything for metric in (POSITIVE, NEGATIVE) for name in self.classes}
        for i, name in enumerate(self.classes):
            positive = pool.truth == i
            result |= {(SENSITIVITY, name): positive, (SPECIFICITY, name): ~positive, (AUC, name): everything}
        return result | {(metric, ALL): everything for metric in (SENSITIVITY, SPECIFICITY, AUC)}

    def compared(self) -> list[Key]:
        """Return accuracy, sensitivity and specificity, and what costs make of the errors where they have any.

        The average sensitivity is the accuracy and is left out.
        """
        by_class = [(metric, name) for metric in (SENSITIVITY, SPECIFICITY) for name in self.classes]
        return [(ACCURACY, ALL), *by_class, (SPECIFICITY, ALL), *([(SAVED, ALL)] if self.costs else [])]

    def shares(self) -> list[Key]:
        """Return accuracy, sensitivity and specificity, and not what is averaged over the classes."""
        by_class = [(metric, name) for metric in (SENSITIVITY, SPECIFICITY) for name in self.classes]
        return [(ACCURACY, ALL), *by_class]

    def contributions(self, pool: ClassPool) -> dict[Key, np.ndarray]:
        """Return 1 for a lesion that counts as right, and one minus the cost of a lesion.

        To the average specificity a lesion adds, for each other class that it was not taken for, that class's
        prevalence over its number of negatives.
        """
        truth, predicted = pool.truth, pool.predicted
        result = {(ACCURACY, ALL): pool.right.astype(float)}
        if self.costs:
            result[SAVED, ALL] = 1 - cost_matrix(self.costs, self.classes)[truth, predicted]
        average = np.zeros(len(truth))
        for i, name in enumerate(self.classes):
            negative = truth != i
            result[SENSITIVITY, name] = (~negative & (predicted == i)).astype(float)
            result[SPECIFICITY, name] = (negative & (predicted != i)).astype(float)
            if negative.any():
                average += np.mean(truth == i) / negative.sum() * result[SPECIFICITY, name]
        return result | {(SPECIFICITY, ALL): average}

    def references(self, pool: ClassPool) -> dict[str, float]:
        return {"always the largest class": float(np.bincount(pool.truth).max() / len(pool.truth))}


def positions(names: pd.Series, classes: Sequence[str]) -> np.ndarray:
    """Return the position of each name in ``classes``, (n,) int."""
    place = {name: i for i, name in enumerate(classes)}
    return names.map(place).to_numpy(dtype=int)


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Count lesions by true class (rows) and predicted class (columns).

    Parameters
    ----------
    truth, predicted : (n,) int arrays
        Positions in the list of classes.
    weights : (b, n) array, optional
        How often each lesion counts, one row per resample; without it each counts once.

    Returns
    -------
    (b, k, k) float array, or (k, k) int array without ``weights``
    """
    cell = np.eye(classes * classes)[truth * classes + predicted]
    if weights is None:
        return cell.sum(axis=0).astype(int).reshape(classes, classes)
    return (weights @ cell).reshape(-1, classes, classes)


def accuracy(counts: np.ndarray) -> np.ndarray:
    """Return the total accuracy (equation 2) of (..., k, k) confusion counts; not a number without lesions."""
    return ratio(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def sensitivity(counts: np.ndarray) -> np.ndarray:
    """Return TP / (TP + FN) of each class (equation 3), shape (..., k); not a number for a class without lesions."""
    return ratio(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def specificity(counts: np.ndarray) -> np.ndarray:
    """Return TN / (TN + FP) of each class against the others (equation 4), shape (..., k)."""
    positives, called = counts.sum(axis=-1), counts.sum(axis=-2)
    negatives = counts.sum(axis=(-2, -1))[..., np.newaxis] - positives
    false_positives = called - np.diagonal(counts, axis1=-2, axis2=-1)
    return ratio(negatives - false_positives, negatives)


def positive_value(counts: np.ndarray) -> np.ndarray:
    """Return TP / (TP + FP) of each class, shape (..., k); not a number for a class that is never called."""
    return ratio(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-2))


def negative_value(counts: np.ndarray) -> np.ndarray:
    """Return TN / (TN + FN) of each class, shape (..., k); not a number for a class that is always called."""
    positives, called = counts.sum(axis=-1), counts.sum(axis=-2)
    uncalled = counts.sum(axis=(-2, -1))[..., np.newaxis] - called
    missed = positives - np.diagonal(counts, axis1=-2, axis2=-1)
    return ratio(uncalled - missed, uncalled)


def balanced_accuracy(counts: np.ndarray) -> np.ndarray:
    """Return the mean sensitivity of the classes that there are, shape (...,)."""
    return _mean_of_known(sensitivity(counts))


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Return the mean over the classes of 2 TP / (2 TP + FP + FN), of those that there are or that are called."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    return _mean_of_known(ratio(2 * right, counts.sum(axis=-1) + counts.sum(axis=-2)))


def matthews(counts: np.ndarray) -> np.ndarray:
    """Return Matthews' correlation of several classes (Gorodkin, Comput. Biol. Chem. 28:367, 2004), shape (...,).

    It is 0 where only one class is called, or there is only one, as in scikit-learn.
    """
    positives, called, total = counts.sum(axis=-1), counts.sum(axis=-2), counts.sum(axis=(-2, -1))
    covariance = np.trace(counts, axis1=-2, axis2=-1) * total - (positives * called).sum(axis=-1)
    spread = np.sqrt((total**2 - (called**2).sum(axis=-1)) * (total**2 - (positives**2).sum(axis=-1)))
    return np.where(spread > 0, ratio(covariance, spread), np.where(total > 0, 0.0, np.nan))


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))


def weighted(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Average (..., k) values over the classes by prevalence, the "weighted average" of the paper's Table 7.

    For sensitivity this equals the total accuracy.
    """
    prevalence = ratio(counts.sum(axis=-1), counts.sum(axis=(-2, -1))[..., np.newaxis])
    return np.where(prevalence > 0, prevalence * values, 0).sum(axis=-1)
