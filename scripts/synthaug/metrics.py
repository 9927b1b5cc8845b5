"""The classification measures of the reference paper (section 4.1, equations 2-4), and AUC, from pooled predictions.

Every measure takes multiplicity weights of the lesions, so that one code path gives the value (all weights 1) and its
bootstrap resamples (a row of weights each).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from synthaug.errors import InputError

ALL = "all"  # the class of a prevalence-weighted average, the seed of a mean over seeds


@dataclass(frozen=True)
class Pool:
    """The out-of-fold predictions of one arm, size and seed: one a lesion, sorted by lesion.

    Attributes
    ----------
    lesions, patients : (n,) str arrays
    truth, predicted : (n,) int arrays
        Positions in the list of classes.
    fold : (n,) int array
        The test fold that a lesion was in, so also the model that scored it.
    scores : (n, k) float array
        Predicted probability of each class.
    """

    lesions: np.ndarray
    patients: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    fold: np.ndarray
    scores: np.ndarray


def pools(predictions: pd.DataFrame, classes: list[str], folds: int) -> dict[tuple[str, str, int], Pool]:
    """Pool the predictions of the standard cross-validation runs by (arm, size, seed), in order of appearance.

    A run is standard where its training folds and the lesion's fold together are all ``folds`` folds; predictions of
    models trained on fewer folds are left out.

    Raises
    ------
    InputError
        If a class or score is missing or unknown, or if the arms do not predict the same lesions once each.
    """
    everything = "".join(str(fold) for fold in range(folds))
    covered = [
        "".join(sorted(f"{trained}{tested}")) == everything
        for trained, tested in zip(predictions["folds"], predictions["fold"], strict=True)
    ]
    columns = [f"p_{name}" for name in classes]
    _check_values(predictions, classes, columns)
    result = {}
    for (arm, size, seed), rows in predictions[np.array(covered, dtype=bool)].groupby(
        ["arm", "size", "seed"], sort=False
    ):
        rows = rows.sort_values("lesion")
        result[arm, size, int(seed)] = Pool(
            lesions=rows["lesion"].to_numpy(dtype=str),
            patients=rows["patient"].to_numpy(dtype=str),
            truth=positions(rows["truth"], classes),
            predicted=positions(rows["predicted"], classes),
            fold=rows["fold"].to_numpy(),
            scores=rows[columns].to_numpy(dtype=float),
        )
    _check_same_lesions(result)
    return result


def positions(names: pd.Series, classes: list[str]) -> np.ndarray:
    """Return the position of each name in ``classes``."""
    place = {name: i for i, name in enumerate(classes)}
    return names.map(place).to_numpy(dtype=int)


def _check_values(predictions: pd.DataFrame, classes: list[str], columns: list[str]) -> None:
    missing = [name for name in columns if name not in predictions]
    if missing:
        raise InputError(f"predictions: expected a column for each class, {', '.join(missing)} is missing")
    for column in ("truth", "predicted"):
        unknown = sorted(set(predictions[column]) - set(classes))
        if unknown:
            raise InputError(f"predictions, column {column}: expected one of {classes}, found {unknown}")
    unscored = predictions[~np.isfinite(predictions[columns].to_numpy(dtype=float)).all(axis=1)]
    if len(unscored):
        row = unscored.iloc[0]
        raise InputError(
            f"predictions: lesion {row['lesion']} in arm {row['arm']}, size {row['size']}, seed {row['seed']} has a "
            f"probability that is no number ({len(unscored)} such rows); the training of that classifier diverged"
        )


def _check_same_lesions(result: dict[tuple[str, str, int], Pool]) -> None:
    if not result:
        raise InputError("predictions: no arm was run on all folds but one, so there is nothing to evaluate")
    (first_key, first), *others = result.items()
    problems = []
    for (arm, size, seed), pool in [(first_key, first), *others]:
        lesions, counts = np.unique(pool.lesions, return_counts=True)
        name = f"arm {arm}, size {size}, seed {seed}"
        if counts.max() > 1:
            problems.append(f"{name}: lesion {lesions[counts.argmax()]} is predicted {counts.max()} times")
        differing = sorted(set(lesions) ^ set(first.lesions))
        if differing:
            problems.append(
                f"{name}: {len(differing)} lesions are predicted here or in arm {first_key[0]}, size {first_key[1]}, "
                f"seed {first_key[2]}, not in both, the first {differing[0]}"
            )
    if problems:
        raise InputError("predictions: expected each lesion once in each arm; " + "\n".join(problems))


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Count lesions by true class (rows) and predicted class (columns).

    Parameters
    ----------
    truth, predicted : (n,) int arrays
        Positions in the list of classes.
    weights : (b, n) array, optional
        How often each lesion counts, a row a resample; without it each counts once.

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
    return _ratio(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def sensitivity(counts: np.ndarray) -> np.ndarray:
    """Return TP / (TP + FN) of each class (equation 3), shape (..., k); not a number for a class without lesions."""
    return _ratio(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def specificity(counts: np.ndarray) -> np.ndarray:
    """Return TN / (TN + FP) of each class against the others (equation 4), shape (..., k)."""
    positives, called = counts.sum(axis=-1), counts.sum(axis=-2)
    negatives = counts.sum(axis=(-2, -1))[..., np.newaxis] - positives
    false_positives = called - np.diagonal(counts, axis1=-2, axis2=-1)
    return _ratio(negatives - false_positives, negatives)


def weighted(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Average (..., k) values over the classes by prevalence, the "weighted average" of the paper's Table 7.

    For sensitivity this equals the total accuracy.
    """
    prevalence = _ratio(counts.sum(axis=-1), counts.sum(axis=(-2, -1))[..., np.newaxis])
    return np.where(prevalence > 0, prevalence * values, 0).sum(axis=-1)


