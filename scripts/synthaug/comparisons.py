"""Which arms differ, and what this cohort can say about it: paired comparisons, their tests and verdicts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from synthaug import metrics, operating, paired_tests, seeding, stats
from synthaug.errors import InputError
from synthaug.groups import CLASSIC, ONLINE, parse_size

GROUP, BEST, NUMBER, STEPS = ("classic group", "best classic", "equal number", "online at equal steps")
GAIN, LOSS, NO_GAIN, UNDECIDABLE = ("gain", "loss", "no gain", "undecidable")
FEWEST = 10  # patients who must differ before an interval can exclude a gain: of fewer it is not to be trusted
POWER = 0.8  # of the smallest difference called detectable
COLUMNS = [
    *("against", "arm_a", "size_a", "arm_b", "size_b", "metric", "class", "delta", "low", "high"),
    *("p", "p_holm", "p_mcnemar", "p_clustered", "detectable", "verdict", "differing", "patients", "lesions", "seeds"),
]  # of comparisons.csv

Run = tuple[str, str]  # arm, and size or rule


@dataclass(frozen=True)
class Params:
    """What the comparisons need of the config."""

    master_seed: int
    classes: list[str]
    folds: int
    bootstrap: int
    confidence: float
    smallest_gain: float  # the smallest gain of interest, a fraction, set before any result

    def statistics(self) -> stats.Params:
        return stats.Params(self.master_seed, self.classes, self.folds, self.bootstrap, self.confidence)


def table(pools: dict[tuple[str, str, int], metrics.Pool], choice: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Compare the arms in accuracy, sensitivity and specificity: the rows of ``comparisons.csv``, in fractions.

    Seeds are averaged: delta is the difference of the means over seeds, its interval covers other patients and other
    seeds (`stats.Evaluation`), and the permutation test takes each patient's differences summed over lesions and
    seeds, so its p speaks of other patients with these trainings; a gain or loss needs both. With one seed neither
    covers other trainings. ``p_mcnemar`` is of accuracy only and takes lesions for independent; with several seeds it
    is the median of theirs; ``p_clustered`` is its version for several lesions a patient, over all seeds. ``p_holm``
    corrects for the rows of one ``against``, metric and class, not for the choice
    of sizes on the test folds in "best classic" (it favours `classic`) and "published" (optimistic). ``detectable``
    is the true difference that this cohort would have shown with a power of 80 %, before Holm's correction; missing
    where no resample differs. Patients and lesions are those that the measure counts; ``differing`` is the number of
    patients in whom the arms differ.

    Parameters
    ----------
    pools
        From `metrics.pools`.
    choice
        From `operating.choose`.

    Raises
    ------
    InputError
        If two arms to be compared were not run with the same seeds.
    """
    pools = dict(pools)
    planned = pairs(pools)
    for rule in operating.RULES:
        at_rule = operating.at(pools, choice, rule)
        pools |= at_rule
        arms = list(dict.fromkeys(arm for arm, *_ in at_rule))
        if CLASSIC in arms:
            planned += [(rule, (arm, rule), (CLASSIC, rule)) for arm in arms if arm != CLASSIC]
    comparison = _Comparison(pools, params)
    rows = pd.DataFrame([row for pair in planned for row in comparison.rows(*pair)], columns=COLUMNS)
    families = rows.groupby(["against", "metric", "class"], sort=False)["p"]
    rows["p_holm"] = families.transform(lambda p: paired_tests.holm(p.to_numpy(dtype=float)))
    rows["verdict"] = [
        verdict(low, high, p, params.confidence, params.smallest_gain, differing)
        for low, high, p, differing in rows[["low", "high", "p_holm", "differing"]].itertuples(index=False)
    ]
    return rows


