"""Patient-level folds of slices that are balanced over their boxes."""

from collections.abc import Sequence

import pandas as pd

from synthaug import seeding
from synthaug.cohort import folds as class_folds
from synthaug.detection import columns


def split(slices: pd.DataFrame, *, classes: Sequence[str], folds: int, seed: int, master_seed: int) -> pd.DataFrame:
    """Assign every main slice to a fold; all slices of a patient share one.

    Each fold has about as many boxes of each class, see `cohort.folds.split`. Patients without any box are drawn one
    after the other into the fold that has the fewest of them.

    Parameters
    ----------
    slices
        ``slices.csv``.
    classes
        All classes of the experiment.

    Returns
    -------
    DataFrame with ``slice``, ``patient``, ``fold`` (0 ... folds - 1), sorted by slice.

    Raises
    ------
    InputError
        If fewer patients than folds have a box of a class, or no split has every class in every fold.
    """
    counts = slices.set_index(["slice", "patient", "set"])[[columns.boxes(cls) for cls in classes]]
    counts = counts.set_axis(list(classes), axis="columns").rename_axis("class", axis="columns").stack()
    boxes = counts.index.repeat(counts).to_frame(index=False)
    number = boxes.groupby(["slice", "class"]).cumcount().astype(str)
    boxes = boxes.assign(lesion=boxes["slice"] + "/" + boxes["class"] + "/" + number)
    balanced = class_folds.split(boxes, classes=classes, folds=folds, seed=seed, master_seed=master_seed)
    fold = dict(zip(balanced["patient"], balanced["fold"], strict=True))
    main = slices[slices["set"] == "main"].sort_values("slice", ignore_index=True)
    healthy = sorted(set(main["patient"]) - set(fold))
    order = seeding.stream(master_seed, "folds", seed, "without lesion").permutation(len(healthy))
    fold |= {healthy[place]: number % folds for number, place in enumerate(order)}
    return main[["slice", "patient"]].assign(fold=main["patient"].map(fold))
