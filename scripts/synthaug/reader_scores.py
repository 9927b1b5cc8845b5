"""What readers' answers are worth: each measure beside its chance level, with intervals that respect patients.

Real images of one patient are not independent, so resamples draw whole patients with their images. A synthetic image
has no patient; given its generator each is an independent draw, so each is a cluster of its own (the generators of the
folds, three or so, are too few to be resampled: the intervals hold for further images of these generators). The numbers
of real and synthetic images are set by the design, so both are resampled by themselves. All readers saw the same images
and share the resamples. The readers are taken as they are: no interval speaks of other readers.

Repeats do not count twice: only the answer to the first showing of an image is scored here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats as tests
from scipy.stats import norm, rankdata

from synthaug import metrics, seeding, stats
from synthaug.metrics import ALL
from synthaug.reader_answers import Study
from synthaug.reader_terms import ABOVE, BELOW, CLASS, NEITHER, ORIGIN, ORIGINS, REAL, SYNTHETIC

COLUMNS = [
    "reader", "task", "measure", "origin", "class", "right", "n", "value", "low", "high", "chance", "chance_of", "p",
    "verdict",
]  # fmt: skip
GUESSING = "guessing"
GUESSED = {"balanced accuracy": 0.5, "auc": 0.5, "d'": 0.0}  # what guessing scores
FEWEST = 4  # patients, or images of none, of a kind: fewer say nothing of others, so there is no interval
QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Params:
    """What the scores need of the config."""

    master_seed: int
    bootstrap: int  # number of resamples
    confidence: float  # of the intervals, e.g. 0.95


@dataclass(frozen=True)
class Chance:
    """What a reader who sees nothing would score, by which strategy, and how likely so far from it (two-sided).

    p takes images as independent.
    """

    value: float = np.nan
    name: str = ""
    p: float = np.nan


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
        """Return (value, low, high) of a measure of the ``images`` (places in the key), one value a row of weights.

        Low and high are not numbers with fewer than `FEWEST` patients. They are equal where no resample differs, which
        says nothing; but of a ``share`` that is 0 or 1 the exact interval is known (Clopper and Pearson, Biometrika
        26:404, 1934), here as if a patient's images were one.
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
            return value, *tests.binomtest(int(value) * number, number).proportion_ci(confidence)
        return value, *stats.bca_interval(value, resamples, jackknife[involved], confidence, fewest)


@dataclass(frozen=True)
class Reading:
    """The first answers of one reader, in the order of the key.

    Attributes
    ----------
    images : (n,) int array
        The place of each image in the key.
    real, says_real : (n,) bool arrays
    rating : (n,) float array
        From sure of synthetic, -5, to sure of real, 5; not numbers without confidences.
    truth, answer : (n,) int arrays
        Position of the class.
    """

    images: np.ndarray
    real: np.ndarray
    says_real: np.ndarray
    rating: np.ndarray
    truth: np.ndarray
    answer: np.ndarray


def readings(answers: pd.DataFrame, study: Study) -> dict[str, Reading]:
    """Return the first answers of each reader who gave some, in the study's order; ``answers`` come with the truth."""
    place = {image: i for i, image in enumerate(study.key["image"])}
    result = {}
    for reader, unsorted in answers[~answers["repeat"]].groupby("reader", sort=False):
        rows = unsorted.sort_values("image", key=lambda images: images.map(place))
        says_real = (rows["origin"] == REAL).to_numpy()
        result[reader] = Reading(
            images=rows["image"].map(place).to_numpy(),
            real=(rows["true_origin"] == REAL).to_numpy(),
            says_real=says_real,
            rating=np.where(says_real, rows["confidence"], -rows["confidence"]),
            truth=metrics.positions(rows["true_class"], study.classes),
            answer=metrics.positions(rows["class"], study.classes),
        )
    return result


