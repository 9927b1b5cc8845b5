"""Which arms differ, and what this cohort can say about it: paired comparisons, their tests and verdicts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.evaluation import differences, multiplicity, operating_points, paired_tests, resampling
from synthaug.evaluation.differences import Difference
from synthaug.evaluation.measures import Key, Measures, Planned, Point, Pool, joined
from synthaug.evaluation.pools import Run
from synthaug.terms import arms, sizes
from synthaug.terms.totals import ALL

GROUP, BEST, NUMBER, STEPS = ("classic group", "best classic", "equal number", "online at equal steps")
NONE, BEST_AT_RULE = arms.NONE, "best classic, at the operating point"
GAIN, WORSE, EQUIVALENT = "gain", "worse", "equivalent"
LIKELY_WORSE, NO_GAIN, UNDECIDABLE = "likely worse", "no gain", "undecidable"
FEWEST = 10  # patients who must differ before a gain is excluded: of fewer a standard error is not to be trusted
SEEDS = 5  # from which a comparison speaks of other trainings too
COLUMNS = [
    *("against", "arm_a", "size_a", "arm_b", "size_b", "metric", "class", "delta", "low", "high", "error"),
    *("p", "p_adjusted", "p_no_gain", "p_equivalent", "p_mcnemar", "p_clustered", "detectable", "detectable_adjusted"),
    *("probability_gain", "probability_of_interest"),
    *("primary", "verdict", "speaks_of", "differing", "patients", "units", "seeds"),
]  # of comparisons.csv; units bears the name of the task's, such as lesions
THESE, ALL_TRAININGS = "these trainings", "other trainings too"


@dataclass(frozen=True)
class Params(resampling.Params):
    """What the comparisons need of the config."""

    smallest_gain: float  # the smallest gain of interest, a fraction, set before any result
    primary: str | None  # the arm whose comparison with the reference is the primary one, set before any result
    operating_point: str  # the rule at which it is


def table(pools: dict[Run, Pool], choice: pd.DataFrame, measures: Measures, params: Params) -> pd.DataFrame:
    """Compare the arms in the measures that the task names: the rows of ``comparisons.csv``, in fractions.

    ``delta`` is the difference of the means over seeds. Its interval, ``error`` (the standard error) and tests are of
    one t statistic (`differences`), over patients and, with several seeds, over trainings; ``speaks_of`` says of which
    trainings that holds. ``p`` is the larger of two: of that statistic, and of a test by patients that is exact for
    these trainings, however few they differ in (`paired_tests`). So where it shows a difference the interval excludes
    0.

    ``p_adjusted``, ``p_no_gain`` and ``p_equivalent`` are of no difference, of a gain of interest and of a difference
    of interest either way, each corrected over the rows of one ``against``, metric and class. In the family of the
    primary comparison that one is tested first, see `multiplicity`. The choice of sizes on the test folds in "best
    classic" (it favours `classic`) and "published" (optimistic) is not corrected for.

    ``p_mcnemar`` and ``p_clustered`` are of the primary measure only, where a unit is right or wrong. The first takes
    units for independent; with several seeds it is the median of theirs. The second is its version for several units
    per patient, over all seeds. ``detectable`` is the true difference that this cohort would have shown with a power
    of 80 % by itself, ``detectable_adjusted`` after correction as if by Bonferroni's method. ``probability_gain`` and
    ``probability_of_interest`` are those of any gain and of one of interest, with a flat prior: aids to reading, of
    which no verdict is made. Patients and units are those that the measure counts; ``differing`` is the number of
    patients in whom the arms differ.

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
    run, best = dict.fromkeys(run[:2] for run in pools), best_classic(pools, measures)
    references = [(NONE, (arms.CLASSIC, "0"), True), (BEST_AT_RULE, best, False)]
    planned, pools = measures.planned(list(run)), dict(pools)
    if planned is None:
        planned = pairs(pools, measures)
    for rule in operating_points.RULES:
        at_rule = operating_points.at(pools, choice, rule)
        pools |= at_rule
        there = list(dict.fromkeys(arm for arm, *_ in at_rule))
        if measures.reference in there:
            planned += [(rule, (arm, rule), (measures.reference, rule)) for arm in there if arm != measures.reference]
        if rule == params.operating_point:
            planned += [
                (against, (arm, rule), other)
                for against, other, with_classic in references
                for arm in there
                if other in run and (with_classic or arm != arms.CLASSIC)
            ]
    return of_pairs(pools, planned, measures, params)


