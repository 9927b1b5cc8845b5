"""Patient-level folds of slices: each class has about as many boxes in every fold."""

from collections.abc import Sequence

import pandas as pd

from synthaug.cohort import slice_folds
from synthaug.detection import columns


def split(slices: pd.DataFrame, *, classes: Sequence[str], **how: object) -> pd.DataFrame:
    """Assign every main slice of ``slices.csv`` to a fold, as `cohort.slice_folds.split` does, which takes ``how``.

    A patient counts for each of his boxes.
    """
    counts = slices.set_index(["slice", "patient", "set"])[[columns.boxes(cls) for cls in classes]]
    counts = counts.set_axis(list(classes), axis="columns").rename_axis("class", axis="columns").stack()
    boxes = counts.index.repeat(counts).to_frame(index=False)
    number = boxes.groupby(["slice", "class"]).cumcount().astype(str)
    boxes = boxes.assign(lesion=boxes["slice"] + "/" + boxes["class"] + "/" + number)
    return slice_folds.split(slices, boxes, classes=classes, **how)