def table(answers: pd.DataFrame, study: Study, params: Params) -> pd.DataFrame:
    """Return ``scores.csv``, with `COLUMNS`: every measure of every reader, and the means of what all readers have.

    Values are fractions, but d' and the criterion. ``verdict`` says whether the value differs from chance: only where
    the interval excludes it and the test agrees.

    Parameters
    ----------
    answers
        From `reader_answers.with_truth`.
    """
    resampling = Resampling(study.key, params)
    by_reader = readings(answers, study)
    measured = {reader: _measures(reading, resampling, study.classes) for reader, reading in by_reader.items()}
    rows = []
    for reader, measures in measured.items():
        for key, (values, part, right) in measures.items():
            rows.append(_row(reader, key, values, part, right, resampling, _chance(key, [by_reader[reader]], study)))
    for key in next(iter(measured.values())) if len(measured) > 1 else ():
        if not all(key in measures for measures in measured.values()):
            continue
        of_readers = [measures[key] for measures in measured.values()]
        values = np.mean([values for values, *_ in of_readers], axis=0)
        part = np.concatenate([part for _, part, _ in of_readers])
        rights = [right for *_, right in of_readers]
        right = None if None in rights else sum(rights)
        random = seeding.stream(params.master_seed, "reader study", "permutations", *key)
        chance = _chance(key, list(by_reader.values()), study, random, params.bootstrap)
        rows.append(_row(ALL, key, values, part, right, resampling, chance))
    return pd.DataFrame(rows, columns=COLUMNS)


