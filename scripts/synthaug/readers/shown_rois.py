"""The ROIs of real lesions that readers may be shown."""

import numpy as np
import pandas as pd

from synthaug.classification import rois
from synthaug.imaging import pixel_shapes
from synthaug.readers.pack import RealImages


def real(cases: pd.DataFrame, images: np.ndarray, margin: float) -> RealImages:
    """Return the un-augmented ROIs that lie within their image, with their widths in mm.

    Parameters
    ----------
    cases
        The checked cases, ``cases.csv``.
    images
        The un-augmented ROI of each case, uint8 (n, 64, 64).
    margin
        Of the ROI, as a fraction of the diameter.
    """
    shown = shown_whole(cases, margin)
    lost = cases["class"].value_counts() - shown["class"].value_counts().reindex(cases["class"].unique(), fill_value=0)
    why = "whose ROI reaches beyond the image are left out"
    return RealImages(shown, images, {cls: f" ({number} {why})" if number else "" for cls, number in lost.items()})


def shown_whole(cases: pd.DataFrame, margin: float) -> pd.DataFrame:
    """Return the cases whose un-augmented ROI lies within the image, with its width in mm (`NaN` without spacing).

    Beyond the border the edge repeats. That is seen at once, and most synthetic ROIs never show it, so such ROIs would
    give themselves away. ``place`` is the row of each case in ``cases``.
    """
    side = rois.side_px(cases["diameter_px"], margin)
    inside = pd.Series(True, index=cases.index)
    aspect = cases.apply(lambda row: pixel_shapes.aspect(row["spacing_y_mm"], row["spacing_x_mm"]), axis=1)
    for centre, length, across in (("center_x_px", "columns", side), ("center_y_px", "rows", side / aspect)):
        inside &= (cases[centre] - across / 2 >= -0.5) & (cases[centre] + across / 2 <= cases[length] - 0.5)
    return cases.assign(width_mm=side * cases["spacing_x_mm"], place=np.arange(len(cases)))[inside]
