"""What readers' answers are worth: each measure beside its chance level, with intervals that respect patients.

Real images of one patient are not independent, so resamples draw whole patients with their images. A synthetic image
has no patient; given its generator, each is an independent draw and therefore a cluster of its own. (The generators of
the folds, three or so, are too few to be resampled: the intervals hold for further images of these generators.) The
numbers of real and synthetic images are set by the design, so the two are resampled separately. All readers saw the
same images and share the resamples, which speak of these readers. Means of the readers have a second interval, which
speaks of other readers too: that of `differences`, the model of Obuchowski and Rockette (Commun. Stat. Simul. Comput.
24:285, 1995). It needs several readers, and with two is very wide.

Only the answer to the first showing of an image is scored here; repeats do not count twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.classification import measures as class_measures
from synthaug.evaluation import differences
from synthaug.evaluation import resampling as stats
from synthaug.evaluation.detectability import detectability
from synthaug.evaluation.roc import auc
from synthaug.readers.answers import Reading, Study, readings
from synthaug.readers.chance import Chance, chance
from synthaug.terms.readers import ABOVE, BELOW, CLASS, NEITHER, ORIGIN, ORIGINS, REAL, SYNTHETIC
from synthaug.terms.totals import ALL

COLUMNS = [
    "reader", "task", "measure", "origin", "class", "right", "n", "value", "low", "high", "low_readers",
    "high_readers", "chance", "chance_of", "p", "verdict",
]  # fmt: skip
FEWEST = 4  # patients (or synthetic images) of an origin; fewer say nothing of others, so there is no interval
QUARTILES = (0.25, 0.5, 0.75)
Key = tuple[str, str, str, str]  # task, measure, origin, class
# A measure, its value under each row of weights, bool (n,): its images, and how many of them are right.
Measured = tuple[Key, np.ndarray, np.ndarray, int | None]


@dataclass(frozen=True)
class Params:
    """What the scores need of the config."""

    master_seed: int
    bootstrap: int  # number of resamples
    confidence: float  # of the intervals, e.g. 0.95


class Resampling:
    """Resamples of the images of a study, in the order of its key, drawn by patient and by origin.

    Attributes
    ----------
    real : (n,) bool array
    weights : (1 + bootstrap + clusters, n) float array
        How often each image counts: once each; in each resample; without each cluster.
    """

    def __init__(self, key: pd.DataFrame, params: Params):
        self.params = params
        self.real = real = (key["origin"] == REAL).to_numpy()
        alone = ~real | (key["patient"] == "").to_numpy()
        self.clusters = np.where(alone, "image " + key["image"], "patient " + key["patient"]).astype(str)
        self.names = np.unique(self.clusters)
        drawn = np.ones((1 + params.bootstrap, len(key)))
        for origin, members in ((REAL, real), (SYNTHETIC, ~real)):
            random = seeding.stream(params.master_seed, "reader study", "bootstrap", origin)
            if members.any():
                drawn[:, members] = stats.patient_weights(self.clusters[members], params.bootstrap, random)
        self.weights = np.vstack([drawn, self.clusters != self.names[:, np.newaxis]])

    def summary(self, values: np.ndarray, images: np.ndarray, *, share: bool = False) -> tuple[float, float, float]:
        """Return value, low and high of a measure.

        Parameters
        ----------
        values : (1 + bootstrap + clusters,) float array
            The measure under each row of `weights`.
        images : (m,) int array
            The images that it is of, by their places in the key.
        share
            Whether it is a share of right answers. Where that is 0 or 1 no resample differs; the interval is then the
            exact one of Clopper and Pearson (Biometrika 26:404, 1934), as if each patient had one image.

        Returns
        -------
        Value, low, high; low and high are NaN with fewer than `FEWEST` patients.
        """
        value = float(values[0])
        involved = np.isin(self.names, self.clusters[images])
        resamples, jackknife = np.split(values[1:], [self.params.bootstrap])
        groups = [part[np.isin(part, images)] for part in (np.flatnonzero(self.real), np.flatnonzero(~self.real))]
        fewest = min(len(np.unique(self.clusters[group])) for group in groups if len(group))
        if fewest < FEWEST:
            return value, np.nan, np.nan
        confidence = self.params.confidence
        if share and value in (0, 1):
            number = int(involved.sum())
            least = ((1 - confidence) / 2) ** (1 / number)  # the share of right answers that gives all right so often
            return (1.0, least, 1.0) if value else (0.0, 0.0, 1 - least)
        return value, *stats.bca_interval(value, resamples, jackknife[involved], confidence, fewest)

    def over_readers(self, by_reader: list[np.ndarray], images: np.ndarray) -> tuple[float, float]:
        """Return low and high of a mean of readers, for other readers of other images; NaN where neither differs.

        Parameters
        ----------
        by_reader : list of (1 + bootstrap + clusters,) float arrays
            Each reader's measure under each row of `weights`.
        images : (m,) int array
            The images that it is of, by their places in the key.
        """
        values = np.array(by_reader)
        value, left_out = values[:, :1], values[:, 1 + self.params.bootstrap :]
        of_real = np.isin(self.names, self.clusters[self.real])
        kept = []
        for origin in (of_real, ~of_real):  # their numbers are set, so each varies about its own mean
            part = left_out[:, origin & np.isin(self.names, self.clusters[images])]
            if part.shape[1]:
                kept.append(part - part.mean(axis=1, keepdims=True) + value)
        return differences.estimate(np.hstack([value, *kept])).interval(self.params.confidence)


def table(answers: pd.DataFrame, study: Study, params: Params) -> pd.DataFrame:
    """Return ``scores.csv``, with `COLUMNS`: every measure of every reader, and means of those that all have.

    Values are fractions, except d' and the criterion. ``verdict`` says that a value differs from chance only where the
    interval excludes chance and the test agrees.

    Parameters
    ----------
    answers
        From `answers.with_truth`.
    """
    resampling = Resampling(study.key, params)
    by_reader = readings(answers, study)
    measured = {reader: _measures(reading, resampling, study.classes) for reader, reading in by_reader.items()}

    def level(key: Key, given: list[Reading]) -> Chance:
        random = seeding.stream(params.master_seed, "reader study", "permutations", *key)
        return chance(key, given, study, random, params.bootstrap)

    rows = []
    for reader, measures in measured.items():
        for key, (values, part, right) in measures.items():
            rows.append(_row(reader, key, values, part, right, resampling, level(key, [by_reader[reader]])))
    for key in next(iter(measured.values())) if len(measured) > 1 else ():
        if not all(key in measures for measures in measured.values()):
            continue
        of_readers = [measures[key] for measures in measured.values()]
        each = [values for values, *_ in of_readers]
        values = np.mean(each, axis=0)
        part = np.concatenate([part for _, part, _ in of_readers])
        rights = [right for *_, right in of_readers]
        right = None if None in rights else sum(rights)
        chance_level = level(key, list(by_reader.values()))
        rows.append(_row(ALL, key, values, part, right, resampling, chance_level, each))
    return pd.DataFrame(rows, columns=COLUMNS)


def times(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the quartiles of the time to a first answer (s), by reader and true origin; no rows without times."""
    first = answers[~answers["repeat"] & answers["seconds"].notna()]
    rows = []
    for reader in first["reader"].unique():
        for origin in (ALL, *ORIGINS):
            of_origin = (first["true_origin"] == origin) | (origin == ALL)
            seconds = first.loc[(first["reader"] == reader) & of_origin, "seconds"]
            rows.append((reader, origin, len(seconds), *seconds.quantile(QUARTILES)))
    return pd.DataFrame(rows, columns=["reader", "origin", "n", "q1_s", "median_s", "q3_s"])


