"""The real slices that readers may be shown: those with a lesion, as the synthetic ones have."""

import numpy as np
import pandas as pd

from synthaug.readers.pack import RealImages
from synthaug.terms.totals import ALL


def real(slices: pd.DataFrame, images: np.ndarray, with_lesion: np.ndarray) -> RealImages:
    """Return the slices that show a lesion.

    None has a width in mm. A cohort has few pixel sizes, each of many slices, so a width that is drawn for a synthetic
    slice would be unlike all of them, or tell whose slice it was made from.

    Parameters
    ----------
    slices
        ``slices.csv``: ``slice``, ``patient``, ``set`` and more.
    images
        Of each, uint8 (n, side, side).
    with_lesion
        Whether each shows a lesion, bool (n,).
    """
    table = slices.assign(**{"class": ALL}, width_mm=np.nan, place=np.arange(len(slices)))[with_lesion]
    lost = int((~with_lesion).sum())
    return RealImages(table, images, {ALL: f" ({lost} without a lesion are left out)" if lost else ""})
