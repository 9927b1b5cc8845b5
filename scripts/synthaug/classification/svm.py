"""Support vector machines with a Gaussian kernel; C and gamma are searched for inside the training set."""

import numpy as np
from scipy import special
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from synthaug import seeding
from synthaug.cohort import folds
from synthaug.errors import InputError

CANDIDATES = 20  # shuffles tried for inner folds that hold every class


def inner_folds(
    labels: np.ndarray, patients: np.ndarray, count: int, master_seed: int, names: tuple[str | int, ...]
) -> np.ndarray:
    """Divide a training set into ``count`` class-balanced inner folds; all lesions of a patient share one.

    Parameters
    ----------
    labels
        int (n,): the class of each lesion.
    patients
        str (n,): its patient.
    names
        The names of the random stream.

    Returns
    -------
    numpy.ndarray
        int (n,): 0 ... count - 1.

    Raises
    ------
    InputError
        If a class has too few patients for every inner fold to hold it.
    """
    wanted = len(np.unique(labels)) * count
    fewest = min(len(set(patients[labels == label])) for label in np.unique(labels))
    for candidate in range(CANDIDATES if fewest >= count else 0):
        seed = seeding.stream_seed(master_seed, *names, "inner", candidate) % 2**32
        inner = folds.shuffled(labels, patients, count, seed)
        if len(set(zip(labels, inner, strict=True))) == wanted:
            return inner
    raise InputError(
        f"svm: expected every class in each of {count} inner folds, found a class with {fewest} patients in the "
        "training folds; lower inner_folds, or add patients"
    )


def search(select: list[tuple], features: np.ndarray, labels: np.ndarray, inner: np.ndarray, svm: dict) -> GridSearchCV:
    """Fit a support vector machine with the C and gamma that do best in the inner folds.

    The selection and standardisation of the features are refitted without each inner fold too; otherwise the search
    would see what it is scored on. The score is balanced accuracy, because one class against the rest is no balanced
    task. Of equal scores, that of the smallest C and then the smallest gamma, the smoothest machine, wins.

    Parameters
    ----------
    select
        Steps of a scikit-learn pipeline before the standardisation: ``(name, transformer)``.
    features
        float (n, features).
    labels
        int (n,).
    inner
        int (n,), from `inner_folds`.
    svm
        ``c`` and ``gamma``: first, last and step of the binary logarithm.

    Returns
    -------
    sklearn.model_selection.GridSearchCV
        Refitted on all rows.
    """
    pipeline = Pipeline([*select, ("scale", StandardScaler()), ("svm", SVC(kernel="rbf"))])
    grid = {"svm__C": powers(*svm["c"]), "svm__gamma": powers(*svm["gamma"])}
    found = GridSearchCV(pipeline, grid, scoring="balanced_accuracy", cv=PredefinedSplit(inner), error_score="raise")
    return found.fit(features, labels)


def powers(first: float, last: float, step: float) -> np.ndarray:
    """Return two to the power of ``first, first + step ...``, ``last`` included.

    >>> powers(-1, 3, 2).tolist()
    [0.5, 2.0, 8.0]
    """
    return 2.0 ** np.arange(first, last + step / 2, step)


def decisions(model: GridSearchCV, features: np.ndarray) -> np.ndarray:
    """Return how far each row lies on the side of each class, float (n, classes); the largest value wins.

    With more than two classes these are scikit-learn's one-vs-rest values: the votes of the pairwise machines, and in
    the decimals their distances. With two, the signed distance counts for the second class and against the first.
    """
    values = model.decision_function(features)
    return values if values.ndim == 2 else np.stack([-values, values], axis=1)


def probabilities(decision: np.ndarray) -> np.ndarray:
    """Return the softmax of decision values, float (n, classes).

    They sum to one and rank lesions, but are not calibrated: 0.8 does not mean that 80 % are right.
    """
    return special.softmax(decision, axis=1)


def chosen(model: GridSearchCV) -> dict[str, float]:
    """Return the C and gamma that won and their balanced accuracy in the inner folds."""
    best = model.best_params_
    return {"c": float(best["svm__C"]), "gamma": float(best["svm__gamma"]), "inner_score": float(model.best_score_)}
