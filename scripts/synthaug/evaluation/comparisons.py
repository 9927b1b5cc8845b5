"""Which arms differ, and what this cohort can say about it: paired comparisons, their tests and verdicts."""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from scipy.special import ndtri

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.evaluation import operating_points, paired_tests, resampling
from synthaug.evaluation.measures import Key, Measures, Pool, joined
from synthaug.evaluation.pools import Run
from synthaug.terms import arms, sizes
from synthaug.terms.totals import ALL

GROUP, BEST, NUMBER, STEPS = ("classic group", "best classic", "equal number", "online at equal steps")
GAIN, LOSS, NO_GAIN, UNDECIDABLE = ("gain", "loss", "no gain", "undecidable")
FEWEST = 10  # patients who must differ before an interval can exclude a gain: of fewer it is not to be trusted
POWER = 0.8  # of the smallest difference called detectable
COLUMNS = [
    *("against", "arm_a", "size_a", "arm_b", "size_b", "metric", "class", "delta", "low", "high"),
    *("p", "p_holm", "p_mcnemar", "p_clustered", "detectable", "verdict", "differing", "patients", "units", "seeds"),
]  # of comparisons.csv; units bears the name of the task's, such as lesions

Point = tuple[str, str]  # arm, and size or rule


@dataclass(frozen=True)
class Params(resampling.Params):
    """What the comparisons need of the config."""

    smallest_gain: float  # the smallest gain of interest, a fraction, set before any result


def table(pools: dict[Run, Pool], choice: pd.DataFrame, measures: Measures, params: Params) -> pd.DataFrame:
    """Compare the arms in the measures that the task names: the rows of ``comparisons.csv``, in fractions.

    Seeds are averaged: delta is the difference of the means over seeds, its interval covers other patients and other
    seeds (`resampling.Evaluation`), and the permutation test takes each patient's differences summed over units and
    seeds, so its p speaks of other patients with these trainings; a gain or loss needs both. With one seed neither
    covers other trainings. Measures that are no sums over units are tested by swapping whole patients.

    ``p_mcnemar`` and ``p_clustered`` are of the primary measure only, where a unit is right or wrong. The first takes
    units for independent; with several seeds it is the median of theirs. The second is its version for several units
    per patient, over all seeds. ``p_holm`` corrects for the rows of one ``against``, metric and class, not for the
    choice of sizes on the test folds in "best classic" (it favours `classic`) and "published" (optimistic).
    ``detectable`` is the true difference that this cohort would have shown with a power of 80 %, before Holm's
    correction; missing where no resample differs. Patients and units are those that the measure counts; ``differing``
    is the number of patients in whom the arms differ.

    Parameters
    ----------
    pools
        From `pools.pooled`.
    choice
        From `operating_points.choose`.

    Raises
    ------
    InputError
        If two arms to be compared were not run with the same seeds.
    """
    pools = dict(pools)
    planned = pairs(pools, measures)
    for rule in operating_points.RULES:
        at_rule = operating_points.at(pools, choice, rule)
        pools |= at_rule
        there = list(dict.fromkeys(arm for arm, *_ in at_rule))
        if arms.CLASSIC in there:
            planned += [(rule, (arm, rule), (arms.CLASSIC, rule)) for arm in there if arm != arms.CLASSIC]
    comparison = _Comparison(pools, measures, params)
    rows = pd.DataFrame([row for pair in planned for row in comparison.rows(*pair)], columns=COLUMNS)
    families = rows.groupby(["against", "metric", "class"], sort=False)["p"]
    rows["p_holm"] = families.transform(lambda p: paired_tests.holm(p.to_numpy(dtype=float)))
    rows["verdict"] = [
        verdict(low, high, p, params.confidence, params.smallest_gain, differing)
        for low, high, p, differing in rows[["low", "high", "p_holm", "differing"]].itertuples(index=False)
    ]
    return rows.rename(columns={"units": f"{measures.unit}s"})


def pairs(pools: dict[Run, Pool], measures: Measures) -> list[tuple[str, Point, Point]]:
    """Return (against, a, b) for each size of each arm that adds further or fresh images, and each b that was run.

    "classic group": `classic` at the group that a starts from. "best classic": the `classic` size of the highest
    cross-validated primary measure; as it is read off the test folds, it favours `classic`. "equal number": `classic`
    with as many images per fold. "online at equal steps": `online` with as many images in every epoch.
    """
    points = list(dict.fromkeys((arm, size) for arm, size, _ in pools))
    best = best_classic(pools, measures)
    result = []
    for arm, size in points:
        classic, further = sizes.parse(size)
        fresh = arm in arms.FRESH
        if arm == arms.CLASSIC or not (further or fresh):
            continue
        total = str(sizes.total(size))
        candidates = [(BEST, best), (NUMBER, (arms.CLASSIC, total))]
        if not fresh:
            candidates = [(GROUP, (arms.CLASSIC, str(classic))), *candidates, (STEPS, (arms.ONLINE, total))]
        result += [(against, (arm, size), other) for against, other in candidates if other in points]
    return result


