"""Search for images of different patients that show the same scan: a leak between training and test sets."""

import numpy as np
import pandas as pd
from scipy import ndimage
from skimage import transform

from synthaug.imaging import intensity

SIDE = 32  # px, side of a thumbnail: coarse enough to survive resizing and compression
DETAIL = 2.0  # px of a thumbnail: structures larger than this, the body's outline above all, are filtered out
COLUMNS = ["lesion_a", "patient_a", "lesion_b", "patient_b", "correlation"]


def thumbnail(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """Reduce a key slice to what its copies have in common, whatever their size, compression, brightness and contrast.

    Parameters
    ----------
    image
        The whole key slice, float (y, x).
    low, high
        The values that become black and white, see `imaging.intensity`.

    Returns
    -------
    float64 (1024,) of mean 0 and length 1, so that the product of two is their correlation; all 0 for a constant image.
    """
    small = transform.resize_local_mean(intensity.unit(image, low, high).astype(float), (SIDE, SIDE))
    small -= ndimage.gaussian_filter(small, DETAIL)
    small -= small.mean()
    length = np.linalg.norm(small)
    return (small / length if length > 1e-6 else np.zeros_like(small)).ravel()


def pairs(cases: pd.DataFrame, thumbnails: np.ndarray, threshold: float) -> pd.DataFrame:
    """Return the pairs of key slices of different patients that correlate by ``threshold`` or more.

    Parameters
    ----------
    cases
        Columns ``lesion``, ``patient``, ``image``, ``slice``. A slice with several lesions goes by the first.
    thumbnails
        The `thumbnail` of each, float64 (n, 1024).

    Returns
    -------
    DataFrame with `COLUMNS`, most similar first.
    """
    first = ~cases.duplicated(["image", "slice"]).to_numpy()
    cases, thumbnails = cases[first].reset_index(drop=True), thumbnails[first]
    patients = cases["patient"].to_numpy()
    found = []
    for a in range(len(cases)):
        correlation = np.round(thumbnails[a + 1 :] @ thumbnails[a], 4)
        for b in np.flatnonzero((correlation >= threshold) & (patients[a + 1 :] != patients[a])):
            other = cases.loc[a + 1 + b]
            row = cases.loc[a]
            found.append((row["lesion"], row["patient"], other["lesion"], other["patient"], correlation[b]))
    table = pd.DataFrame(found, columns=COLUMNS)
    return table.sort_values(["correlation", "lesion_a", "lesion_b"], ascending=[False, True, True], ignore_index=True)