def of_pairs(pools: dict[Run, Pool], planned: list[Planned], measures: Measures, params: Params) -> pd.DataFrame:
    """Compare the two points of each of ``planned``: the rows that `table` returns, corrected in the same families."""
    comparison = _Comparison(pools, measures, params)
    rows = pd.DataFrame([row for pair in planned for row in comparison.rows(*pair)], columns=[*COLUMNS, "freedom"])
    families = [family.index for _, family in rows.groupby(["against", "metric", "class"], sort=False)]
    for family in families:
        _correct(rows, family, params)
    level = 1 - params.confidence
    rows["verdict"] = [
        verdict(row.delta, row.high, row.p_adjusted, row.p_no_gain, row.p_equivalent, level, row.differing)
        for row in rows.itertuples(index=False)
    ]
    return rows[COLUMNS].rename(columns={"units": f"{measures.unit}s"})


def pairs(pools: dict[Run, Pool], measures: Measures) -> list[Planned]:
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


def verdict(
    delta: float, high: float, p_difference: float, p_no_gain: float, p_equivalent: float, level: float, differing: int
) -> str:
    """Say what a comparison shows; the first that applies, by adjusted p values.

    `gain` and `worse`: there is a difference, at the two-sided ``level``. `equivalent`: a difference of interest is
    excluded either way, each at half of the level. `no gain`: a gain of interest is excluded, likewise; `likely worse`
    if moreover the interval, of which ``high`` is the upper bound, lies below 0. No correction for other comparisons
    is in that interval, so harm is not shown. `undecidable`: otherwise, and where the arms differ in fewer than
    `FEWEST` patients, who exclude nothing.

    >>> verdict(0.05, 0.09, 0.02, 0.9, 0.9, 0.05, 20), verdict(0.05, 0.12, 0.20, 0.6, 0.9, 0.05, 20)
    ('gain', 'undecidable')
    """
    if p_difference < level:
        return GAIN if delta > 0 else WORSE
    if differing >= FEWEST and p_equivalent < level / 2:
        return EQUIVALENT
    if differing >= FEWEST and p_no_gain < level / 2:
        return LIKELY_WORSE if high < 0 else NO_GAIN
    return UNDECIDABLE


def _correct(rows: pd.DataFrame, family: pd.Index, params: Params) -> None:
    """Correct the p values of one family of ``rows`` in place, and say what it could have detected."""
    primary = next((place for place, row in enumerate(family) if rows.loc[row, "primary"]), None)
    gatekept, fallback = multiplicity.gatekept, multiplicity.fallback
    for column, method in (("p_adjusted", gatekept), ("p_no_gain", fallback), ("p_equivalent", fallback)):
        rows.loc[family, column] = method(rows.loc[family, column].to_numpy(dtype=float), primary)
    others = len(family) - (primary is not None)
    for place, row in enumerate(family):
        level = (1 - params.confidence) / (1 if place == primary else max(others, 1))
        of_row = Difference(*rows.loc[row, ["delta", "error", "freedom", "patients"]].to_numpy(dtype=float))
        rows.loc[row, "detectable_adjusted"] = of_row.detectable(level)


