"""How like real images synthetic ones are, always beside how like each other two sets of real images are.

Synthetic images imitate the generator's training images, so they are compared with these. The reference is the same
measure between the training images and images of the test folds: equally many, with the same classic augmentations, of
other patients. That two groups of patients differ, which no generator could change, is part of the reference too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from synthaug.evaluation import resampling
from synthaug.evaluation.roc import auc

PIXELS = "pixels"  # the features of measures that need none
KID, KID_TEST, SCORE, SHARPNESS, SPECTRUM = "KID", "KID to test", "AUC", "sharpness", "spectrum"
PRDC = ("precision", "recall", "density", "coverage")
SUBSETS = 100  # of KID
RESAMPLES = 500  # bootstrap resamples of the other measures
SPLITS = 5  # of the cross-validation that tells real from synthetic
COLUMNS = [
    *("class", "features", "measure", "value", "low", "high"),
    *("reference", "reference_low", "reference_high", "n_synthetic", "n_real"),
]
Streams = Callable[..., np.random.Generator]  # names to a random stream


class Estimate(NamedTuple):
    """A value and its interval; all are NaN where there are too few images."""

    value: float
    low: float
    high: float


UNDEFINED = Estimate(np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Images:
    """Images of one origin.

    Attributes
    ----------
    pixels : (n, side, side) uint8 array
    units : (n,) str array
        What varies independently and is resampled: the patient of a real image, for a synthetic one the image itself.
    features : dict of (n, d) arrays
        By the name of the feature space.
    """

    pixels: np.ndarray
    units: np.ndarray
    features: dict[str, np.ndarray]


def kid(
    a: np.ndarray,
    b: np.ndarray,
    units_a: np.ndarray,
    units_b: np.ndarray,
    confidence: float,
    random: np.random.Generator,
) -> Estimate:
    """Return the kernel inception distance (Binkowski et al. 2018): about 0 for two sets of one distribution.

    The unbiased squared maximum mean discrepancy of the kernel (x.y / d + 1)^3, as the mean over `SUBSETS` subsets.
    Each takes half of the units of both sets, and at most half as many images as the smaller set has: the spread of a
    statistic over halves of a sample is its standard error for the whole. The interval consists of percentiles of the
    subsets. The distance can be below 0.

    Parameters
    ----------
    a, b
        Features, float (n, d) and (m, d).
    units_a, units_b
        str (n,) and (m,): what varies independently, see `Images`.
    confidence
        Of the interval, e.g. 0.95.
    """
    most = min(len(a), len(b)) // 2
    if most < 2 or min(len(np.unique(units_a)), len(np.unique(units_b))) < 2:
        return UNDEFINED
    within_a, within_b, between = _kernel(a, a), _kernel(b, b), _kernel(a, b)
    values = []
    for _ in range(SUBSETS):
        i, j = _subset(units_a, most, random), _subset(units_b, most, random)
        if min(len(i), len(j)) > 1:
            inside = _mean_of_pairs(within_a[np.ix_(i, i)]) + _mean_of_pairs(within_b[np.ix_(j, j)])
            values.append(inside - 2 * between[np.ix_(i, j)].mean())
    if not values:
        return UNDEFINED
    return Estimate(float(np.mean(values)), *resampling.interval(np.array(values), confidence))


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a.astype(float) @ b.T.astype(float) / a.shape[1] + 1) ** 3


def _mean_of_pairs(kernel: np.ndarray) -> float:
    count = len(kernel)
    return (kernel.sum() - np.trace(kernel)) / (count * (count - 1))


def _subset(units: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    names = np.unique(units)
    half = random.permutation(names)[: len(names) // 2]
    return random.permutation(np.flatnonzero(np.isin(units, half)))[:most]


def prdc(real: np.ndarray, fake: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """Return what each image adds to precision, recall, density and coverage, which are means (Naeem et al. 2020).

    Around each image lies a ball that reaches to the ``k``-th nearest neighbour of the same set. ``precision``: the
    share of fake images that lie in a ball around a real one; ``density``: in how many, divided by ``k``; ``recall``:
    the share of real images in a ball around a fake one; ``coverage``: the share of real images whose ball holds a fake
    one.

    Parameters
    ----------
    real, fake
        Features, float (n, d) and (m, d).

    Returns
    -------
    dict of float arrays: (m,), one value per fake image, for precision and density; (n,) for recall and coverage.
    """
    between = cdist(real, fake)
    radius_real, radius_fake = (_reach(features, k) for features in (real, fake))
    in_real = between < radius_real[:, np.newaxis]
    return {
        "precision": in_real.any(axis=0).astype(float),
        "recall": (between < radius_fake).any(axis=1).astype(float),
        "density": in_real.sum(axis=0) / k,
        "coverage": (between.min(axis=1) < radius_real).astype(float),
    }


def authentic(real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """Return which fake images are no near copies of a real one, bool (m,) (Alaa et al. 2022, section 3.3).

    An image is a copy if it is nearer to its nearest real image than any other real image is.

    Parameters
    ----------
    real, fake
        Features, float (n, d) and (m, d), with n of at least 2.
    """
    between = cdist(real, fake)
    nearest = between.argmin(axis=0)
    return between[nearest, np.arange(len(fake))] > _reach(real, 1)[nearest]


def _reach(features: np.ndarray, k: int) -> np.ndarray:
    return np.partition(cdist(features, features), k, axis=1)[:, k]  # an image is its own nearest


def sharpness(images: np.ndarray) -> np.ndarray:
    """Return the variance of the Laplacian of images (n, side, side), float64 (n,): the lower, the more blurred."""
    laplacian = ndimage.laplace(images.astype(np.float32), axes=(1, 2))
    return laplacian.var(axis=(1, 2), dtype=float)


def spectra(images: np.ndarray) -> np.ndarray:
    """Return the radially averaged power spectrum of images (n, side, side), float64 (n, side / 2).

    Column f is the mean power at f to f + 1 cycles per image, so the last one ends at the Nyquist frequency. A Hann
    window suppresses the borders.
    """
    side = images.shape[1]
    window = np.hanning(side)
    centred = images - images.mean(axis=(1, 2), keepdims=True)
    power = np.abs(np.fft.fft2(centred * window[:, np.newaxis] * window)) ** 2
    frequency = np.fft.fftfreq(side) * side
    ring = np.hypot(frequency[:, np.newaxis], frequency).astype(int).ravel()
    member = ring[:, np.newaxis] == np.arange(side // 2)
    return power.reshape(len(images), -1) @ (member / member.sum(axis=0))


def spectrum_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the mean absolute log10 ratio of two power spectra (..., side / 2) above half the Nyquist frequency.

    0.3 means a factor of 2. Spectra are those of `spectra`, averaged over images.
    """
    fine = slice(a.shape[-1] // 2, None)
    floor = 1e-6  # far below one gray level; an image may be constant
    return np.abs(np.log10((a[..., fine] + floor) / (b[..., fine] + floor))).mean(axis=-1)


def real_synthetic_score(
    real: np.ndarray,
    fake: np.ndarray,
    units_real: np.ndarray,
    units_fake: np.ndarray,
    confidence: float,
    streams: Streams,
) -> Estimate:
    """Return how well a logistic regression tells two sets of features apart: the cross-validated AUC.

    No unit (patient, or synthetic image) is in training and test at once. Only images of the same split are compared,
    so 0.5 means that they cannot be told apart. The interval is a bootstrap of the scores over units; no model is
    refitted.

    Parameters
    ----------
    real, fake
        Features, float (n, d) and (m, d).
    units_real, units_fake
        str (n,) and (m,): what varies independently, see `Images`.
    confidence
        Of the interval, e.g. 0.95.
    """
    units = [units_real, units_fake]
    splits = min(SPLITS, *(len(np.unique(names)) for names in units))
    if splits < 2:
        return UNDEFINED
    split = np.concatenate([_splits(names, splits, streams("split", i)) for i, names in enumerate(units)])
    features = np.concatenate([real, fake])
    is_fake = np.repeat([False, True], [len(real), len(fake)])
    scores = np.empty(len(features))
    for number in range(splits):
        held_out = split == number
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        model.fit(features[~held_out], is_fake[~held_out])
        scores[held_out] = model.decision_function(features[held_out])
    drawn = [resampling.patient_weights(names, RESAMPLES, streams("bootstrap", i)) for i, names in enumerate(units)]
    areas = auc(is_fake, scores, split, np.hstack(drawn).astype(float))
    return _summary(areas, confidence)


def _splits(units: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    names, place = np.unique(units, return_inverse=True)
    return (random.permutation(len(names)) % number)[place]


def compare(real: Images, other: Images, k: int, confidence: float, streams: Streams) -> dict[tuple, Estimate]:
    """Return every measure of ``other`` images against ``real`` ones, by (features, measure).

    Parameters
    ----------
    k
        Neighbours of `prdc`.
    confidence
        Of the intervals, e.g. 0.95.
    streams
        Returns the random stream of the names of a decision.
    """
    result = {}
    for space in real.features:
        a, b = real.features[space], other.features[space]
        result[space, KID] = kid(a, b, real.units, other.units, confidence, streams(space, KID))
        if min(len(a), len(b)) > k:
            for measure, values in prdc(a, b, k).items():
                images = other if measure in ("precision", "density") else real
                drawn = resampling.patient_weights(images.units, RESAMPLES, streams(space, measure))
                result[space, measure] = _summary(drawn @ values / drawn.sum(axis=1), confidence)
        else:
            result |= {(space, measure): UNDEFINED for measure in PRDC}
        result[space, SCORE] = real_synthetic_score(
            a, b, real.units, other.units, confidence, lambda *names, space=space: streams(space, SCORE, *names)
        )
    drawn = [
        resampling.patient_weights(images.units, RESAMPLES, streams(PIXELS, i))
        for i, images in enumerate((real, other))
    ]
    shares = [weights / weights.sum(axis=1, keepdims=True) for weights in drawn]
    logs = [np.log(np.maximum(sharpness(images.pixels), 1e-3)) for images in (real, other)]
    ratio = np.exp(shares[1] @ logs[1] - shares[0] @ logs[0])
    result[PIXELS, SHARPNESS] = _summary(ratio, confidence)
    powers = [share @ spectra(images.pixels) for share, images in zip(shares, (real, other), strict=True)]
    result[PIXELS, SPECTRUM] = _summary(spectrum_distance(*powers), confidence)
    return result


def assess(
    cls: str, train: Images, synthetic: Images, test: Images, k: int, confidence: float, streams: Streams
) -> pd.DataFrame:
    """Return every measure of one class with its reference, one per row, with `COLUMNS`.

    ``KID to test`` compares the synthetic images with the test images; its reference is that of KID. The other
    arguments are those of `compare`.
    """

    def part(name: str) -> Streams:
        return lambda *names: streams(name, *names)

    values = compare(train, synthetic, k, confidence, part("synthetic"))
    references = compare(train, test, k, confidence, part("reference"))
    for space in train.features:
        a, b = test.features[space], synthetic.features[space]
        values[space, KID_TEST] = kid(a, b, test.units, synthetic.units, confidence, streams("to test", space))
        references[space, KID_TEST] = references[space, KID]
    counts = len(synthetic.pixels), len(train.pixels)
    rows = [(cls, *key, *values[key], *references[key], *counts) for key in values]
    return pd.DataFrame(rows, columns=COLUMNS)


def averages(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Average rows of `assess` that agree in ``by``; the counts are summed.

    The ends of the intervals are averaged too, as if all values erred together: too wide rather than too narrow.
    """
    counts = ["n_synthetic", "n_real"]
    numbers = [name for name in COLUMNS[3:] if name not in counts]
    how = dict.fromkeys(numbers, "mean") | dict.fromkeys(counts, "sum")
    return table.groupby(by, sort=False, as_index=False).agg(how)


def _summary(values: np.ndarray, confidence: float) -> Estimate:
    """Return the estimate of (1 + resamples,) values, the first being that of the images themselves."""
    return Estimate(float(values[0]), *resampling.interval(values[1:], confidence))
