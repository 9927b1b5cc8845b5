"""The intervals, tests and verdicts keep their promises on simulated cohorts of known truth.

A cohort is as large as the reference paper's: 182 lesions, here in 127 patients. Whether a classifier has a lesion
right is a threshold on a normal variable with parts of the patient (variance 0.2), of the patient and classifier (0.1),
of the lesion (0.35) and of neither (0.35), so errors go together within patients and between classifiers, and each
classifier's accuracy is known.
"""

import numpy as np
import pytest
from scipy import stats as reference

from synthaug.classification import measures
from synthaug.evaluation import comparisons, paired_tests, resampling

LESIONS = np.repeat([1, 2, 3, 4], [90, 25, 6, 6])  # of each patient
PATIENT = np.repeat(np.arange(len(LESIONS)), LESIONS)
N = len(PATIENT)
ONE_EACH = np.arange(N)
OF_PATIENT, OF_BOTH, OF_LESION, REST = 0.2, 0.1, 0.35, 0.35
PAPER = (156 / 182, 143 / 182)  # accuracy with and without synthetic images
SIMULATED = 2500
CLASSES = ["a", "b"]
KEY = ("accuracy", "all")
MEASURES = measures.Classification(CLASSES)


def cohort(generator, accuracies, patient=PATIENT, *, seeds=1, seed_variance=0.0, shifts=0.0):
    """Return who is right, (classifiers, seeds, lesions) bool.

    ``seed_variance`` is that part of the variance of neither that each training draws anew, and ``shifts`` the
    standard deviation of what a training adds to all lesions.
    """

    def normal(variance, *shape):
        return np.sqrt(variance) * generator.standard_normal(shape)

    patients = patient.max() + 1
    shared = normal(OF_PATIENT, patients)[patient] + normal(OF_LESION, N)
    right = []
    for accuracy in accuracies:
        own = shared + normal(OF_BOTH, patients)[patient] + normal(REST - seed_variance, N)
        trained = own + normal(seed_variance, seeds, N) + normal(shifts**2, seeds, 1)
        right.append(trained < reference.norm.ppf(accuracy) * np.sqrt(1 + shifts**2))
    return np.array(right)


def standard_error_of_difference(accuracies, patient=PATIENT):
    """Return it in closed form, from the joint probabilities of two correlated normal variables."""
    cut = reference.norm.ppf(accuracies)

    def both(i, j, correlation):
        return reference.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]]).cdf(cut[[i, j]])

    squared = np.subtract(*accuracies) ** 2
    variance = accuracies[0] + accuracies[1] - 2 * both(0, 1, OF_PATIENT + OF_LESION) - squared
    within = OF_PATIENT + OF_BOTH
    covariance = both(0, 0, within) + both(1, 1, within) - 2 * both(0, 1, OF_PATIENT) - squared
    lesions = np.bincount(patient)
    return np.sqrt((lesions * variance + lesions * (lesions - 1) * covariance).sum()) / N


def analysed(right, patient, master_seed, bootstrap=600):
    """Return the two accuracies' summaries, that of their difference, its standard error and the permutation p."""
    truth = np.arange(N) % 2
    pools = {
        (arm, "0", seed): measures.ClassPool(
            units=np.arange(N), patients=patient, truth=truth, fold=truth, scores=np.zeros((N, 2)),
            predicted=np.where(of_seed, truth, 1 - truth),
        )
        for arm, of_arm in zip("ab", right, strict=True)
        for seed, of_seed in enumerate(of_arm)
    }  # fmt: skip
    evaluation = resampling.Evaluation(pools, MEASURES, resampling.Params(master_seed, 2, bootstrap, 0.95))
    accuracy = [
        evaluation.over_seeds(
            {
                seed: evaluation.measures(arm, "0", seed, [("accuracy", "all")])["accuracy", "all"]
                for seed in range(right.shape[1])
            }
        )
        for arm in "ab"
    ]
    difference = accuracy[0] - accuracy[1]
    sums = np.bincount(patient, weights=(right[0].astype(float) - right[1]).sum(axis=0))
    p = paired_tests.sign_flip(sums, np.random.default_rng(master_seed))
    return [
        *(evaluation.summary(values) for values in (*accuracy, difference)),
        evaluation.standard_error(difference),
        p,
    ]


def is_between(share, low, high, simulated=SIMULATED):
    """Say whether the 95 % interval of a simulated share lies between two values."""
    error = 1.96 * np.sqrt(share * (1 - share) / simulated)
    return low <= share - error and share + error <= high


def is_at_most(share, nominal, simulated=SIMULATED):
    return share <= nominal + 1.645 * np.sqrt(nominal * (1 - nominal) / simulated)