def pairs(pools: dict[tuple[str, str, int], metrics.Pool]) -> list[tuple[str, Run, Run]]:
    """Return (against, a, b) for each size of each arm that adds further or fresh images, and each b that was run.

    "classic group": `classic` at the group that a starts from. "best classic": the `classic` size of the highest
    cross-validated accuracy; as it is read off the test folds, it favours `classic`. "equal number": `classic` with as
    many images per fold. "online at equal steps": `online` with as many images at every epoch.
    """
    runs = list(dict.fromkeys((arm, size) for arm, size, _ in pools))
    best = best_classic(pools)
    result = []
    for arm, size in runs:
        classic, further = parse_size(size)
        fresh = arm in operating.FRESH
        if arm == CLASSIC or not (further or fresh):
            continue
        first = next(iter(pools.values()))
        total = str(classic + further * first.scores.shape[1])
        candidates = [(BEST, best), (NUMBER, (CLASSIC, total))]
        if not fresh:
            candidates = [(GROUP, (CLASSIC, str(classic))), *candidates, (STEPS, (ONLINE, total))]
        result += [(against, (arm, size), other) for against, other in candidates if other in runs]
    return result


def best_classic(pools: dict[tuple[str, str, int], metrics.Pool]) -> Run | None:
    """Return `classic` at its size of highest accuracy (mean over seeds), the smaller of equals; None without any."""
    by_size: dict[str, list[float]] = {}
    for (arm, size, _), pool in pools.items():
        if arm == CLASSIC:
            by_size.setdefault(size, []).append(np.mean(pool.truth == pool.predicted))
    curve = {size: float(np.mean(accuracies)) for size, accuracies in by_size.items()}
    return (CLASSIC, operating.pick(curve, 0)) if curve else None


def rates(counts: np.ndarray, classes: list[str]) -> dict[tuple[str, str], np.ndarray]:
    """Return the compared measures of (..., k, k) confusion counts by (metric, class), each of shape (...)."""
    sensitivity, specificity = metrics.sensitivity(counts), metrics.specificity(counts)
    return {
        ("accuracy", metrics.ALL): metrics.accuracy(counts),
        **{("sensitivity", name): sensitivity[..., i] for i, name in enumerate(classes)},
        **{("specificity", name): specificity[..., i] for i, name in enumerate(classes)},
        ("specificity", metrics.ALL): metrics.weighted(specificity, counts),
    }


def contributions(pool: metrics.Pool, classes: list[str]) -> dict[tuple[str, str], np.ndarray]:
    """Return what each lesion adds to each measure of `rates`, (n,) float, up to a factor of all lesions.

    A lesion adds 1 where it counts as right. To the average specificity it adds, for each other class that it was not
    taken for, that class's prevalence over its number of negatives.
    """
    truth, predicted = pool.truth, pool.predicted
    result = {("accuracy", metrics.ALL): (truth == predicted).astype(float)}
    for i, name in enumerate(classes):
        result["sensitivity", name] = ((truth == i) & (predicted == i)).astype(float)
    average = np.zeros(len(truth))
    for i, name in enumerate(classes):
        negative = truth != i
        result["specificity", name] = (negative & (predicted != i)).astype(float)
        if negative.any():
            average += np.mean(truth == i) / negative.sum() * result["specificity", name]
    result["specificity", metrics.ALL] = average
    return result


def verdict(low: float, high: float, p_holm: float, confidence: float, smallest_gain: float, differing: int) -> str:
    """Say what a comparison shows; the first that applies.

    `gain`: the interval lies above 0 and the corrected p is below 1 - confidence. `loss`: the same below 0. `no gain`:
    the interval lies below the smallest gain of interest, so such a gain is excluded. `undecidable`: otherwise, and
    where the arms differ in fewer than `FEWEST` patients: resamples of so few exclude nothing.

    >>> verdict(0.01, 0.09, 0.02, 0.95, 0.03, 20), verdict(-0.02, 0.09, 0.2, 0.95, 0.03, 20)
    ('gain', 'undecidable')
    """
    significant = p_holm < 1 - confidence
    if significant and low > 0:
        return GAIN
    if significant and high < 0:
        return LOSS
    return NO_GAIN if high < smallest_gain and differing >= FEWEST else UNDECIDABLE


