"""Agreement of readers with each other and with themselves, beyond chance: Cohen's and Fleiss' kappa."""

import itertools

import numpy as np
import pandas as pd

from synthaug.classification import measures as class_measures
from synthaug.readers.answers import Study
from synthaug.readers.scores import Params, Resampling, of_width
from synthaug.terms.readers import BETWEEN, CLASS, ORIGIN, ORIGINS, WITHIN
from synthaug.terms.totals import ALL

COLUMNS = ["agreement", "readers", "task", "measure", "value", "low", "high", "n"]
KAPPA = "Cohen's kappa"


def table(answers: pd.DataFrame, study: Study, params: Params) -> pd.DataFrame:
    """Return ``agreement.csv``, with `COLUMNS`.

    Between readers, their first answers are compared: of every two readers and, with three or more, of all together;
    images that one of them has not answered are left out. Within a reader, the first and second answers to the repeats
    are compared.

    Parameters
    ----------
    answers
        From `answers.with_truth`.
    """
    resampling = Resampling(study.key, params)
    place = {image: i for i, image in enumerate(study.key["image"])}
    answers = answers.assign(place=answers["image"].map(place))
    rows = []
    asked = [(CLASS, study.classes)] if study.classes else []
    for task, names in [*asked, (ORIGIN, list(ORIGINS))]:
        coded = answers.assign(answer=class_measures.positions(answers[task], names))
        truth = class_measures.positions(study.key[task], names)
        first, second = (coded[coded["repeat"] == repeat] for repeat in (False, True))
        readers = list(first["reader"].unique())
        given = {reader: _by_place(first, reader) for reader in readers}
        for pair in itertools.combinations(readers, 2):
            rows += _pair(BETWEEN, " and ".join(pair), task, *(given[name] for name in pair), truth, names, resampling)
        if len(readers) > 2:
            rows += _everyone(task, list(given.values()), names, resampling)
        for reader in readers:
            rows += _pair(WITHIN, reader, task, given[reader], _by_place(second, reader), None, names, resampling)
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(["agreement", "task"], kind="stable", ignore_index=True)


def cohen_kappa(counts: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa (Educ. Psychol. Meas. 20:37, 1960) of two readers.

    Parameters
    ----------
    counts : (..., k, k) array
        How often the one gave answer i and the other answer j.

    Returns
    -------
    (...) float array, NaN where both give the same one answer to everything.
    """
    total = counts.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = np.trace(counts, axis1=-2, axis2=-1) / total
        expected = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1) / total**2
        return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)


def fleiss_kappa(given: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Fleiss' kappa (Psychol. Bull. 76:378, 1971).

    Parameters
    ----------
    given : (n, k) array
        How many readers gave each of k answers to each image; the same number of readers, at least two, for all images.
    weights : (b, n) array
        How often each image counts.

    Returns
    -------
    (b,) float array, NaN where all answers are the same.
    """
    readers = given[0].sum()
    agreeing = (given * (given - 1)).sum(axis=1) / (readers * (readers - 1))
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = weights @ agreeing / total
        expected = np.square(weights @ given / (readers * total[:, np.newaxis])).sum(axis=1)
        return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)


def _by_place(answers: pd.DataFrame, reader: str) -> pd.Series:
    return answers[answers["reader"] == reader].set_index("place")["answer"]


def _pair(kind, who, task, one, other, truth, names, resampling: Resampling) -> list[tuple]:
    """Return kappa, the share of equal answers and, with ``truth``, of right answers by both."""
    images = np.array(sorted(set(one.index) & set(other.index)), dtype=int)
    if not len(images):
        return []
    first, second = one[images].to_numpy(), other[images].to_numpy()
    weights = resampling.weights[:, images]
    cells = np.eye(len(names) ** 2)[first * len(names) + second]
    counts = (weights @ cells).reshape(-1, len(names), len(names))
    measures = {KAPPA: cohen_kappa(counts), "same answer": class_measures.accuracy(counts)}
    if truth is not None:
        right = np.eye(2)[((first == truth[images]) & (second == truth[images])).astype(int)]
        both = weights @ right
        with np.errstate(invalid="ignore"):
            measures["both right"] = both[:, 1] / both.sum(axis=1)
    rows = []
    for measure, values in measures.items():
        value, low, high = resampling.summary(values, images, share=measure != KAPPA)
        rows.append((kind, who, task, measure, value, *of_width(low, high), len(images)))
    return rows


def _everyone(task, given: list[pd.Series], names, resampling: Resampling) -> list[tuple]:
    images = np.array(sorted(set.intersection(*(set(answers.index) for answers in given))), dtype=int)
    if not len(images):
        return []
    counted = sum(np.eye(len(names))[answers[images].to_numpy()] for answers in given)
    values = fleiss_kappa(counted, resampling.weights[:, images])
    value, low, high = resampling.summary(values, images)
    return [(BETWEEN, ALL, task, "Fleiss' kappa", value, *of_width(low, high), len(images))]
