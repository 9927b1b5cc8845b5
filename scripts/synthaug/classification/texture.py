"""Texture features for support vector machines: co-occurrence of grey levels, Gabor filters (paper section 4.5)."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import signal, special
from skimage.feature import graycomatrix, graycoprops
from skimage.filters import gabor_kernel
from sklearn.model_selection import GridSearchCV

from synthaug.classification import svm

GLCM, GABOR = "glcm", "gabor"
# Haralick's features 1-5 and 9 in the names of scikit-image.
SHARED = ("ASM", "contrast", "correlation", "variance", "homogeneity", "entropy")


@dataclass(frozen=True, kw_only=True)
class Params:
    """The texture features of the config."""

    master_seed: int
    threads: int
    """CPU threads. They are part of the result, because sums that are split differently round differently."""
    classes: list[str]
    levels: int
    """Grey levels of the co-occurrence matrices."""
    distances: list[int]
    """Distances of the co-occurring pixels in px, along rows, columns and diagonals."""
    frequencies: list[float]
    """Centre frequencies of the Gabor filters in cycles per px, one per scale."""
    orientations: int
    """Orientations of the Gabor filters, evenly spread over half a turn."""
    svm: dict
    """``c`` and ``gamma``: first, last and step of the binary logarithm; ``inner_folds``."""


@dataclass(frozen=True)
class Model:
    """A support vector machine on one kind of texture features."""

    machine: GridSearchCV
    arm: str
    params: Params

    def decide(self, images: np.ndarray) -> np.ndarray:
        """Return the decision values of uint8 ``images`` (n, 64, 64): float (n, classes)."""
        return svm.decisions(self.machine, features(images, self.arm, self.params))

    def chosen(self) -> dict[str, float]:
        """Return C, gamma and inner score."""
        return svm.chosen(self.machine)


def fit(
    images: np.ndarray, labels: np.ndarray, patients: np.ndarray, arm: str, params: Params, names: tuple[str | int, ...]
) -> Model:
    """Fit the machine to the features of ``images``; arguments as in `bovw.fit`, ``arm`` is `GLCM` or `GABOR`."""
    inner = svm.inner_folds(labels, patients, params.svm["inner_folds"], params.master_seed, names)
    return Model(svm.search([], features(images, arm, params), labels, inner, params.svm), arm, params)


def features(images: np.ndarray, arm: str, params: Params) -> np.ndarray:
    """Return the features of `GLCM` or `GABOR` of uint8 ``images`` (n, 64, 64): float64 (n, features)."""
    if arm == GLCM:
        return np.stack([glcm(image, params.levels, params.distances) for image in images])
    return gabor(images, params.frequencies, params.orientations)


def glcm(image: np.ndarray, levels: int, distances: list[int]) -> np.ndarray:
    """Return Haralick's 13 features of the co-occurrence matrices: their mean and range over four directions.

    The window of intensities that the ROI shows is divided into ``levels`` of equal width; pairs count in both orders.

    Parameters
    ----------
    image
        uint8 (height, width).

    Returns
    -------
    numpy.ndarray
        float64 (26 * distances,): for each distance 13 means and then 13 ranges, in Haralick's order.
    """
    coarse = (image.astype(int) * levels // 256).astype(np.uint8)
    parts = []
    for distance in distances:
        # Haralick's diagonal neighbours at distance d are d rows and d columns away; the library rounds d * cos(angle).
        straight = graycomatrix(coarse, [distance], [0, math.pi / 2], levels, symmetric=True, normed=True)
        diagonal = [math.pi / 4, 3 * math.pi / 4]
        diagonal = graycomatrix(coarse, [distance * math.sqrt(2)], diagonal, levels, symmetric=True, normed=True)
        found = haralick(np.concatenate([straight, diagonal], axis=3)[:, :, 0])
        parts += [found.mean(axis=1), np.ptp(found, axis=1)]
    return np.concatenate(parts)


def haralick(matrices: np.ndarray) -> np.ndarray:
    """Return the first 13 features of Haralick et al. 1973 of symmetric co-occurrence matrices.

    In their order: angular second moment, contrast, correlation, variance, inverse difference moment, sum average, sum
    variance (about the sum average; their print has the sum entropy there), sum entropy, entropy, difference variance,
    difference entropy, two information measures of correlation. Levels count from 0, logarithms are natural. In a
    matrix of one level, correlation is 1 and the information measures are 0.

    Parameters
    ----------
    matrices
        float (levels, levels, n), each with sum 1.

    Returns
    -------
    numpy.ndarray
        float64 (13, n).
    """
    levels = len(matrices)
    moment, contrast, correlation, variance, homogeneity, entropy = (
        graycoprops(matrices[:, :, None], name)[0] for name in SHARED
    )
    i, j = np.indices((levels, levels))
    sums, differences = np.zeros((2 * levels - 1, matrices.shape[2])), np.zeros((levels, matrices.shape[2]))
    np.add.at(sums, i + j, matrices)
    np.add.at(differences, abs(i - j), matrices)
    sum_average, sum_variance = _moments(sums)
    of_level = special.entr(matrices.sum(axis=1)).sum(axis=0)
    # Both of Haralick's HXY1 and HXY2 are twice the entropy of a level where rows and columns have one distribution.
    shared = np.maximum(2 * of_level - entropy, 0)
    return np.stack(
        [
            moment, contrast, correlation, variance, homogeneity,
            sum_average, sum_variance, special.entr(sums).sum(axis=0), entropy,
            _moments(differences)[1], special.entr(differences).sum(axis=0),
            -shared / np.where(of_level > 0, of_level, 1), np.sqrt(1 - np.exp(-2 * shared)),
        ]
    )  # fmt: skip


def gabor(images: np.ndarray, frequencies: list[float], orientations: int) -> np.ndarray:
    """Return four features of the magnitude of each Gabor filter's response: mean, deviation, energy and entropy.

    Filters have a bandwidth of one octave, images are mirrored at their borders. Energy is the mean square, entropy
    that of the magnitude's distribution over the pixels, in nats.

    Parameters
    ----------
    images
        uint8 (n, height, width).

    Returns
    -------
    numpy.ndarray
        float64 (n, 4 * frequencies * orientations).
    """
    parts = []
    for frequency in frequencies:
        for orientation in range(orientations):
            kernel = gabor_kernel(frequency, theta=math.pi * orientation / orientations, bandwidth=1)
            border = [(0, 0), *((side // 2, side // 2) for side in kernel.shape)]
            framed = np.pad(images / 255, border, mode="symmetric")
            response = np.abs(signal.fftconvolve(framed, kernel[None], mode="valid", axes=(1, 2)))
            parts += magnitude_features(response.reshape(len(images), -1))
    return np.stack(parts, axis=1)


def magnitude_features(magnitude: np.ndarray) -> list[np.ndarray]:
    """Return mean, standard deviation, energy and entropy of each row of ``magnitude``, float (n, pixels).

    A row of zeros has the entropy log(pixels), like any other constant row.
    """
    total = magnitude.sum(axis=1, keepdims=True)
    pixels = magnitude.shape[1]
    share = np.where(total > 0, magnitude / np.where(total > 0, total, 1), 1 / pixels)
    energy = (magnitude**2).mean(axis=1)
    return [magnitude.mean(axis=1), magnitude.std(axis=1), energy, special.entr(share).sum(axis=1)]


def _moments(histogram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the row number of distributions, float (values, n)."""
    values = np.arange(len(histogram))[:, None]
    mean = (values * histogram).sum(axis=0)
    return mean, ((values - mean) ** 2 * histogram).sum(axis=0)
