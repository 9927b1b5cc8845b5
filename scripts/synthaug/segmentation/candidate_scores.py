"""How good the images of candidate generators are: the criteria of LcGAN (section 3.2), from training slices alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import fft

from synthaug.quality import realism

FCN_SCORE, REAL_SHARE, SHARPNESS, SPECTRUM = "fcn_score", "real_share", "sharpness", "spectrum"
CRITERIA = (FCN_SCORE, REAL_SHARE, SHARPNESS, SPECTRUM)  # of each, more is better (section 4.2)


@dataclass(frozen=True)
class Candidates:
    """The images of all candidates of one training: of each one image per mask, from the same noise.

    Attributes
    ----------
    images : dict
        By the epochs of the training so far, uint8 (n, side, side).
    labels
        The masks, uint8 (n, side, side).
    index
        One row per mask: ``sample``, ``slice`` (whose mask it is) and ``copy`` (0 for the mask itself, else which moved
        copy of it).
    """

    images: dict[int, np.ndarray]
    labels: np.ndarray
    index: pd.DataFrame


def dice(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Return each slice's Dice coefficient (equation 2), averaged over the classes that the slice has.

    Parameters
    ----------
    truth, predicted
        uint8 (n, side, side): 0 for the ground, 1 to ``classes``.

    Returns
    -------
    numpy.ndarray
        float64 (n,), NaN for a slice that has none of the classes.
    """
    total, present = np.zeros(len(truth)), np.zeros(len(truth))
    for cls in range(1, classes + 1):
        true, found = truth == cls, predicted == cls
        areas = [np.count_nonzero(each, axis=(1, 2)) for each in (true & found, true, found)]
        total += np.where(areas[1] > 0, 2 * areas[0] / np.maximum(areas[1] + areas[2], 1), 0)
        present += areas[1] > 0
    return np.where(present > 0, total / np.maximum(present, 1), np.nan)


def mean_spectrum(images: np.ndarray) -> np.ndarray:
    """Return the mean magnitude of the unitary Fourier transform of images (n, side, side) scaled to 0-1: float64 (n,).

    The second measure of blur in section 3.2.2: the lower, the more blurred. White noise of standard deviation s has
    s * sqrt(pi) / 2.
    """
    return np.array([np.abs(fft.fft2(image / 255, norm="ortho")).mean() for image in images])


def of_images(
    images: np.ndarray, labels: np.ndarray, classes: int, predict: Callable[[np.ndarray], np.ndarray]
) -> dict[str, float]:
    """Return the criteria that need no other images: means over ``images``.

    Parameters
    ----------
    images
        uint8 (n, side, side).
    labels
        What they should show, uint8 (n, side, side), a class in each.
    predict
        Returns the segmenter's label maps of images.

    Returns
    -------
    dict
        `FCN_SCORE`: the Dice coefficient of what the segmenter finds and ``labels``, 0 to 1. `SHARPNESS`: the variance
        of the Laplacian of gray levels, 0 to 255. `SPECTRUM`: see `mean_spectrum`.
    """
    return {
        FCN_SCORE: float(dice(labels, predict(images), classes).mean()),
        SHARPNESS: float(realism.sharpness(images).mean()),
        SPECTRUM: float(mean_spectrum(images).mean()),
    }


def table(
    candidates: Candidates,
    real: Sequence[np.ndarray],
    threshold: float,
    classes: int,
    predict: Callable[[np.ndarray], np.ndarray],
) -> pd.DataFrame:
    """Return the `CRITERIA` of each candidate, one row each by ``epochs``, which come first.

    Parameters
    ----------
    real
        Of each candidate, in the order of its epochs, the probability of each image to be real, float (n,).
    threshold
        The probability from which an image counts as taken for real, for `REAL_SHARE`.
    classes, predict
        As of `of_images`.
    """
    rows = [
        {"epochs": epochs, REAL_SHARE: float((found >= threshold).mean())}
        | of_images(images, candidates.labels, classes, predict)
        for (epochs, images), found in zip(candidates.images.items(), real, strict=True)
    ]
    return pd.DataFrame(rows)[["epochs", *CRITERIA]]
