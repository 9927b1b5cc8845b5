"""The paired tests against each other, SciPy, hand-worked examples and the reference paper's own numbers."""

import itertools

import numpy as np
import pytest
from scipy import stats

from synthaug.evaluation import paired_tests


def enumerated(sums):
    """Return the sign-flip p by going through every pattern."""
    totals = [abs(np.dot(signs, sums)) for signs in itertools.product((-1, 1), repeat=len(sums))]
    return np.mean(np.array(totals) >= abs(sum(sums)) - 1e-9)


@pytest.mark.parametrize("sums", [[1, 1, 1, -1, 0, 2], [3, -1, -1], [5], [2, -2], [1] * 9 + [-1] * 2])
def test_whole_numbers_are_exact(sums):
    assert paired_tests.sign_flip(np.array(sums, dtype=float), None) == pytest.approx(enumerated(sums))


def test_few_patients_with_fractions_are_exact():
    sums = np.random.default_rng(0).normal(0.3, 1, 10)
    assert paired_tests.sign_flip(sums, None) == pytest.approx(enumerated(sums))


def test_agrees_with_scipy():
    sums = np.random.default_rng(1).integers(-2, 4, 12).astype(float)
    reference = stats.permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert paired_tests.sign_flip(sums, None) == pytest.approx(reference.pvalue)


def test_random_sign_flips_approach_the_exact_p_and_repeat():
    whole = np.random.default_rng(2).integers(-2, 4, 60).astype(float)
    exact = paired_tests.sign_flip(whole, None)
    drawn = [paired_tests.sign_flip(whole / 10, np.random.default_rng(seed)) for seed in (3, 3)]
    assert drawn[0] == drawn[1]
    error = np.sqrt(exact * (1 - exact) / paired_tests.PERMUTATIONS)
    assert drawn[0] == pytest.approx(exact, abs=4 * error)
    assert drawn[0] != exact
    assert paired_tests.sign_flip(np.full(60, 0.1), np.random.default_rng(4)) == 1 / (1 + paired_tests.PERMUTATIONS)


def test_no_difference_has_p_1():
    assert paired_tests.sign_flip(np.zeros(5), None) == 1
    assert paired_tests.mcnemar(0, 0) == 1
    assert paired_tests.clustered_mcnemar(np.zeros(5)) == 1


@pytest.mark.parametrize(("only_a", "only_b"), [(10, 2), (25, 12), (3, 3), (0, 6)])
def test_one_lesion_a_patient_is_the_exact_mcnemar_test(only_a, only_b):
    sums = np.repeat([1.0, -1.0, 0.0], [only_a, only_b, 100])
    assert paired_tests.sign_flip(sums, None) == pytest.approx(paired_tests.mcnemar(only_a, only_b))


def test_exact_mcnemar_by_hand():
    """One of six discordant lesions: 2 * (1 + 6) / 2**6."""
    assert paired_tests.mcnemar(1, 5) == pytest.approx(14 / 64)


def test_clustered_mcnemar_of_independent_lesions_is_mcnemars_chi_square():
    n, only_a, only_b = 182, 25, 12
    sums = np.repeat([1, -1, 0], [only_a, only_b, n - only_a - only_b])
    statistic = (only_a - only_b) ** 2 / (only_a + only_b) * (n - 1) / n
    assert paired_tests.clustered_mcnemar(sums) == pytest.approx(stats.chi2.sf(statistic, 1))


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.2])
def test_clustered_mcnemar_is_near_the_permutation_test(shift):
    sums = np.random.default_rng(5).normal(shift, 1, 150)
    flipped = paired_tests.sign_flip(sums, np.random.default_rng(6))
    assert paired_tests.clustered_mcnemar(sums) == pytest.approx(flipped, abs=0.015)  # 4 standard errors of the draws


def test_lesions_that_agree_within_a_patient_count_once():
    """Every difference four times over, in the same patients: McNemar is fooled, the patient-level test is not."""
    once = np.repeat([1.0, -1.0], [12, 6])
    assert paired_tests.sign_flip(4 * once, None) == pytest.approx(paired_tests.sign_flip(once, None))
    assert paired_tests.mcnemar(48, 24) < 0.01 < 0.2 < paired_tests.mcnemar(12, 6)


def test_the_papers_gain_unpaired():
    """143 and then 156 of 182 lesions right: z = 1.78, p = 0.075, and Wilson's intervals overlap."""
    n, right = 182, np.array([143, 156])
    share = right.sum() / (2 * n)
    z = (right[1] - right[0]) / n / np.sqrt(share * (1 - share) * 2 / n)
    assert z == pytest.approx(1.78, abs=0.005)
    assert 2 * stats.norm.sf(z) == pytest.approx(0.075, abs=0.0005)
    wilson = [stats.binomtest(int(k), n).proportion_ci(method="wilson") for k in right]
    assert [100 * end for interval in wilson for end in interval] == pytest.approx([72.1, 83.9, 79.9, 90.1], abs=0.05)


def test_the_papers_gain_paired():
    """A net gain of 13 is significant by McNemar's exact test only if at most 37 lesions are discordant.

    13 to 65 are possible: 39 and 26 lesions were wrong. The paper does not say how many it were.
    """
    significant = {
        discordant
        for discordant in range(13, 66, 2)
        if paired_tests.mcnemar((discordant + 13) // 2, (discordant - 13) // 2) < 0.05
    }
    assert significant == set(range(13, 38, 2))


@pytest.mark.parametrize("patients", [6, 40])
def test_swapping_patients_is_flipping_signs_where_the_measure_is_a_sum(patients):
    """Of a sum both are the same permutation test: exactly for few patients, up to the random swaps for many."""
    generator = np.random.default_rng(patients)
    a, b = generator.random(patients) + 0.25, generator.random(patients)

    def difference(swapped):
        return (np.where(swapped, b, a) - np.where(swapped, a, b)).sum(axis=1)

    expected = paired_tests.sign_flip(a - b, np.random.default_rng(0))
    found = paired_tests.swap(difference, patients, np.random.default_rng(1))
    assert found == pytest.approx(expected, abs=1e-12 if patients <= paired_tests.EXHAUSTED else 0.03)


def test_swaps_of_models_that_are_alike_are_spread_evenly(monkeypatch):
    """Correlations of two equally good models: over simulated cohorts p is uniform."""
    monkeypatch.setattr(paired_tests, "SWAPS", 199)
    generator = np.random.default_rng(3)
    found = []
    for _ in range(60):
        truth = generator.standard_normal(30)
        a, b = (truth + generator.standard_normal(30) for _ in range(2))

        def difference(swapped, truth=truth, a=a, b=b):
            both = np.where(swapped, b, a), np.where(swapped, a, b)
            first, second = (np.array([np.corrcoef(truth, row)[0, 1] for row in rows]) for rows in both)
            return first - second

        found.append(paired_tests.swap(difference, 30, generator))
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_a_difference_that_is_none_has_no_p():
    assert np.isnan(paired_tests.swap(lambda swapped: np.full(len(swapped), np.nan), 5, np.random.default_rng(0)))