def best_classic(pools: dict[Run, Pool], measures: Measures) -> Point | None:
    """Return `classic` at its best size (mean over seeds), the smaller of equals; None without any."""
    by_size: dict[str, list[float]] = {}
    for (arm, size, _), pool in pools.items():
        if arm == arms.CLASSIC:
            by_size.setdefault(size, []).append(measures.primary_value(pool))
    curve = {size: float(np.mean(values)) for size, values in by_size.items()}
    return (arms.CLASSIC, operating_points.pick(curve, 0)) if curve else None


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
    """Rows of pairs of points, with each point's resamples computed once."""

    def __init__(self, pools: dict[Run, Pool], measures: Measures, params: Params):
        self.pools, self.measures, self.params = pools, measures, params
        self.evaluation = resampling.Evaluation(pools, measures, params)
        self.seeds = self.evaluation.runs()
        first = next(iter(pools.values()))
        self.patient = np.unique(first.patients, return_inverse=True)[1]
        self._resamples: dict[Point, dict[Key, np.ndarray]] = {}

    def rows(self, against: str, a: Point, b: Point) -> list[tuple]:
        """Return a row in `COLUMNS` for each measure; what takes the other rows of its family is left empty."""
        seeds = sorted(self.seeds[a])
        if seeds != sorted(self.seeds[b]):
            raise InputError(
                f"predictions: arm {a[0]}, size {a[1]} was run with seeds {seeds}, arm {b[0]}, size {b[1]} with "
                f"{sorted(self.seeds[b])}; run both with the same seeds"
            )
        sums, tests = self._patient_sums(a, b, seeds), self._right_or_wrong(a, b, seeds)
        counted = self.measures.counted(self.pools[*a, seeds[0]])
        result = []
        for key in self.measures.compared():
            difference = self._measured(a)[key] - self._measured(b)[key]
            stream = seeding.stream(self.params.master_seed, "permutation", against, *a, *b, *key)
            if np.isnan(difference[0]):
                p = np.nan
            elif key in sums:
                p = paired_tests.sign_flip(sums[key], stream)
            else:
                p = self._swapped(a, b, seeds, key, stream)
            differing = np.abs(sums[key]) > 1e-9 if key in sums else self._differing(a, b, seeds)
            result.append(
                (
                    *(against, *a, *b, *key, *self.evaluation.summary(difference), p, np.nan),
                    *(tests if key[0] == self.measures.primary else (np.nan, np.nan)),
                    *(self._detectable(difference), "", int(differing.sum())),
                    *(len(np.unique(self.patient[counted[key]])), int(counted[key].sum()), len(seeds)),
                )
            )
        return result

    def _measured(self, point: Point) -> dict[Key, np.ndarray]:
        """Return the mean over seeds of each compared measure, arrays as of `resampling.Evaluation.measures`."""
        if point not in self._resamples:
            keys = self.measures.compared()
            by_seed = {seed: self.evaluation.measures(*point, seed, keys) for seed in self.seeds[point]}
            self._resamples[point] = {
                key: self.evaluation.over_seeds({seed: values[key] for seed, values in by_seed.items()}) for key in keys
            }
        return self._resamples[point]

    def _patient_sums(self, a: Point, b: Point, seeds: list[int]) -> dict[Key, np.ndarray]:
        """Return each patient's sum of what the units contribute to a more than to b, (patients,) float."""
        total: dict[Key, np.ndarray] = {}
        for seed in seeds:
            of_b = self.measures.contributions(self.pools[*b, seed])
            for key, of_a in self.measures.contributions(self.pools[*a, seed]).items():
                total[key] = total.get(key, 0) + of_a - of_b[key]
        return {key: np.bincount(self.patient, weights=difference) for key, difference in total.items()}

    def _right_or_wrong(self, a: Point, b: Point, seeds: list[int]) -> tuple[float, float]:
        """Return McNemar's p and that of its clustered form; not numbers where units are not right or wrong."""
        key = self.measures.primary, ALL
        by_seed, sums = [], np.zeros(self.patient.max() + 1)
        for seed in seeds:
            of_a, of_b = (self.measures.contributions(self.pools[*point, seed]).get(key) for point in (a, b))
            if of_a is None or not np.isin([of_a, of_b], [0, 1]).all():
                return np.nan, np.nan
            by_seed.append(paired_tests.mcnemar(int((of_a > of_b).sum()), int((of_b > of_a).sum())))
            sums += np.bincount(self.patient, weights=of_a - of_b)
        return float(np.median(by_seed)), paired_tests.clustered_mcnemar(sums)

    def _swapped(self, a: Point, b: Point, seeds: list[int], key: Key, stream: np.random.Generator) -> float:
        once = np.ones((1, len(self.patient)))

        def value(pool: Pool, other: Pool, exchanged: np.ndarray) -> float:
            mixed = joined([(pool, ~exchanged), (other, exchanged)])
            return self.measures.values(mixed, once, [key])[key][0]

        def difference(patients: np.ndarray) -> float:
            exchanged = patients[self.patient]
            both = [(self.pools[*a, seed], self.pools[*b, seed]) for seed in seeds]
            return float(np.mean([value(x, y, exchanged) - value(y, x, exchanged) for x, y in both]))

        return paired_tests.swap(difference, self.patient.max() + 1, stream)

    def _differing(self, a: Point, b: Point, seeds: list[int]) -> np.ndarray:
        """Return which patients have a unit that the two predict differently, (patients,) bool."""
        units = np.zeros(len(self.patient), dtype=bool)
        for seed in seeds:
            x, y = self.pools[*a, seed], self.pools[*b, seed]
            for field in fields(x):
                unequal = getattr(x, field.name) != getattr(y, field.name)
                units |= unequal.reshape(len(units), -1).any(axis=1)
        return np.bincount(self.patient, weights=units) > 0

    def _detectable(self, difference: np.ndarray) -> float:
        error = self.evaluation.standard_error(difference)
        return (ndtri((1 + self.params.confidence) / 2) + ndtri(POWER)) * error if error > 0 else np.nan