def fooled(answers: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the images whose origin every reader got wrong, the surest errors first.

    Returns
    -------
    DataFrame with the key's columns, ``readers`` (how many), ``confidence`` (their mean) and ``classes`` (their
    answers). Images that some reader has not answered are left out.
    """
    first = answers[~answers["repeat"]]
    judged = first.assign(wrong=first["origin"] != first["true_origin"]).groupby("image")
    result = judged.agg(
        readers=("reader", "size"),
        wrong=("wrong", "all"),
        confidence=("confidence", "mean"),
        classes=("class", " ".join),
    )
    everyone = result["wrong"] & (result["readers"] == first["reader"].nunique())
    rows = study.key.merge(result[everyone].drop(columns="wrong"), on="image")
    return rows.sort_values(["origin", "confidence", "image"], ascending=[False, False, True], ignore_index=True)


def expected_fooled(answers: pd.DataFrame) -> dict[str, tuple[float, int]]:
    """Return, by true origin, how many images would fool everyone if readers erred independently, and of how many."""
    first = answers[~answers["repeat"]]
    wrong = (first["origin"] != first["true_origin"]).groupby([first["true_origin"], first["reader"]]).mean()
    readers = first["reader"].nunique()
    result = {}
    for origin in ORIGINS:
        number = int((first[first["true_origin"] == origin].groupby("image").size() == readers).sum())
        result[origin] = (float(number * wrong[origin].prod()) if number else 0.0, number)
    return result


def _measures(
    reading: Reading, resampling: Resampling, classes: list[str]
) -> dict[Key, tuple[np.ndarray, np.ndarray, int | None]]:
    """Return each measure by (task, measure, origin, class): its values, its images, and how many are right."""
    weights = resampling.weights[:, reading.images]
    parts = {ALL: np.ones(len(reading.images), dtype=bool), REAL: reading.real, SYNTHETIC: ~reading.real}
    return {
        key: (values, reading.images[part], None if right is None else int(right))
        for key, values, part, right in [
            *_told_apart(reading, weights, parts),
            *(_classified(reading, weights, parts, classes) if classes else ()),
        ]
        if part.any()
    }


def _told_apart(reading: Reading, weights: np.ndarray, parts: dict[str, np.ndarray]) -> Iterator[Measured]:
    """Yield the measures of "real or synthetic?", of the images in ``parts``, bool (n,) by origin."""
    told = reading.real == reading.says_real
    for origin, part in parts.items():
        share = class_measures.accuracy(_two_by_two(weights, told & part, ~told & part))
        yield (ORIGIN, "accuracy", origin, ALL), share, part, (told & part).sum()
    if not 0 < reading.real.sum() < len(reading.real):
        return
    if not np.isnan(reading.rating).any():
        one = np.zeros(len(reading.real), dtype=int)
        area = auc(reading.real, reading.rating, one, weights)
        yield (ORIGIN, "auc", ALL, ALL), area, parts[ALL], None
    hits, alarms = (weights @ (kind & reading.says_real) for kind in (reading.real, ~reading.real))
    detection = detectability(hits, alarms, weights @ reading.real, weights @ ~reading.real)
    for measure, values in detection.items():
        yield (ORIGIN, measure, ALL, ALL), values, parts[ALL], None


def _classified(
    reading: Reading, weights: np.ndarray, parts: dict[str, np.ndarray], classes: list[str]
) -> Iterator[Measured]:
    """Yield the measures of "which class?", of the images in ``parts``, bool (n,) by origin."""
    for origin, part in parts.items():
        counts = class_measures.confusion(reading.truth, reading.answer, len(classes), weights * part)
        right = (reading.truth == reading.answer) & part
        yield (CLASS, "accuracy", origin, ALL), class_measures.accuracy(counts), part, right.sum()
        for i, name in enumerate(classes):
            ill = part & (reading.truth == i)
            well = part & (reading.truth != i)
            found = class_measures.sensitivity(counts)[:, i]
            yield (CLASS, "sensitivity", origin, name), found, ill, (right & ill).sum()
            spared = class_measures.specificity(counts)[:, i]
            yield (CLASS, "specificity", origin, name), spared, well, (well & (reading.answer != i)).sum()


def _two_by_two(weights: np.ndarray, right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    counts = np.zeros((len(weights), 2, 2))
    counts[:, 0, 0], counts[:, 0, 1] = weights @ right, weights @ wrong
    return counts


def _row(
    reader: str,
    key: Key,
    values: np.ndarray,
    part: np.ndarray,
    right: int | None,
    resampling: Resampling,
    level: Chance,
    each: list[np.ndarray] | None = None,
) -> tuple:
    """Return a row of ``scores.csv``; of the mean of several readers it takes the values of ``each``."""
    value, low, high = resampling.summary(values, part, share=right is not None)
    others = (np.nan, np.nan) if each is None or np.isnan(low) else resampling.over_readers(each, part)
    shown = "" if right is None else str(right)
    verdict = _verdict(value, low, high, level, resampling.params.confidence)
    ends = (*of_width(low, high), *others)
    return reader, *key, shown, len(part), value, *ends, level.value, level.name, level.p, verdict


def of_width(low: float, high: float) -> tuple[float, float]:
    """Return an interval as it is shown: NaN where it has no width, because no resample differed."""
    return (low, high) if low < high else (np.nan, np.nan)


def _verdict(value: float, low: float, high: float, level: Chance, confidence: float) -> str:
    """Say whether a value differs from chance; nothing where there is no level, or too few patients."""
    if np.isnan([value, low, high, level.value]).any():
        return ""
    if low <= level.value <= high or level.p >= 1 - confidence:
        return NEITHER
    return ABOVE if value > level.value else BELOW
