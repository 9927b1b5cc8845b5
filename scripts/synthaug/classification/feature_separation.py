"""How well a classifier's last hidden layer separates the classes of test lesions (Frid-Adar et al. 2018, section 4.3).

The measures are computed between features, not in their t-SNE embedding, whose distances mean little. Images of one
lesion or patient are alike whatever their class, so an image is compared with images of other patients only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from synthaug import seeding
from synthaug.classification import training_sets
from synthaug.errors import InputError
from synthaug.evaluation import resampling
from synthaug.training import device

AUGMENTATIONS = 20  # of each lesion, the first of the pool
NEIGHBOURS = 5  # lesions
REACH = 50  # nearest lesions among which they are looked for; resamples hardly ever lack more than half of them
BLOCK = 50  # resamples computed at a time; bounds the memory, changes no result
COLUMNS = ["arm", "size", "measure", "value", "low", "high"]  # of separation.csv
PURITY, SILHOUETTE = "purity", "silhouette"


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """What Fig. 9 needs of the config."""

    master_seed: int
    classes: list[str]
    bootstrap: int
    confidence: float


def test_images(rois: pd.DataFrame, pool_index: pd.DataFrame, folds: pd.DataFrame, train_folds: str) -> pd.DataFrame:
    """Return the images of the figure: the ROI of each test lesion, then its first `AUGMENTATIONS` in the pool.

    Parameters
    ----------
    rois, pool_index, folds
        The tables ``rois.csv``, ``pool/index.csv`` and ``folds.csv``.

    Returns
    -------
    DataFrame with ``source`` (roi or pool), ``lesion``, ``patient``, ``class`` and ``row``, the row in the array of
    that source, for `training_images.gather`.

    Raises
    ------
    InputError
        If there is no lesion outside the training folds.
    """
    test = training_sets.test_lesions(folds, train_folds)
    if test.empty:
        raise InputError(f'folds.csv: expected lesions outside the training folds "{train_folds}", found none')
    row_of = pd.Series(rois.index, index=rois["lesion"])
    plain = test.assign(source=training_sets.ROI, row=test["lesion"].map(row_of))
    first = pool_index[pool_index["lesion"].isin(test["lesion"]) & (pool_index["rank"] < AUGMENTATIONS)]
    augmented = first.assign(source=training_sets.POOL, row=first.index).merge(test, on="lesion")
    shown = pd.concat([plain, augmented], ignore_index=True)
    return shown[["source", "lesion", "patient", "class", "row"]]


@dataclass(frozen=True)
class Distances:
    """Distances from each of n images to each of l lesions, and what is needed to leave out an image's own patient.

    Attributes
    ----------
    nearest, total : (n, l) float arrays
        Euclidean distance to the lesion's nearest image; sum of the distances to all of its images.
    images : (l,) int array
        Number of images of each lesion.
    lesion : (n,) int array
        The lesion of each image, a position among the l.
    classes, patients : (l,) arrays
        Of each lesion.
    """

    nearest: np.ndarray
    total: np.ndarray
    images: np.ndarray
    lesion: np.ndarray
    classes: np.ndarray
    patients: np.ndarray

    def others(self) -> np.ndarray:
        """Return which lesions are of another patient than the image, bool (n, l)."""
        return self.patients[self.lesion][:, np.newaxis] != self.patients


def distances(features: np.ndarray, shown: pd.DataFrame) -> Distances:
    """Measure the distances between features, float (n, d), of the images ``shown`` (lesion, patient, class)."""
    lesions = shown.drop_duplicates("lesion").sort_values("lesion")
    members = [np.flatnonzero(shown["lesion"] == lesion) for lesion in lesions["lesion"]]
    nearest, total = np.empty((len(shown), len(lesions))), np.empty((len(shown), len(lesions)))
    for i, images in enumerate(members):
        apart = cdist(features, features[images])
        nearest[:, i], total[:, i] = apart.min(axis=1), apart.sum(axis=1)
    return Distances(
        nearest,
        total,
        images=np.array([len(images) for images in members]),
        lesion=np.searchsorted(lesions["lesion"].to_numpy(str), shown["lesion"].to_numpy(str)),
        classes=lesions["class"].to_numpy(str),
        patients=lesions["patient"].to_numpy(str),
    )


def silhouette(apart: Distances, multiplicity: np.ndarray) -> np.ndarray:
    """Return the mean silhouette (Rousseeuw 1987) of the true classes, without distances within a patient.

    The silhouette of an image is (b - a) / max(a, b), where a is its mean distance to images of its class and b that to
    images of the nearest other class. It lies between -1 and 1. Images without a or b are left out.

    Parameters
    ----------
    multiplicity : (b, l) array
        How often each lesion counts, one row per resample; the same for all lesions of a patient.

    Returns
    -------
    (b,) float array
    """
    others, counts = apart.others(), multiplicity.T.astype(float)
    own, nearest = np.full((2, len(apart.lesion), len(multiplicity)), np.inf)
    for name in np.unique(apart.classes):
        columns = apart.classes == name
        total = (apart.total * others)[:, columns] @ counts[columns]
        number = (apart.images * others)[:, columns] @ counts[columns]
        mean = np.divide(total, number, out=np.full(total.shape, np.inf), where=number > 0)
        members = columns[apart.lesion]
        own[members] = mean[members]
        nearest[~members] = np.minimum(nearest[~members], mean[~members])
    defined = np.isfinite(own) & np.isfinite(nearest) & (np.maximum(own, nearest) > 0)
    values = np.divide(nearest - own, np.maximum(own, nearest), out=np.zeros(own.shape), where=defined)
    return _mean(values, defined * counts[apart.lesion])


def purity(apart: Distances, multiplicity: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Return the share of an image's nearest lesions of other patients that have its class, as a mean over images.

    A lesion is as near as its nearest image. If images were counted, all neighbours would be augmentations of one
    lesion.

    Parameters
    ----------
    multiplicity : (b, l) array
        As for `silhouette`. A lesion that counts twice takes two of the ``neighbours`` places.

    Returns
    -------
    (b,) float array
    """
    ranked = np.argsort(np.where(apart.others(), apart.nearest, np.inf), axis=1, kind="stable")[:, :REACH]
    others = np.take_along_axis(apart.others(), ranked, axis=1)
    same = apart.classes[ranked] == apart.classes[apart.lesion][:, np.newaxis]
    result = []
    for row in range(0, len(multiplicity), BLOCK):
        counts = multiplicity[row : row + BLOCK].astype(np.int16)
        upto = np.minimum((counts[:, ranked] * others).cumsum(axis=2, dtype=np.int16), neighbours)
        taken = np.diff(upto, axis=2, prepend=0)
        found = upto[..., -1]
        share = np.divide((taken * same).sum(axis=2), found, out=np.zeros(found.shape), where=found > 0)
        result.append(_mean(share.T, ((found > 0) * counts[:, apart.lesion]).T))
    return np.concatenate(result)