class _Comparison:
    """Rows of pairs of points, with the measures of each point computed once."""

    def __init__(self, pools: dict[Run, Pool], measures: Measures, params: Params):
        self.pools, self.measures, self.params = pools, measures, params
        self.evaluation = resampling.Evaluation(pools, measures, params)
        self.seeds = self.evaluation.runs()
        first = next(iter(pools.values()))
        self.patient = np.unique(first.patients, return_inverse=True)[1]
        self._measured: dict[Run, dict[Key, np.ndarray]] = {}

    def rows(self, against: str, a: Point, b: Point) -> list[dict[str, object]]:
        """Return a row for each measure; its p values are not corrected yet, and there is no verdict."""
        seeds = sorted(self.seeds[a])
        if seeds != sorted(self.seeds[b]):
            raise InputError(
                f"predictions: arm {a[0]}, size {a[1]} was run with seeds {seeds}, arm {b[0]}, size {b[1]} with "
                f"{sorted(self.seeds[b])}; run both with the same seeds"
            )
        sums, tests = self._patient_sums(a, b, seeds), self._right_or_wrong(a, b, seeds)
        counted, exact = self.measures.counted(self.pools[*a, seeds[0]]), self._exact(against, a, b, seeds, sums)
        params, level = self.params, 1 - self.params.confidence
        is_primary = against == params.operating_point and a[0] == params.primary
        result = []
        for key in self.measures.compared():
            patients = np.unique(self.patient[counted[key]])
            found = self._difference(a, b, seeds, key, patients)
            low, high = found.interval(params.confidence)
            p = max(exact[key], found.p()) if found.value == found.value else np.nan
            mcnemar, clustered = tests if key[0] == self.measures.primary else (np.nan, np.nan)
            differing = np.abs(sums[key]) > 1e-9 if key in sums else self._differing(a, b, seeds, key)
            result.append(
                {
                    "against": against, "arm_a": a[0], "size_a": a[1], "arm_b": b[0], "size_b": b[1],
                    "metric": key[0], "class": key[1], "delta": found.value, "low": low, "high": high,
                    "error": found.error, "freedom": found.freedom, "p": p, "p_adjusted": p,
                    "p_no_gain": found.p_of_gain(params.smallest_gain),
                    "p_equivalent": found.p_of_inequality(params.smallest_gain),
                    "p_mcnemar": mcnemar, "p_clustered": clustered, "detectable": found.detectable(level),
                    "detectable_adjusted": np.nan, "probability_gain": found.probability(0),
                    "probability_of_interest": found.probability(params.smallest_gain),
                    "primary": is_primary and key == (self.measures.primary, ALL),
                    "verdict": "", "speaks_of": ALL_TRAININGS if len(seeds) >= SEEDS else THESE,
                    "differing": int(differing.sum()), "patients": len(patients), "units": int(counted[key].sum()),
                    "seeds": len(seeds),
                }
            )  # fmt: skip
        return result

    def _difference(self, a: Point, b: Point, seeds: list[int], key: Key, patients: np.ndarray) -> Difference:
        rows = np.concatenate([[0], 1 + patients])  # the value, and those without a patient whom the measure counts
        by_seed = [self._values((*a, seed))[key][rows] - self._values((*b, seed))[key][rows] for seed in seeds]
        return differences.estimate(np.array(by_seed))

    def _values(self, run: Run) -> dict[Key, np.ndarray]:
        if run not in self._measured:
            self._measured[run] = self.evaluation.without_each(run, self.measures.compared())
        return self._measured[run]

    def _exact(
        self, against: str, a: Point, b: Point, seeds: list[int], sums: dict[Key, np.ndarray]
    ) -> dict[Key, float]:
        """Return the p of the test of each measure that is exact for these trainings."""

        def stream(key: Key) -> np.random.Generator:
            return seeding.stream(self.params.master_seed, "permutation", against, *a, *b, *key)

        keys = self.measures.compared()
        result = {key: paired_tests.sign_flip(sums[key], stream(key)) for key in keys if key in sums}
        others = [key for key in keys if key not in sums]
        if others:
            p = self._swapped(a, b, seeds, others, stream(others[0]))
            result |= dict(zip(others, map(float, p), strict=True))
        return result

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

    def _swapped(
        self, a: Point, b: Point, seeds: list[int], keys: list[Key], stream: np.random.Generator
    ) -> np.ndarray:
        everything = np.ones(len(self.patient), dtype=bool)
        # Sorted by unit, so that of each unit that of a comes first, then that of b; which of them counts is a weight.
        both = [joined([(self.pools[*point, seed], everything) for point in (a, b)]) for seed in seeds]

        def measured(pool: Pool, weights: np.ndarray) -> np.ndarray:
            values = self.measures.values(pool, weights.astype(float), keys)
            return np.stack([values[key] for key in keys], axis=1)

        def differences(swapped: np.ndarray) -> np.ndarray:
            exchanged = np.repeat(swapped[:, self.patient], 2, axis=1)
            exchanged[:, ::2] ^= True
            return np.mean([measured(pool, exchanged) - measured(pool, ~exchanged) for pool in both], axis=0)

        return paired_tests.swap(differences, self.patient.max() + 1, stream)

    def _differing(self, a: Point, b: Point, seeds: list[int], key: Key) -> np.ndarray:
        """Return which patients have a unit that differs for this measure with any of the seeds, (patients,) bool."""
        by_seed = [self.measures.differing(self.pools[*a, seed], self.pools[*b, seed], key) for seed in seeds]
        return np.bincount(self.patient, weights=np.any(by_seed, axis=0)) > 0
