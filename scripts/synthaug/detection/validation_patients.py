"""The patients who choose thresholds and checkpoints: some of the training patients, from whom nothing is learned."""

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.detection import slice_table
from synthaug.errors import InputError

COLUMN = "validation"  # of folds.csv: 1 for the slices of patients whom the user has chosen for it, else 0


def split(
    folds: pd.DataFrame, boxes: pd.DataFrame, share: float, *, train_folds: str, seed: int, master_seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split the slices of the training folds into those that are learned from and those of the validation patients.

    No patient is in both. Where ``folds`` has the column `COLUMN`, it decides. Else ``share`` of the patients with
    boxes, rounded, but at least one, and ``share`` of those without are drawn, such that the drawn ones have about
    their share of the boxes: the patients are ordered by their boxes and cut into as many groups as are needed, of
    each of which one is drawn. Arms, sizes and generators play no part, so all of them have the same ones.

    Parameters
    ----------
    folds
        ``folds.csv``: ``slice,patient,fold`` and perhaps `COLUMN`.
    boxes
        ``boxes.csv``, of which ``slice`` and ``ignore`` are read; boxes that are ignored do not count.
    share
        Between 0 and 1.
    train_folds
        The folds trained on, a digit each.

    Returns
    -------
    tuple
        The rows of ``folds`` that are learned from, and those that validate, in their order and with their index.

    Raises
    ------
    InputError
        If there would be no box to learn from, or none to validate with.
    """
    members = folds[folds["fold"].astype(str).isin(list(train_folds))]
    counted = slice_table.counting(boxes)["slice"].value_counts()
    number = members["slice"].map(counted).fillna(0).astype(int)
    if COLUMN in members:
        validates = members[COLUMN] == 1
        advice = f"correct the column {COLUMN} or add boxes"
    else:
        by_patient = number.groupby(members["patient"]).sum().sort_index()
        random = seeding.stream(master_seed, "validation", seed, train_folds)
        with_boxes, without = (by_patient[by_patient > 0], by_patient[by_patient == 0])
        drawn = _draw(with_boxes, max(1, round(share * len(with_boxes))), random)
        drawn += _draw(without, round(share * len(without)), random)
        validates = members["patient"].isin(drawn)
        advice = "add patients with boxes"
    for side, purpose in ((~validates, "to learn from"), (validates, "of validation patients")):
        if not number[side].any():
            patients = members["patient"][number > 0].nunique()
            raise InputError(
                f"training folds {', '.join(train_folds)}: expected a box {purpose}, found none, and boxes in "
                f"{patients} patient{'s' * (patients != 1)} in all; {advice}"
            )
    return members[~validates], members[validates]


def _draw(by_patient: pd.Series, count: int, random: np.random.Generator) -> list[str]:
    """Return ``count`` patients, one from each of as many groups of patients with similar numbers of boxes."""
    shuffled = by_patient.iloc[random.permutation(len(by_patient))]
    count = min(count, len(by_patient))
    order = shuffled.sort_values(ascending=False, kind="stable").index.to_numpy()
    return [str(random.choice(group)) for group in np.array_split(order, count)] if count else []