class _Comparison:
    """Rows of pairs of runs, with each run's resamples computed once."""

    def __init__(self, pools: dict[tuple[str, str, int], metrics.Pool], params: Params):
        self.pools, self.params = pools, params
        self.evaluation = stats.Evaluation(pools, params.statistics())
        self.seeds = self.evaluation.runs()
        first = next(iter(pools.values()))
        self.patient = np.unique(first.patients, return_inverse=True)[1]
        self._resamples: dict[Run, dict[tuple[str, str], np.ndarray]] = {}

    def rows(self, against: str, a: Run, b: Run) -> list[tuple]:
        """Return a row in `COLUMNS` for each measure; what takes the other rows of its family is left empty."""
        seeds = sorted(self.seeds[a])
        if seeds != sorted(self.seeds[b]):
            raise InputError(
                f"predictions: arm {a[0]}, size {a[1]} was run with seeds {seeds}, arm {b[0]}, size {b[1]} with "
                f"{sorted(self.seeds[b])}; run both with the same seeds"
            )
        sums = self._patient_sums(a, b, seeds)
        tests = self._mcnemar(a, b, seeds), paired_tests.clustered_mcnemar(sums["accuracy", metrics.ALL])
        result = []
        for (metric, name), values in self._measured(a).items():
            difference = values - self._measured(b)[metric, name]
            stream = seeding.stream(self.params.master_seed, "permutation", against, *a, *b, metric, name)
            p = np.nan if np.isnan(difference[0]) else paired_tests.sign_flip(sums[metric, name], stream)
            counted = self._counted(a, metric, name)
            result.append(
                (
                    *(against, *a, *b, metric, name, *self.evaluation.summary(difference), p, np.nan),
                    *(tests if metric == "accuracy" else (np.nan, np.nan)),
                    *(self._detectable(difference), ""),
                    int((np.abs(sums[metric, name]) > 1e-9).sum()),
                    *(len(np.unique(self.patient[counted])), int(counted.sum()), len(seeds)),
                )
            )
        return result

    def _measured(self, run: Run) -> dict[tuple[str, str], np.ndarray]:
        """Return the mean over seeds of each measure of `rates`, arrays as of `stats.Evaluation.measures`."""
        if run not in self._resamples:
            by_seed = {
                seed: rates(self.evaluation.confusions(*run, seed), self.params.classes) for seed in self.seeds[run]
            }
            keys = by_seed[self.seeds[run][0]]
            self._resamples[run] = {
                key: self.evaluation.over_seeds({seed: values[key] for seed, values in by_seed.items()}) for key in keys
            }
        return self._resamples[run]

    def _patient_sums(self, a: Run, b: Run, seeds: list[int]) -> dict[tuple[str, str], np.ndarray]:
        total: dict[tuple[str, str], np.ndarray] = {}
        for seed in seeds:
            of_b = contributions(self.pools[*b, seed], self.params.classes)
            for key, of_a in contributions(self.pools[*a, seed], self.params.classes).items():
                total[key] = total.get(key, 0) + of_a - of_b[key]
        return {key: np.bincount(self.patient, weights=difference) for key, difference in total.items()}

    def _mcnemar(self, a: Run, b: Run, seeds: list[int]) -> float:
        by_seed = []
        for seed in seeds:
            right_a, right_b = (pool.truth == pool.predicted for pool in (self.pools[*a, seed], self.pools[*b, seed]))
            by_seed.append(paired_tests.mcnemar(int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())))
        return float(np.median(by_seed))

    def _counted(self, run: Run, metric: str, name: str) -> np.ndarray:
        truth = self.pools[*run, self.seeds[run][0]].truth
        if name == metrics.ALL:
            return np.ones(len(truth), dtype=bool)
        positive = truth == self.params.classes.index(name)
        return positive if metric == "sensitivity" else ~positive

    def _detectable(self, difference: np.ndarray) -> float:
        error = self.evaluation.standard_error(difference)
        return (ndtri((1 + self.params.confidence) / 2) + ndtri(POWER)) * error if error > 0 else np.nan
