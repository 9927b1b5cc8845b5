"""Bags of visual words chosen by mutual information (BoVW-MI; paper section 4.5, after Diamant et al. 2017).

Visual words are cluster centres of small patches; a ROI is described by how often each word occurs in it. Only words
whose frequency says something about the class reach the support vector machine. No step sees a lesion outside the
training folds.
"""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from synthaug import seeding
from synthaug.classification import svm
from synthaug.errors import InputError

SINGLE, MULTI = "bovw-single", "bovw-multi"
ITERATIONS = 100  # at most, of k-means


@dataclass(frozen=True, kw_only=True)
class Params:
    """The visual words of the config."""

    master_seed: int
    threads: int
    """CPU threads. They are part of the result, because sums that are split differently round differently."""
    classes: list[str]
    patch: int
    """Side of a patch in px."""
    stride: int
    """Distance of neighbouring patches in px."""
    components: int
    """Principal components that a patch is reduced to."""
    words: int
    """Visual words of the dictionary."""
    single: int
    """Words kept by the arm `SINGLE`: those that say most about the class."""
    multi: int
    """Words kept for each binary task of the arm `MULTI`."""
    levels: int
    """Equal-width levels that a word's frequency is rounded to before its mutual information is computed."""
    scheme: str
    """What the binary tasks are: ``one-vs-rest`` or ``one-vs-one``."""
    svm: dict
    """``c`` and ``gamma``: first, last and step of the binary logarithm; ``inner_folds``."""


@dataclass(frozen=True)
class Task:
    """One support vector machine and what its classes mean."""

    name: str
    rows: np.ndarray
    """bool (n,): the training lesions that take part."""
    labels: np.ndarray
    """int (n,): the class of each lesion in this task."""
    votes: np.ndarray
    """float (classes of the task, classes): how much a decision for a class of the task counts for each class."""


@dataclass(frozen=True)
class Model:
    """A fitted dictionary with its support vector machines."""

    dictionary: Pipeline
    tasks: list[Task]
    machines: list[GridSearchCV]
    params: Params

    def decide(self, images: np.ndarray) -> np.ndarray:
        """Return the decision values of uint8 ``images`` (n, 64, 64): float (n, classes)."""
        frequencies = histograms(images, self.dictionary, self.params)
        parts = zip(self.tasks, self.machines, strict=True)
        return sum(svm.decisions(machine, frequencies) @ task.votes for task, machine in parts)

    def chosen(self) -> dict[str, dict[str, float]]:
        """Return C, gamma and inner score of each task."""
        return {task.name: svm.chosen(machine) for task, machine in zip(self.tasks, self.machines, strict=True)}


def fit(
    images: np.ndarray,
    labels: np.ndarray,
    patients: np.ndarray,
    arm: str,
    params: Params,
    names: tuple[str | int, ...],
) -> Model:
    """Learn words from ``images``, and the machines that classify by them.

    Parameters
    ----------
    images
        uint8 (n, 64, 64): the un-augmented ROIs of the training folds.
    labels
        int (n,): positions in ``params.classes``.
    patients
        str (n,).
    arm
        `SINGLE`: one machine, on the words most relevant to the class. `MULTI`: one machine per binary task, each on
        the words most relevant to that task.
    names
        The names of this training's random streams; both arms learn the same dictionary.

    Raises
    ------
    InputError
        If there are too few different patches or patients, or fewer words than are to be kept.
    """
    kept = params.single if arm == SINGLE else params.multi
    if kept > params.words:
        key = "single" if arm == SINGLE else "multi"
        raise InputError(f"bovw: expected words >= {key}, found words {params.words} and {key} {kept}; lower {key}")
    inner = svm.inner_folds(labels, patients, params.svm["inner_folds"], params.master_seed, names)
    dictionary = learn_words(images, params, seeding.stream_seed(params.master_seed, *names, "words") % 2**32)
    frequencies = histograms(images, dictionary, params)
    tasks = [every_class(labels, params.classes)] if arm == SINGLE else list(binary(labels, params))
    machines = []
    for task in tasks:
        select = SelectKBest(functools.partial(relevance, levels=params.levels), k=kept)
        rows = task.rows
        machines.append(svm.search([("words", select)], frequencies[rows], task.labels[rows], inner[rows], params.svm))
    return Model(dictionary, tasks, machines, params)


def patches(images: np.ndarray, side: int, stride: int) -> np.ndarray:
    """Cut images into overlapping squares of ``side`` px every ``stride`` px.

    Intensities stay as they are, not normalised by a patch's own mean or contrast: a cyst is known by how dark it is.

    Parameters
    ----------
    images
        uint8 (n, height, width).

    Returns
    -------
    numpy.ndarray
        uint8 (n, patches per image, side * side).
    """
    windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))[:, ::stride, ::stride]
    return windows.reshape(len(images), -1, side * side)


