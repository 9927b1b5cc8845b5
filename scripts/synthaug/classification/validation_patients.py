"""The patients who tell a network when to stop: some of its training patients, whom it does not learn from."""

import pandas as pd

from synthaug import seeding
from synthaug.errors import InputError


def choose(
    members: pd.DataFrame, share: float, *, train_folds: str, seed: int, master_seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split lesions into those that are learned from and those of the validation patients; no patient is in both.

    Of the patients of each class ``share`` validates, rounded, but at least one; of each fold as many, give or take
    one. A patient of several classes counts as one of the class that has the fewest patients. Arms and sizes play no
    part, so all of them have the same ones.

    Parameters
    ----------
    members
        The lesions of the training folds: ``lesion``, ``patient``, ``class``, ``fold``.
    train_folds
        The folds trained on, a digit each.

    Raises
    ------
    InputError
        If a class would have no patient to learn from, or none to validate with.
    """
    patients = members[["patient", "class", "fold"]].drop_duplicates().sort_values("patient")
    number = patients["class"].value_counts()
    rank = {cls: place for place, cls in enumerate(sorted(number.index, key=lambda cls: (number[cls], cls)))}
    class_of = patients.sort_values("class", key=lambda column: column.map(rank), kind="stable")
    class_of = class_of.drop_duplicates("patient")
    chosen = []
    for cls, part in class_of.groupby("class"):
        random = seeding.stream(master_seed, "validation", seed, train_folds, cls)
        shuffled = part.iloc[random.permutation(len(part))]
        turn = shuffled.groupby("fold").cumcount().to_numpy()  # the first of each fold, then the second of each
        chosen += shuffled["patient"].iloc[turn.argsort(kind="stable")].head(max(1, round(share * len(part)))).tolist()
    validates = members["patient"].isin(chosen)
    for cls in rank:
        sides = validates[members["class"] == cls]
        if sides.all() or not sides.any():
            raise InputError(
                f"class {cls}: expected two or more patients in the training folds {', '.join(train_folds)}, one to "
                f"learn from and one for early stopping, found {number[cls]}; add patients or set early_stopping: null"
            )
    return members[~validates], members[validates]
