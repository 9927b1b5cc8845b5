"""What images are compared by: the last hidden layer of one of this workflow's classifiers, or a radiomic vector.

The classifier was trained on real images of the same folds only, the radiomic vector is not trained at all, and neither
needs weights from outside.
"""

import numpy as np
from scipy import stats
from skimage.feature import graycomatrix, graycoprops

CNN, RADIOMIC = "cnn", "radiomic"
PERCENTILES = (10, 50, 90)
MOST = 5.0  # standard deviations
LEVELS = 16  # gray levels of a co-occurrence matrix
DISTANCES_PX = (1, 3)
ANGLES = (0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
TEXTURES = ("contrast", "homogeneity", "ASM", "correlation", "entropy")
RADIOMIC_NAMES = (
    *("mean", "sd", "skewness", "kurtosis", "entropy"),
    *(f"percentile {p}" for p in PERCENTILES),
    *(f"{texture} {d} px" for texture in TEXTURES for d in DISTANCES_PX),
)


def unit_scale(features: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Divide features (n, d) by one number, so that the mean square of ``reference`` (m, d) becomes 1.

    Classifiers differ in the size of their activations. This makes their distances comparable and leaves the shape of
    the space as it is.
    """
    return features / max(float(np.sqrt(np.mean(np.square(reference, dtype=float)))), 1e-12)


def standardise(features: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return z-scores of features (n, d) by the mean and standard deviation of ``reference`` (m, d).

    A feature that is constant in the reference is only centred. Scores are clipped at +-`MOST`; otherwise distances
    would show nothing but a single texture that is thousands of standard deviations off.
    """
    spread = reference.std(axis=0)
    scores = (features - reference.mean(axis=0)) / np.where(spread > 1e-9, spread, 1)
    return np.clip(scores, -MOST, MOST)


def radiomic(images: np.ndarray) -> np.ndarray:
    """Describe each image by `RADIOMIC_NAMES`: first-order statistics and Haralick's textures (Haralick et al. 1973).

    The textures are means over four directions, so a flip or a rotation by 90 degrees changes nothing.

    Parameters
    ----------
    images
        uint8 (n, side, side).

    Returns
    -------
    float64 (n, len(RADIOMIC_NAMES))
    """
    return np.array([_radiomic(image) for image in images]).reshape(len(images), len(RADIOMIC_NAMES))


def _radiomic(image: np.ndarray) -> list[float]:
    values = image.ravel().astype(float)
    # Both are undefined for a constant image.
    shape = [stats.skew(values), stats.kurtosis(values)] if np.ptp(values) else [0.0, 0.0]
    levels = image // (256 // LEVELS)
    entropy = stats.entropy(np.bincount(levels.ravel(), minlength=LEVELS), base=2)
    matrix = graycomatrix(levels, DISTANCES_PX, ANGLES, levels=LEVELS, symmetric=True, normed=True)
    textures = [graycoprops(matrix, texture).mean(axis=1) for texture in TEXTURES]
    return [
        values.mean(),
        values.std(),
        *shape,
        entropy,
        *np.percentile(values, PERCENTILES),
        *np.concatenate(textures),
    ]
