"""How many patients show a gain: studies of the cohort's own patients, drawn anew, in which a gain is planted.

A study has as many patients as are asked about, drawn with replacement, each with all units and with what two arms
predict of them. In the arm that is compared, units that are wrong become right at random (or right ones wrong, where
the cohort's own difference is larger), so that the mean gain is what is asked about. Then the test of the report
follows: the t statistic over patients and trainings, and the exact one of whole patients. With several seeds a unit
changes in all of them alike, and the gain of each seed varies as much as the cohort's seeds vary beyond what their
patients explain. Nothing is supposed of how patients vary; what is supposed is that other patients are like these.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from synthaug import seeding
from synthaug.evaluation import differences, observed_variation, paired_tests, study_size
from synthaug.evaluation.measures import Measures, Pool
from synthaug.evaluation.observed_variation import Observed
from synthaug.evaluation.pools import Run
from synthaug.terms.totals import ALL

GAINS = (0.03, 0.05, 0.07)  # that are asked about, besides the config's smallest gain; fractions
POWER = 0.8
SCALES = (0.6, 0.8, 1.0, 1.3, 1.7)  # of a first guess: the numbers of patients at which studies are drawn
STUDIES, MORE = 100, 500  # at each of these numbers, and at the number that these give, which is then corrected
ROUNDS = 3  # of guesses
FEWEST, MOST = 10, 5_000  # patients of a study; one that needs more is none


@dataclass(frozen=True)
class Pair:
    """Two arms in one cohort, a row for each patient; units fill rows from the left, the rest is empty.

    Attributes
    ----------
    ahead : (seeds, patients, units) int array
        1 where only the arm has a unit right, -1 where only the reference has.
    right : (seeds, patients, units) bool array
        What the arm has right.
    there : (patients, units) bool array
        Where a patient has a unit.
    """

    ahead: np.ndarray
    right: np.ndarray
    there: np.ndarray

    @property
    def delta(self) -> np.ndarray:
        """The arm's gain at each seed of this cohort, (seeds,) fractions."""
        return self.ahead.sum(axis=(1, 2)) / self.there.sum()

    @property
    def shift(self) -> float:
        """The standard deviation of the gain between seeds beyond what their patients explain; 0 with one seed."""
        seeds, patients = self.ahead.shape[:2]
        if seeds == 1:
            return 0.0
        units, sums = self.there.sum(axis=1), self.ahead.sum(axis=2)
        left_out = (sums.sum(axis=1, keepdims=True) - sums) / (units.sum() - units)
        covariance = (patients - 1) / patients * (patients - 1) * np.cov(left_out)
        explained = covariance.diagonal().mean() - covariance[~np.eye(seeds, dtype=bool)].mean()
        return float(np.sqrt(max(self.delta.var(ddof=1) - explained, 0.0)))

    def changed(self, gain: float | np.ndarray) -> np.ndarray:
        """Return the probability with which a wrong unit becomes right at each seed so that the mean gain is ``gain``.

        A negative one is that with which a right unit becomes wrong; it is beyond -1 or 1 where that is not enough.
        """
        right = (self.right & self.there).sum(axis=(1, 2)) / self.there.sum()
        lack = gain - self.delta
        available = np.where(lack > 0, 1 - right, right)
        return np.divide(lack, available, out=np.full(len(lack), np.inf), where=available > 0)


def pair(pools: dict[Run, Pool], measures: Measures, arm: str, rule: str) -> Pair | None:
    """Return the arm and the reference at a rule; None where units are not right or wrong."""
    key, seeds = (measures.primary, ALL), sorted(seed for name, _, seed in pools if name == arm)
    ahead, right = [], []
    for seed in seeds:
        pool = pools[arm, rule, seed]
        one, other = (measures.contributions(each).get(key) for each in (pool, pools[measures.reference, rule, seed]))
        if one is None or not np.isin([one, other], [0, 1]).all():
            return None
        place = _places(pool.patients)
        shape = tuple(np.max(place, axis=1) + 1)
        filled = [np.zeros(shape, dtype=int) for _ in range(2)]
        for array, values in zip(filled, (one - other, one), strict=True):
            array[place] = values
        there = np.zeros(shape, dtype=bool)
        there[place] = True
        ahead.append(filled[0])
        right.append(filled[1].astype(bool))
    return Pair(np.array(ahead), np.array(right), there)