def learn_words(images: np.ndarray, params: Params, seed: int) -> Pipeline:
    """Fit principal components and k-means to the patches of uint8 ``images`` (n, 64, 64).

    Raises
    ------
    InputError
        If the images have fewer different patches than words are asked for.
    """
    cut = patches(images, params.patch, params.stride).reshape(-1, params.patch**2)
    distinct = len(np.unique(cut, axis=0))
    if distinct < params.words:
        raise InputError(
            f"bovw: expected at least {params.words} different patches in the training folds for as many words, "
            f"found {distinct} in {len(images)} ROIs; lower words or stride, or add lesions"
        )
    reduce = PCA(params.components, svd_solver="covariance_eigh")
    cluster = KMeans(params.words, n_init=1, max_iter=ITERATIONS, algorithm="lloyd", random_state=seed)
    return Pipeline([("reduce", reduce), ("cluster", cluster)]).fit(_scaled(cut))


def histograms(images: np.ndarray, dictionary: Pipeline, params: Params) -> np.ndarray:
    """Return the frequency of each word in each of uint8 ``images`` (n, 64, 64).

    Returns
    -------
    numpy.ndarray
        float64 (n, words); each row sums to 1.
    """
    cut = patches(images, params.patch, params.stride)
    words = dictionary.predict(_scaled(cut).reshape(-1, params.patch**2)).reshape(len(images), -1)
    counts = [np.bincount(row, minlength=params.words) for row in words]
    return np.array(counts) / cut.shape[1]


def quantise(frequencies: np.ndarray, levels: int) -> np.ndarray:
    """Round each column of ``frequencies``, float (n, words), to equal-width levels between its extremes.

    Returns
    -------
    numpy.ndarray
        int64 (n, words): 0 ... levels - 1; all 0 where a column has only one value.
    """
    low, high = frequencies.min(axis=0), frequencies.max(axis=0)
    share = (frequencies - low) / np.where(high > low, high - low, 1)
    return np.minimum((share * levels).astype(np.int64), levels - 1)


def mutual_information(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mutual information of each column of ``values`` with the labels.

    ``sum over v, c of p(v, c) log(p(v, c) / (p(v) p(c)))``

    Parameters
    ----------
    values
        int (n, words), not negative.
    labels
        int (n,), not negative.

    Returns
    -------
    numpy.ndarray
        float64 (words,), in nats.
    """
    of_level = values[:, :, None] == np.arange(values.max() + 1)
    of_class = labels[:, None] == np.arange(labels.max() + 1)
    joint = np.einsum("nwv,nc->wvc", of_level.astype(float), of_class.astype(float), optimize=True) / len(labels)
    independent = joint.sum(axis=2, keepdims=True) * joint.sum(axis=1, keepdims=True)
    return special.rel_entr(joint, independent).sum(axis=(1, 2))


def relevance(frequencies: np.ndarray, labels: np.ndarray, *, levels: int) -> np.ndarray:
    """Return how much each word's frequency, rounded to ``levels``, says about the labels: float (words,), in nats."""
    return mutual_information(quantise(frequencies, levels), labels)


def every_class(labels: np.ndarray, classes: list[str]) -> Task:
    """Return the task of telling all classes apart at once; ``labels`` are int (n,), positions in ``classes``."""
    return Task(" vs ".join(classes), np.full(len(labels), True), labels, np.eye(len(classes)))


def binary(labels: np.ndarray, params: Params) -> Iterator[Task]:
    """Yield the binary tasks of ``params.scheme``; ``labels`` are int (n,), positions in ``params.classes``.

    One-vs-rest: the value of a machine counts for its class. One-vs-one: it counts for the second class, and by as much
    against the first.

    Raises
    ------
    InputError
        If there is no such scheme.
    """
    votes = np.eye(len(params.classes))
    if params.scheme == "one-vs-rest":
        for i, cls in enumerate(params.classes):
            everyone = np.full(len(labels), True)
            yield Task(f"{cls} vs rest", everyone, (labels == i).astype(int), np.stack([0 * votes[i], votes[i]]))
    elif params.scheme == "one-vs-one":
        for (i, first), (j, second) in itertools.combinations(enumerate(params.classes), 2):
            yield Task(f"{first} vs {second}", np.isin(labels, (i, j)), (labels == j).astype(int), votes[[i, j]])
    else:
        raise InputError(f"bovw: expected scheme one-vs-rest or one-vs-one, found {params.scheme}; correct the config")


def _scaled(cut: np.ndarray) -> np.ndarray:
    return cut.astype(np.float32) / 255
