"""Patient-level, class-balanced folds of the main set (paper section 4.1)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from synthaug import seeding
from synthaug.errors import InputError

CANDIDATES = 100  # shuffles tried; the best balanced one is kept


def require(cases: pd.DataFrame, classes: Sequence[str], folds: int) -> None:
    """Refuse a main set that is too small for the experiment.

    Parameters
    ----------
    cases
        Columns ``patient``, ``class``, ``set``.

    Raises
    ------
    InputError
        With a line for each class that has no lesion, or fewer patients than there are folds.
    """
    main = cases[cases["set"] == "main"]
    patients = main.groupby("class")["patient"].nunique()
    problems = []
    for cls in classes:
        if cls not in set(cases["class"]):
            problems.append(f"class {cls}: expected lesions, found none; add some or remove the class from the config")
        elif (count := patients.get(cls, 0)) < folds:
            problems.append(
                f"class {cls}: expected at least {folds} patients in the main set for {folds} folds, found {count}; "
                "add patients, lower folds or leave the class out"
            )
    if problems:
        raise InputError("\n  ".join(problems))


def split(cases: pd.DataFrame, *, classes: Sequence[str], folds: int, seed: int, master_seed: int) -> pd.DataFrame:
    """Assign every main lesion to a fold; all lesions of a patient share one.

    Of 100 shuffled stratified splits, the one whose class counts differ least between folds is kept. Lesions of other
    sets, images and results play no part in it.

    Parameters
    ----------
    cases
        Columns ``lesion``, ``patient``, ``class``, ``set``.
    classes
        All classes of the experiment.

    Returns
    -------
    DataFrame with ``lesion``, ``patient``, ``class``, ``fold`` (0 ... folds - 1), sorted by lesion.

    Raises
    ------
    InputError
        If a class has no lesion or fewer patients than there are folds, or no candidate has every class in every fold.
    """
    require(cases, classes, folds)
    main = cases[cases["set"] == "main"].sort_values("lesion", ignore_index=True)[["lesion", "patient", "class"]]
    best, best_spread = None, None
    least = int((main["class"].value_counts() % folds > 0).sum())  # no split of the lesions spreads them less
    for candidate in range(CANDIDATES):
        state = seeding.stream_seed(master_seed, "folds", seed, candidate) % 2**32
        fold = shuffled(main["class"].to_numpy(), main["patient"].to_numpy(), folds, state)
        counts = pd.crosstab(main["class"], fold)
        spread = int((counts.max(axis=1) - counts.min(axis=1)).sum())
        if counts.shape[1] == folds and counts.to_numpy().min() > 0 and (best is None or spread < best_spread):
            best, best_spread = fold, spread
            if spread == least:
                break
    if best is None:
        raise InputError(f"folds: no patient-level split has every class in each of {folds} folds; lower folds")
    return main.assign(fold=best)


def shuffled(labels: np.ndarray, patients: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return one shuffled split of lesions into class-balanced folds; all lesions of a patient share one.

    Parameters
    ----------
    labels, patients
        (n,): the class and the patient of each lesion.
    seed
        Below 2**32: of the shuffle.

    Returns
    -------
    int64 (n,): 0 ... folds - 1.
    """
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    fold = np.full(len(labels), -1)
    for number, (_, test) in enumerate(splitter.split(np.zeros((len(labels), 1)), labels, patients)):
        fold[test] = number
    return fold
