"""Patient-level folds of slices: each class is shown by about as many patients in every fold."""

from collections.abc import Sequence

import pandas as pd

from synthaug.cohort import slice_folds
from synthaug.segmentation import columns


def split(slices: pd.DataFrame, *, classes: Sequence[str], **how: object) -> pd.DataFrame:
    """Assign every main slice of ``slices.csv`` to a fold, as `cohort.slice_folds.split` does, which takes ``how``.

    A patient counts once for each class that one of his slices shows.
    """
    shown = slices.groupby(["patient", "set"])[[columns.area(cls) for cls in classes]].any()
    shown = shown.set_axis(list(classes), axis="columns").rename_axis("class", axis="columns").stack()
    pairs = shown[shown].index.to_frame(index=False)
    pairs = pairs.assign(lesion=pairs["patient"] + "/" + pairs["class"])
    return slice_folds.split(slices, pairs, classes=classes, **how)
