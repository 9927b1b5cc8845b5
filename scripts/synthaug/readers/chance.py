"""What a reader who sees nothing would score, and how readers are tested against that."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from synthaug.evaluation import paired_tests
from synthaug.evaluation.detectability import detectability
from synthaug.evaluation.roc import auc
from synthaug.readers.answers import Reading, Study
from synthaug.terms.readers import CLASS, ORIGIN, ORIGINS, REAL
from synthaug.terms.totals import ALL

GUESSING = "guessing"
GUESSED = {"balanced accuracy": 0.5, "auc": 0.5, "d'": 0.0}  # what guessing scores


@dataclass(frozen=True)
class Chance:
    """What a reader who sees nothing would score, by what strategy, and the two-sided p of the test against it.

    The test takes images as independent.
    """

    value: float = np.nan
    name: str = ""
    p: float = np.nan


def chance(
    key: tuple[str, str, str, str],
    given: list[Reading],
    study: Study,
    random: np.random.Generator,
    permutations: int,
) -> Chance:
    """Return the score of a reader who sees nothing, and the test of one reader, or of the mean of several, against it.

    Parameters
    ----------
    key
        Task, measure, origin and class, as in ``scores.csv``.
    given
        The answers of one reader, or of the several whose mean is tested.
    random, permutations
        The stream of the tests, and how often the origins are permuted to test a mean.
    """
    task, measure, origin, _ = key
    if measure in GUESSED:
        one = len(given) == 1
        p = _told_p(measure, given[0]) if one else _told_p_of_mean(measure, given, random, permutations)
        return Chance(GUESSED[measure], GUESSING, p)
    if measure != "accuracy" or (task == ORIGIN and origin != ALL):
        return Chance()
    parts = [np.ones_like(reading.real) if origin == ALL else reading.real == (origin == REAL) for reading in given]
    if any(not np.array_equal(r.images[part], given[0].images[parts[0]]) for r, part in zip(given, parts, strict=True)):
        return Chance()  # what the commonest answer scores depends on the images
    names = study.classes if task == CLASS else list(ORIGINS)
    answered = [(r.truth, r.answer) if task == CLASS else (~r.real * 1, ~r.says_real * 1) for r in given]
    truth = answered[0][0][parts[0]]
    commonest = int(np.bincount(truth, minlength=len(names)).argmax())
    right = [(true == answer)[part] for (true, answer), part in zip(answered, parts, strict=True)]
    gains = np.sum(right, axis=0) - len(given) * (truth == commonest)
    p = paired_tests.sign_flip(gains, random)  # of one reader it is McNemar's exact test
    return Chance(float(np.mean(truth == commonest)), f'always "{names[commonest]}"', p)


def _told_p(measure: str, reading: Reading) -> float:
    """Test whether the answers of one reader go with the origin: Mann-Whitney's test of the ratings, or Fisher's."""
    if measure == "auc":
        groups = (reading.rating[reading.real], reading.rating[~reading.real])
        return float(stats.mannwhitneyu(*groups, method="asymptotic").pvalue)
    answers = [
        [int((reading.says_real & real).sum()), int((~reading.says_real & real).sum())]
        for real in (reading.real, ~reading.real)
    ]
    return float(stats.fisher_exact(answers).pvalue)


def _told_p_of_mean(measure: str, given: list[Reading], random: np.random.Generator, permutations: int) -> float:
    """Test whether readers' answers go with the origin: how often permuted origins give a mean as far from chance."""
    images = np.unique(np.concatenate([reading.images for reading in given]))
    real = np.zeros(images.max() + 1)
    for reading in given:
        real[reading.images] = reading.real
    origins = np.zeros((1 + permutations, len(real)))
    origins[:, images] = [real[images], *(random.permutation(real[images]) for _ in range(permutations))]
    means = np.mean([_told(measure, reading, origins[:, reading.images]) for reading in given], axis=0)
    distance = np.abs(means - GUESSED[measure])
    return float(np.mean(~(distance < distance[0] - 1e-9)))  # undefined ones, where a kind is missing, count as far


def _told(measure: str, reading: Reading, real: np.ndarray) -> np.ndarray:
    """Return a measure of the answers of one reader for each row of origins ``real``, (b, n) of 0 and 1."""
    if measure == "auc":
        # Each image stands there as a real and as a synthetic one; the weights say which it is.
        kinds = np.repeat([True, False], len(reading.rating))
        one = np.zeros(len(kinds), dtype=int)
        return auc(kinds, np.tile(reading.rating, 2), one, np.hstack([real, 1 - real]))
    hits, alarms = real @ reading.says_real, (1 - real) @ reading.says_real
    return detectability(hits, alarms, real.sum(axis=1), (1 - real).sum(axis=1))[measure]