def table(
    pools: dict[Run, Pool], observed: Observed, measures: Measures, params: observed_variation.Params
) -> pd.DataFrame:
    """Return how many patients show each gain with a power of 80 % in one comparison: ``simulated_power.csv``.

    Numbers are missing where no number that is looked at is
    enough, and there are no rows where units are not right or wrong, or the arms never differ.
    """
    found, rows = pair(pools, measures, observed.arm, params.operating_point), []
    if found is not None and not np.isnan(observed.error):
        for gain in sorted({params.smallest_gain, *GAINS}):
            generator = seeding.stream(params.master_seed, "planted gain", f"{gain:g}")
            rows.append((observed.arm, gain, *_needed(found, observed, gain, params.confidence, generator)))
    columns = ["arm", "gain", "patients_needed", f"{measures.unit}s_needed"]
    result = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], "Int64"))
    return result.assign(power=POWER, patients=observed.patients, seeds=observed.seeds)


def power(
    cohort: Pair, gain: float, patients: int, studies: int, level: float, generator: np.random.Generator
) -> float:
    """Return the share of ``studies`` of so many patients in which the report's test claims the gain."""
    own, shift, claimed = len(cohort.there), cohort.shift, 0
    for _ in range(studies):
        drawn = generator.integers(0, own, patients)
        ahead, right, there = cohort.ahead[:, drawn], cohort.right[:, drawn], cohort.there[drawn]
        chance = cohort.changed(gain + shift * generator.standard_normal(len(ahead)))[:, np.newaxis, np.newaxis]
        changes = (generator.random(ahead.shape) < np.abs(chance)) & there
        ahead = ahead + np.where(chance > 0, changes & ~right, -1 * (changes & right))
        claimed += is_gain(ahead.sum(axis=-1), there.sum(axis=-1), level, generator)
    return claimed / studies


def is_gain(sums: np.ndarray, units: np.ndarray, level: float, generator: np.random.Generator) -> bool:
    """Return whether a study of one comparison claims a gain, by the two tests of `comparisons`.

    Parameters
    ----------
    sums : (seeds, patients) int array
        Of each patient's units that only the arm has right, less those that only the reference has.
    units : (patients,) int array
        How many units each has.
    """
    total = sums.sum(axis=1, keepdims=True)
    left_out = (total - sums) / (units.sum() - units)
    found = differences.estimate(np.concatenate([total / units.sum(), left_out], axis=1))
    if np.isnan(found.error) or found.value <= 0 or found.p() >= level:
        return False
    return paired_tests.sign_flip(sums.sum(axis=0), generator) < level


def _needed(
    cohort: Pair, observed: Observed, gain: float, confidence: float, generator: np.random.Generator
) -> tuple[int | None, int | None]:
    """Return the patients and units that show ``gain``."""
    guess = study_size.patients_needed(observed.error, observed.patients, gain, confidence, POWER)
    guess, points = min(guess, MOST), _Points()

    def simulate(patients: float, studies: int) -> None:
        whole = int(np.clip(np.ceil(patients), FEWEST, MOST))
        points.add(whole, studies, power(cohort, gain, whole, studies, 1 - confidence, generator))

    if (np.abs(cohort.changed(gain)) > 1).any():
        return None, None
    for _ in range(ROUNDS):
        for scale in SCALES:
            simulate(scale * guess, STUDIES)
        found = points.reached()
        if found is None or SCALES[0] * guess <= found <= SCALES[-1] * guess or not FEWEST < found < MOST:
            break
        guess = min(found, MOST)
    if found is None or found >= MOST:
        return None, None
    simulate(found, MORE)
    patients = study_size.up(max(points.reached() or found, FEWEST))
    return patients, study_size.up(patients * observed.units / observed.patients)


class _Points:
    """How often gains were claimed at several numbers of patients."""

    def __init__(self):
        self.patients, self.studies, self.claimed = [], [], []

    def add(self, patients: int, studies: int, share: float) -> None:
        """Add studies of so many patients, a share of which claimed the gain."""
        self.patients.append(patients)
        self.studies.append(studies)
        self.claimed.append(share * studies)

    def reached(self) -> float | None:
        """Return where the power reaches `POWER`; None where it does not grow.

        The normal quantile of the power is about a straight line over the root of the number of patients. It is fitted
        by least squares, each point with the weight that its binomial error gives it.
        """
        studies = np.array(self.studies)
        share = (np.array(self.claimed) + 0.5) / (studies + 1)
        quantile = ndtri(share)
        weight = np.exp(-(quantile**2) / 2) * np.sqrt(studies / (share * (1 - share)))
        root = np.sqrt(self.patients)
        if np.ptp(root) == 0:
            return float(self.patients[0]) if share.mean() >= POWER else None
        slope, start = np.polyfit(root, quantile, 1, w=weight)
        return max((ndtri(POWER) - start) / slope, 0.0) ** 2 if slope > 0 else None


def _places(patients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the row of each unit's patient, and its number among that patient's units; two (n,) int arrays."""
    _, row, counts = np.unique(patients, return_inverse=True, return_counts=True)
    order = np.argsort(row, kind="stable")
    number = np.empty(len(row), dtype=int)
    number[order] = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return row, number
