"""Patient-level folds of slices: each class is shown by about as many patients in every fold."""

from collections.abc import Sequence

import pandas as pd

from synthaug import seeding
from synthaug.cohort import folds as class_folds
from synthaug.cohort import given_split as user_split
from synthaug.segmentation import columns


def tested(folds: pd.DataFrame, trained: str) -> pd.DataFrame:
    """Return the rows of ``folds.csv`` outside the folds ``trained``, such as "12", in their order: the test slices."""
    return folds[~folds["fold"].astype(str).isin(list(trained))].reset_index(drop=True)


def split(
    slices: pd.DataFrame, *, classes: Sequence[str], folds: int, seed: int, master_seed: int, given_split: bool = False
) -> pd.DataFrame:
    """Assign every main slice to a fold; all slices of a patient share one.

    A patient counts once for each class that one of his slices shows, see `cohort.folds.split`. Patients without any
    lesion are drawn one after the other into the fold with the fewest of them.

    Parameters
    ----------
    slices
        ``slices.csv``.
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
    shown = slices.groupby(["patient", "set"])[[columns.area(cls) for cls in classes]].any()
    shown = shown.set_axis(list(classes), axis="columns").rename_axis("class", axis="columns").stack()
    pairs = shown[shown].index.to_frame(index=False)
    if given_split:
        return user_split.folds(main, "slice", pairs, classes)
    pairs = pairs.assign(lesion=pairs["patient"] + "/" + pairs["class"])
    balanced = class_folds.split(pairs, classes=classes, folds=folds, seed=seed, master_seed=master_seed)
    fold = dict(zip(balanced["patient"], balanced["fold"], strict=True))
    healthy = sorted(set(main["patient"]) - set(fold))
    order = seeding.stream(master_seed, "folds", seed, "without lesion").permutation(len(healthy))
    fold |= {healthy[place]: number % folds for number, place in enumerate(order)}
    return main[["slice", "patient"]].assign(fold=main["patient"].map(fold))
