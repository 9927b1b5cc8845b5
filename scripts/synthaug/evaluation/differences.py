"""The difference of two arms: how uncertain it is over other patients and other trainings, and what follows from it.

Patients and trainings are both samples. A seed draws new folds, generators and classifiers, so the difference of two
arms varies between seeds for every patient alike, besides what it varies between patients. That is the model of
Obuchowski and Rockette (Commun. Stat. Simul. Comput. 24:285, 1995) for readers and cases, with trainings in the place
of readers: the variance of the mean is that between the seeds plus the covariance that the seeds have because they
share their patients, which leaving out each patient in turn estimates. The degrees of freedom are Satterthwaite's
(Hillis, Stat. Med. 26:596, 2007, adds those of the patients). With one seed only patients vary: what follows then
speaks of these trainings.

Interval and tests are of one t statistic, so they never contradict each other. What excludes a margin is a little
stricter than the interval: it takes the spread of the patients around the margin, as score tests do (Tango, Stat. Med.
17:891, 1998), because proportions spread less where they happen to be extreme.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special  # not scipy.stats, a second's import

POWER = 0.8  # of the smallest difference called detectable


@dataclass(frozen=True)
class Difference:
    """An estimate with Student's t.

    Attributes
    ----------
    value : float
        The mean over the seeds.
    error : float
        Its standard error; not a number where it cannot be known, as where no patient differs.
    freedom : float
        Degrees of freedom.
    patients : int
        Those whom the measure counts.
    """

    value: float
    error: float
    freedom: float
    patients: int

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the two-sided interval; not numbers without a standard error."""
        reach = self.error * special.stdtrit(self.freedom, (1 + confidence) / 2)
        return self.value - reach, self.value + reach

    def p(self) -> float:
        """Return the two-sided p of no difference."""
        return float(2 * special.stdtr(self.freedom, -abs(self.value / self.error)))

    def p_of_gain(self, margin: float) -> float:
        """Return the one-sided p of a difference of at least ``margin``; a small one excludes such a gain."""
        return float(special.stdtr(self.freedom, self._beyond(margin)))

    def probability(self, margin: float) -> float:
        """Return the probability that the true difference is larger than ``margin``, if all were equally likely before.

        With such a flat prior the posterior is the t distribution about the value.
        """
        return float(special.stdtr(self.freedom, (self.value - margin) / self.error))

    def p_of_inequality(self, margin: float) -> float:
        """Return the p of a difference of at least ``margin`` either way, by two one-sided tests (Schuirmann 1987).

        A small one says that the arms are equivalent within the margin.
        """
        loss = special.stdtr(self.freedom, -self._beyond(-margin))
        return float(max(self.p_of_gain(margin), loss))

    def detectable(self, level: float) -> float:
        """Return the true difference that would have been shown with a power of 80 % at the two-sided ``level``."""
        return float(self.error * (special.stdtrit(self.freedom, 1 - level / 2) + special.stdtrit(self.freedom, POWER)))

    def _beyond(self, margin: float) -> float:
        """Return how many standard errors the value lies above ``margin``, with the patients' spread around it."""
        distance = self.value - margin
        return distance / np.sqrt(self.error**2 + distance**2 / max(self.patients - 1, 1))


def estimate(by_seed: np.ndarray) -> Difference:
    """Estimate the mean over seeds of a difference of two arms.

    Parameters
    ----------
    by_seed : (seeds, 1 + patients) float array
        Each seed's difference, then those without each of the patients whom the measure counts.
    """
    values, left_out = by_seed[:, 0], by_seed[:, 1:]
    seeds, patients = left_out.shape
    mean = float(values.mean())
    if patients < 2 or not np.isfinite(by_seed).all():
        return Difference(mean, np.nan, np.nan, patients)
    deviation = left_out - left_out.mean(axis=1, keepdims=True)
    covariance = (patients - 1) / patients * deviation @ deviation.T
    if seeds == 1:
        shared, own = float(covariance[0, 0]), 0.0
    else:
        shared = max(float(covariance[~np.eye(seeds, dtype=bool)].mean()), 0.0)
        own = float(values.var(ddof=1)) / seeds
    variance = shared + own
    if variance <= np.finfo(float).eps:
        return Difference(mean, np.nan, np.nan, patients)
    freedom = variance**2 / (shared**2 / (patients - 1) + own**2 / max(seeds - 1, 1))
    return Difference(mean, float(np.sqrt(variance)), freedom, patients)