@pytest.mark.slow
def test_without_a_difference():
    """Both classifiers have 80 % right: 95 % intervals hold the truth in 93 to 97 %, and 5 % is not exceeded."""
    generator = np.random.default_rng(1)
    covered, rejected, decided = np.zeros(2), 0, 0
    for i in range(SIMULATED):
        one, _, difference, _, p = analysed(cohort(generator, (0.8, 0.8)), PATIENT, i)
        covered += [one[1] <= 0.8 <= one[2], difference[1] <= 0 <= difference[2]]
        rejected += p <= 0.05
        decided += comparisons.verdict(*difference[1:], p, 0.95, 0.03, 10) in (comparisons.GAIN, comparisons.LOSS)
    assert is_between(covered[0] / SIMULATED, 0.93, 0.97)
    assert is_between(covered[1] / SIMULATED, 0.93, 0.97)
    assert is_at_most(rejected / SIMULATED, 0.05)
    assert is_at_most(decided / SIMULATED, 0.05)
    assert rejected > 0.02 * SIMULATED  # nor is the test idle


@pytest.mark.slow
def test_with_the_papers_difference():
    """78.6 to 85.7 %: intervals hold the difference; a gain is called as often as the closed form says.

    Sums of whole lesions are discrete, and a test of them is exact, so half a step is taken off (as in a continuity
    correction).
    """
    generator = np.random.default_rng(2)
    simulated = 1000
    gain = PAPER[0] - PAPER[1]
    covered, rejected, gains, losses, errors = 0, 0, 0, 0, []
    for i in range(simulated):
        *_, difference, error, p = analysed(cohort(generator, PAPER), PATIENT, i)
        covered += difference[1] <= gain <= difference[2]
        rejected += p <= 0.05
        said = comparisons.verdict(*difference[1:], p, 0.95, 0.03, 10)
        gains, losses = gains + (said == comparisons.GAIN), losses + (said == comparisons.LOSS)
        errors.append(error)
    error = standard_error_of_difference(np.array(PAPER))
    assert np.mean(errors) == pytest.approx(error, rel=0.03)
    power = reference.norm.cdf((gain - 1 / N) / error - 1.96)
    assert rejected / simulated == pytest.approx(power, abs=0.047)  # 3 standard errors
    assert gains / simulated == pytest.approx(power, abs=0.047)
    assert losses == 0
    assert is_between(covered / simulated, 0.925, 0.975, simulated)


def test_power_with_one_lesion_a_patient():
    """Then the permutation test is McNemar's, whose power is a sum over the counts of discordant lesions."""
    generator = np.random.default_rng(3)
    simulated = 2000
    cut = reference.norm.ppf(PAPER)
    shared = OF_PATIENT + OF_LESION
    both = reference.multivariate_normal([0, 0], [[1, shared], [shared, 1]]).cdf(cut)
    only_a, only_b = PAPER[0] - both, PAPER[1] - both
    discordant = np.arange(N + 1)
    power = 0.0
    for m, chance in enumerate(reference.binom.pmf(discordant, N, only_a + only_b)):
        x = np.arange(m + 1)
        # Two-sided and symmetric: the smaller tail, twice.
        p = np.minimum(2 * reference.binom.cdf(np.minimum(x, m - x), m, 0.5), 1)
        power += chance * reference.binom.pmf(x, m, only_a / (only_a + only_b))[p <= 0.05].sum()
    rejected = 0
    for _ in range(simulated):
        a, b = cohort(generator, PAPER, ONE_EACH)[:, 0]
        rejected += paired_tests.sign_flip(a.astype(float) - b, generator) <= 0.05
    assert rejected / simulated == pytest.approx(power, abs=3 * np.sqrt(power * (1 - power) / simulated))


@pytest.mark.slow
def test_several_seeds_cover_new_trainings():
    """Three trainings, each of which shifts all lesions a little: intervals hold 0, at least as often as they say.

    Where trainings only flip lesions, without a shift, they are wider than need be. Patients alone would not do.
    """
    generator = np.random.default_rng(4)
    simulated = 400
    for shifts in (0.1, 0.0):
        covered = patients_only = decided = 0
        for i in range(simulated):
            right = cohort(generator, (0.8, 0.8), seeds=3, seed_variance=0.25, shifts=shifts)
            *_, difference, _, p = analysed(right, PATIENT, i)
            covered += difference[1] <= 0 <= difference[2]
            decided += comparisons.verdict(*difference[1:], p, 0.95, 0.03, 10) in (comparisons.GAIN, comparisons.LOSS)
            mean = np.bincount(PATIENT, weights=(right[0].astype(float) - right[1]).mean(axis=0))
            patients_only += abs(mean.sum()) <= 1.96 * np.sqrt(np.square(mean).sum())
        assert is_at_most(1 - covered / simulated, 0.05, simulated)
        assert is_at_most(decided / simulated, 0.05, simulated)
        if shifts:
            assert patients_only / simulated < 0.9
