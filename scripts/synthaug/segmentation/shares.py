"""Shares of the training patients: small studies inside a large one, each inside the next larger."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.cohort import given_split
from synthaug.errors import InputError
from synthaug.segmentation import columns

EVERYBODY = 1000  # shares are per mille


def share_patients(patients: Sequence[str], share: str, stream: np.random.Generator) -> list[str]:
    """Return the patients of a share: at least one, and those of every smaller share drawn from an equal stream.

    Parameters
    ----------
    patients
        Ids; their order and repetitions do not matter.
    share
        Per mille of the patients, from "1" to "1000"; the number is rounded, halves up.
    stream
        Draws the order of all patients, whose first ones are taken.
    """
    order = stream.permutation(sorted(set(patients)))
    count = max(1, (int(share) * len(order) + EVERYBODY // 2) // EVERYBODY)
    return sorted(order[:count].tolist())


def training_slices(
    slices: pd.DataFrame,
    folds: pd.DataFrame,
    trained: str,
    share: str,
    *,
    classes: Sequence[str],
    seed: int,
    master_seed: int,
) -> pd.DataFrame:
    """Return all slices of the patients of a share of the training folds.

    Parameters
    ----------
    slices
        ``slices.csv``.
    folds
        ``folds.csv`` of the seed; patients of a validation given there are left out.
    trained
        The training folds, such as "12".
    share
        Per mille of their patients, see `share_patients`; one order of the patients for each seed and training folds.
    classes
        All classes of the experiment.

    Returns
    -------
    Rows of ``slices``, in their order and with their index, so that they also say where the images are.

    Raises
    ------
    InputError
        If a class is on none of the slices.
    """
    patients = given_split.learned_from(folds, trained)["patient"]
    chosen = share_patients(patients, share, seeding.stream(master_seed, "share", seed, trained))
    rows = slices[slices["slice"].isin(folds["slice"]) & slices["patient"].isin(chosen)]
    lacking = [cls for cls in classes if not rows[columns.area(cls)].any()]
    if lacking:
        everybody = "1 patient" if len(chosen) == 1 else f"{len(chosen)} patients"
        raise InputError(
            f"share {share}, seed {seed}, training folds {trained}: expected a slice of each class, found none of "
            f"{' and '.join(lacking)} in {everybody}; raise the share or merge classes"
        )
    return rows