def times(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the quartiles of the seconds to a first answer, by reader and true origin; none without seconds."""
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


def loglinear_rates(hits, false_alarms, real, synthetic) -> tuple[np.ndarray, np.ndarray]:
    """Return hit and false-alarm rates after the loglinear correction: 0.5 more answers of each kind.

    Without it d' is infinite where a rate is 0 or 1; it is applied always, which is less biased than where needed only
    (Hautus, Behav. Res. Methods 27:46, 1995).
    """
    return (hits + 0.5) / (real + 1), (false_alarms + 0.5) / (synthetic + 1)


def _measures(
    reading: Reading, resampling: Resampling, classes: list[str]
) -> dict[tuple[str, str, str, str], tuple[np.ndarray, np.ndarray, int | None]]:
    """Return each measure by (task, measure, origin, class): its values, its images, and how many are right."""
    weights = resampling.weights[:, reading.images]
    result = {}

    def add(task, measure, origin, name, values, part, right=None):
        if part.any():
            result[task, measure, origin, name] = values, reading.images[part], None if right is None else int(right)

    everything = np.ones(len(reading.images), dtype=bool)
    parts = {ALL: everything, REAL: reading.real, SYNTHETIC: ~reading.real}
    told = reading.real == reading.says_real
    for origin, part in parts.items():
        share = metrics.accuracy(_two_by_two(weights, told & part, ~told & part))
        add(ORIGIN, "accuracy", origin, ALL, share, part, (told & part).sum())
    hits, missed = (weights @ (reading.real & says) for says in (reading.says_real, ~reading.says_real))
    alarms, rejected = (weights @ (~reading.real & says) for says in (reading.says_real, ~reading.says_real))
    if 0 < reading.real.sum() < len(reading.real):
        with np.errstate(invalid="ignore"):
            hit, alarm = hits / (hits + missed), alarms / (alarms + rejected)
        z_hit, z_alarm = (norm.ppf(rate) for rate in loglinear_rates(hits, alarms, hits + missed, alarms + rejected))
        one = np.zeros(len(everything), dtype=int)
        add(ORIGIN, "balanced accuracy", ALL, ALL, (hit + 1 - alarm) / 2, everything)
        if not np.isnan(reading.rating).any():
            add(ORIGIN, "auc", ALL, ALL, metrics.auc(reading.real, reading.rating, one, weights), everything)
        add(ORIGIN, "d'", ALL, ALL, z_hit - z_alarm, everything)
        add(ORIGIN, "criterion", ALL, ALL, -(z_hit + z_alarm) / 2, everything)
    number = len(classes)
    for origin, part in parts.items():
        counts = metrics.confusion(reading.truth, reading.answer, number, weights * part)
        right = (reading.truth == reading.answer) & part
        add(CLASS, "accuracy", origin, ALL, metrics.accuracy(counts), part, right.sum())
        for i, name in enumerate(classes):
            ill = part & (reading.truth == i)
            well = part & (reading.truth != i)
            add(CLASS, "sensitivity", origin, name, metrics.sensitivity(counts)[:, i], ill, (right & ill).sum())
            called = (well & (reading.answer != i)).sum()
            add(CLASS, "specificity", origin, name, metrics.specificity(counts)[:, i], well, called)
    return result


def _two_by_two(weights: np.ndarray, right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    counts = np.zeros((len(weights), 2, 2))
    counts[:, 0, 0], counts[:, 0, 1] = weights @ right, weights @ wrong
    return counts


def _chance(
    key: tuple[str, str, str, str],
    given: list[Reading],
    study: Study,
    random: np.random.Generator | None = None,
    permutations: int = 0,
) -> Chance:
    """Return what scores without seeing anything, and the test of one reader, or of the mean of several, against it."""
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
    p = _exact_p(gains) if len(given) == 1 else _flipped_p(gains, random, permutations)
    return Chance(float(np.mean(truth == commonest)), f'always "{names[commonest]}"', p)


def _told_p(measure: str, reading: Reading) -> float:
    """Test whether the answers of one reader go with the origin: Mann-Whitney's test of the ratings, or Fisher's."""
    if measure == "auc":
        groups = (reading.rating[reading.real], reading.rating[~reading.real])
        return float(tests.mannwhitneyu(*groups, method="asymptotic").pvalue)
    answers = [
        [int((reading.says_real & real).sum()), int((~reading.says_real & real).sum())]
        for real in (reading.real, ~reading.real)
    ]
    return float(tests.fisher_exact(answers).pvalue)


def _told_p_of_mean(measure: str, given: list[Reading], random: np.random.Generator, permutations: int) -> float:
    """Test whether the answers of the readers go with the origin: how often a permuted origin gives so far a mean."""
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
    number, synthetic = real.sum(axis=1), (1 - real).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        if measure == "auc":
            ranks = real @ rankdata(reading.rating)
            return (ranks - number * (number + 1) / 2) / (number * synthetic)
        hits, alarms = real @ reading.says_real, (1 - real) @ reading.says_real
        if measure == "balanced accuracy":
            return (hits / number + 1 - alarms / synthetic) / 2
        rates = loglinear_rates(hits, alarms, number, synthetic)
        return norm.ppf(rates[0]) - norm.ppf(rates[1])


def _exact_p(gains: np.ndarray) -> float:
    """Test answers against one and the same answer to the same images: McNemar's exact test.

    ``gains``: by image 1 where only the reader is right, -1 where only the one answer is, 0 elsewhere.
    """
    discordant = int(np.abs(gains).sum())
    return float(tests.binomtest(int((gains > 0).sum()), discordant).pvalue) if discordant else 1.0


def _flipped_p(gains: np.ndarray, random: np.random.Generator, permutations: int) -> float:
    """Test likewise the answers of several readers, whose gains are summed by image: their signs are flipped."""
    flips = random.choice([-1, 1], (permutations, len(gains)))
    return float((1 + np.sum(np.abs(flips @ gains) >= abs(gains.sum()))) / (1 + permutations))


def _row(reader, key, values, part, right, resampling: Resampling, chance: Chance) -> tuple:
    value, low, high = resampling.summary(values, part, share=right is not None)
    shown = "" if right is None else str(right)
    verdict = _verdict(value, low, high, chance, resampling.params.confidence)
    return reader, *key, shown, len(part), value, *of_width(low, high), chance.value, chance.name, chance.p, verdict


def of_width(low: float, high: float) -> tuple[float, float]:
    """Return an interval as it is shown: not numbers where it has no width, for then no resample differs."""
    return (low, high) if low < high else (np.nan, np.nan)


def _verdict(value: float, low: float, high: float, chance: Chance, confidence: float) -> str:
    """Say whether a value differs from chance; nothing where there is no level, or too few patients."""
    if np.isnan([value, low, high, chance.value]).any():
        return ""
    if low <= chance.value <= high or chance.p >= 1 - confidence:
        return NEITHER
    return ABOVE if value > chance.value else BELOW