def auc(positive: np.ndarray, scores: np.ndarray, fold: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve: the share of concordant (positive, negative) pairs, ties half.

    The models of different folds are not one scorer, so only pairs within a test fold count: concordant pairs summed
    over the folds, over the number of such pairs. Not a number where no fold has a pair.

    Parameters
    ----------
    positive : (n,) bool array
    scores : (n,) float array
    fold : (n,) int array
    weights : (b, n) array

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
    return _ratio(concordant, pairs)


def detection(
    hits: np.ndarray, alarms: np.ndarray, positives: np.ndarray, negatives: np.ndarray
) -> dict[str, np.ndarray]:
    """Return balanced accuracy, d' and the criterion of detectors by their numbers of hits and false alarms.

    The rates of d' and the criterion have the loglinear correction, half an answer more of each kind. Without it d' is
    infinite where a rate is 0 or 1; it is applied always, which is less biased than where needed only (Hautus, Behav.
    Res. Methods 27:46, 1995).

    Parameters
    ----------
    hits, alarms, positives, negatives : (b,) float arrays
        The last two are how many there are of both kinds; the balanced accuracy is not a number without one of them.
    """
    z_hit, z_alarm = ndtri((hits + 0.5) / (positives + 1)), ndtri((alarms + 0.5) / (negatives + 1))
    return {
        "balanced accuracy": (_ratio(hits, positives) + 1 - _ratio(alarms, negatives)) / 2,
        "d'": z_hit - z_alarm,
        "criterion": -(z_hit + z_alarm) / 2,
    }


def measures(pool: Pool, classes: list[str], weights: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """Return every measure by (metric, class), each a (b,) float array, for (b, n) multiplicity weights."""
    counts = confusion(pool.truth, pool.predicted, len(classes), weights)
    areas = [auc(pool.truth == i, pool.scores[:, i], pool.fold, weights) for i in range(len(classes))]
    by_class = {
        "sensitivity": sensitivity(counts),
        "specificity": specificity(counts),
        "auc": np.stack(areas, axis=-1),
    }
    result = {("accuracy", ALL): accuracy(counts)}
    for metric, values in by_class.items():
        result |= {(metric, name): values[:, i] for i, name in enumerate(classes)}
        result[metric, ALL] = weighted(values, counts)
    return result


def lesions_counted(pool: Pool, classes: list[str]) -> dict[tuple[str, str], int]:
    """Return how many lesions each measure counts: positives for sensitivity, negatives for specificity, else all."""
    n = len(pool.truth)
    result = {("accuracy", ALL): n}
    for i, name in enumerate(classes):
        positives = int((pool.truth == i).sum())
        result |= {("sensitivity", name): positives, ("specificity", name): n - positives, ("auc", name): n}
    return result | {(metric, ALL): n for metric in ("sensitivity", "specificity", "auc")}


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    denominator = np.broadcast_to(denominator, np.shape(numerator))
    return np.divide(numerator, denominator, out=np.full(np.shape(numerator), np.nan), where=denominator > 0)