def purity_by_chance(apart: Distances) -> float:
    """Return the purity of features that know nothing: the share of other patients' lesions that have the class."""
    others = apart.others()
    same = apart.classes == apart.classes[apart.lesion][:, np.newaxis]
    return float(np.mean((others & same).sum(axis=1) / others.sum(axis=1)))


def table(
    features: Mapping[str, np.ndarray], shown: pd.DataFrame, sizes: Mapping[str, str], params: Params
) -> pd.DataFrame:
    """Return ``separation.csv``: each arm's measures, and those of the further arms minus those of the first.

    Parameters
    ----------
    features
        The features of each arm, float (n, d), one row per row of ``shown``.
    sizes
        The size of each arm.

    Returns
    -------
    DataFrame with `COLUMNS`; purity is a fraction. Intervals are percentiles over resamples of patients, which draw
    both the images and their neighbours anew. The resamples are the same for every arm, so differences are paired.
    """
    rows, first = [], {}
    for arm, of_arm in features.items():
        apart = distances(of_arm, shown)
        random = seeding.stream(params.master_seed, "bootstrap", "separation")
        multiplicity = resampling.patient_weights(apart.patients, params.bootstrap, random)
        measured = {SILHOUETTE: silhouette(apart, multiplicity), PURITY: purity(apart, multiplicity)}
        for measure, values in measured.items():
            rows.append((arm, sizes[arm], measure, *_summary(values, params)))
            if first:
                minus = f"{measure} minus {first['arm']}"
                rows.append((arm, sizes[arm], minus, *_summary(values - first[measure], params)))
        rows.append((arm, sizes[arm], f"{PURITY} by chance", purity_by_chance(apart), np.nan, np.nan))
        first = first or {"arm": arm, **measured}
    return pd.DataFrame(rows, columns=COLUMNS)


def _mean(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Average (n, b) values over the images; not a number where none counts."""
    number = counts.sum(axis=0)
    return np.divide((values * counts).sum(axis=0), number, out=np.full(len(number), np.nan), where=number > 0)


def _summary(values: np.ndarray, params: Params) -> tuple[float, float, float]:
    return float(values[0]), *resampling.interval(values[1:], params.confidence)
