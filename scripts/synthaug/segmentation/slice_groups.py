"""Subgroups of slices: by the area of what is on them, and by the free columns of the case table."""

import numpy as np
import pandas as pd

from synthaug.segmentation import columns
from synthaug.segmentation.measures import Segmentation

AREA = "lesion area"
CUT = ("slice", "patient", "set", "volume", "index", "pixel_mm", "rows", "columns")  # of slices.csv; all other columns
# but the areas are free columns of the case table


def groups(slices: pd.DataFrame, measures: Segmentation) -> pd.DataFrame:
    """Return the subgroups of each slice.

    Parameters
    ----------
    slices
        ``slices.csv``, all text.
    measures
        Knows the classes.

    Returns
    -------
    DataFrame with ``slice``, `AREA` and the free columns. The area of all classes together, in pixels of the resized
    slice, is that of the smallest, middle or largest third of the slices with a lesion, or there is none.
    """
    areas = [columns.area(cls) for cls in measures.classes]
    total = slices[areas].astype(int).sum(axis=1).to_numpy()
    there = total > 0
    low, high = np.quantile(total[there], [1 / 3, 2 / 3]) if there.any() else (0, 0)
    words = [f"small (up to {low:.0f} px)", f"medium (up to {high:.0f} px)", f"large (above {high:.0f} px)"]
    level = np.select([~there, total <= low, total <= high], ["none", *words[:2]], words[2])
    free = [name for name in slices if name not in (*CUT, *areas)]
    return slices[["slice", *free]].assign(**{AREA: level})
