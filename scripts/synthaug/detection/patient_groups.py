"""Subgroups of slices: by how many boxes their patient has, and by the free columns of the case table.

Groups are of patients, not of slices with and without boxes: false positives on a patient's slices without any count.
"""

import numpy as np
import pandas as pd

from synthaug.detection import columns
from synthaug.detection.measures import Detection

BOXES = "boxes of the patient"
CUT = (
    "slice", "patient", "set", "volume", "index", "pixel_mm", "rows", "columns", "left", "top", "scale_x", "scale_y",
    "kept_px", "boxes",
)  # of slices.csv; all columns but these and those of classes are free columns of the case table  # fmt: skip


def groups(slices: pd.DataFrame, measures: Detection) -> pd.DataFrame:
    """Return the subgroups of each slice.

    Parameters
    ----------
    slices
        ``slices.csv``, all text.
    measures
        Knows the classes; boxes of all of them count together, but those to be ignored are not in ``slices``.

    Returns
    -------
    DataFrame with ``slice``, the free columns and `BOXES`: whether the patient is among the third with the fewest
    boxes, the middle one or that with the most, of the patients with any.
    """
    total = slices["boxes"].astype(int).groupby(slices["patient"]).sum()
    some = total[total > 0]
    low, high = np.quantile(some, [1 / 3, 2 / 3], method="inverted_cdf") if len(some) else (0, 0)
    # In the order of the alphabet, since levels are shown so.
    words = [f"few (up to {low:.0f})", f"many (up to {high:.0f})", f"most (above {high:.0f})"]
    level = pd.Series(np.select([total == 0, total <= low, total <= high], ["none", *words[:2]], words[2]), total.index)
    cut = (*CUT, *map(columns.boxes, measures.classes))
    free = [name for name in slices if name not in cut]
    return slices[["slice", *free]].assign(**{BOXES: slices["patient"].map(level)})
