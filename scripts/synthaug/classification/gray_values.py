"""Changes of the gray values of augmented ROIs: gain, gamma and noise, within the range that the networks see."""

import numpy as np
import pandas as pd

COLUMNS = ["gain", "gamma", "noise"]


def changed(images: np.ndarray, changes: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    """Return gain * images ** gamma + noise * n, n from the standard normal distribution, limited to 0-1.

    Parameters
    ----------
    images
        float32 (n, rows, columns) from 0 (black) to 1 (white).
    changes
        `COLUMNS`, one row an image; ``noise`` is a standard deviation on the same scale. An image whose row is NaN
        stays as it is.
    random
        The noise of one image is drawn after that of the one before.

    Returns
    -------
    float32 (n, rows, columns).
    """
    rows = np.flatnonzero(changes["gain"].notna())
    if not len(rows):
        return images
    gain, gamma, noise = (changes[name].to_numpy(np.float32)[rows, None, None] for name in COLUMNS)
    grains = random.standard_normal((len(rows), *images.shape[1:]), dtype=np.float32)
    result = images.copy()
    result[rows] = np.clip(gain * images[rows] ** gamma + noise * grains, 0, 1)
    return result
