"""Patient-level folds of slices, of which some show nothing that folds could be balanced by."""

from collections.abc import Sequence

import pandas as pd

from synthaug import seeding
from synthaug.cohort import folds as class_folds
from synthaug.cohort import given_split as user_split


def split(
    slices: pd.DataFrame,
    shown: pd.DataFrame,
    *,
    classes: Sequence[str],
    folds: int,
    seed: int,
    master_seed: int,
    given_split: bool = False,
) -> pd.DataFrame:
    """Assign every main slice to a fold; all slices of a patient share one.

    Patients are divided by what they show, see `cohort.folds.split`. Patients who show nothing are drawn one after the
    other into the fold with the fewest of them.

    Parameters
    ----------
    slices
        ``slices.csv``.
    shown
        What is balanced: ``lesion``, an id, ``patient``, ``class``, ``set``.
    classes
        All classes of the experiment.
    given_split
        Whether the case table divides the patients: then nothing is drawn, see `cohort.given_split.folds`.

    Returns
    -------
    DataFrame with ``slice``, ``patient``, ``fold`` (0 ... folds - 1), sorted by slice.

    Raises
    ------
    InputError
        If fewer patients than folds show a class, or no split has every class in every fold.
    """
    main = slices[slices["set"] == "main"].sort_values("slice", ignore_index=True)
    if given_split:
        return user_split.folds(main, "slice", shown, classes)
    balanced = class_folds.split(shown, classes=classes, folds=folds, seed=seed, master_seed=master_seed)
    fold = dict(zip(balanced["patient"], balanced["fold"], strict=True))
    healthy = sorted(set(main["patient"]) - set(fold))
    order = seeding.stream(master_seed, "folds", seed, "without lesion").permutation(len(healthy))
    fold |= {healthy[place]: number % folds for number, place in enumerate(order)}
    return main[["slice", "patient"]].assign(fold=main["patient"].map(fold))
