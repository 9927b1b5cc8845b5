"""The t statistic of a difference: closed forms with one seed, the random-effects ANOVA with several, and its tests."""

import numpy as np
import pytest
from scipy import stats as reference

from synthaug.evaluation import differences


def of_patients(values):
    """Return the rows that `estimate` takes, of a mean over patients: ``values`` are (seeds, patients)."""
    total, patients = values.sum(axis=1, keepdims=True), values.shape[1]
    return np.hstack([total / patients, (total - values) / (patients - 1)])


def score_test(values, margin, alternative):
    """Return the one-sided p of a t test whose variance is the mean square around the margin."""
    n = len(values)
    t = (values.mean() - margin) / np.sqrt(np.square(values - margin).sum() / (n - 1) / n)
    return reference.t.cdf(t if alternative == "less" else -t, n - 1)


@pytest.fixture
def values():
    return np.random.default_rng(1).normal(0.1, 1, (4, 30))


def test_one_seed_is_the_t_test_of_the_patients(values):
    found = differences.estimate(of_patients(values[:1]))
    expected = reference.ttest_1samp(values[0], 0)
    assert (found.value, found.p()) == pytest.approx((values[0].mean(), expected.pvalue))
    assert found.interval(0.9) == pytest.approx(expected.confidence_interval(0.9))
    one_sided, other = score_test(values[0], 0.3, "less"), score_test(values[0], -0.3, "greater")
    assert found.p_of_gain(0.3) == pytest.approx(one_sided)
    assert found.p_of_inequality(0.3) == pytest.approx(max(one_sided, other))


def test_several_seeds_are_the_analysis_of_variance_of_patients_and_trainings(values):
    """Means over all are as uncertain as the two-way random-effects ANOVA says: (MS_s + MS_p - MS_e) / n / s."""
    values = values + np.random.default_rng(2).normal(0, 0.8, (4, 1)) + np.random.default_rng(3).normal(0, 0.5, (1, 30))
    seeds, patients = values.shape
    grand = values.mean()
    of_seeds, of_patients_ = values.mean(1, keepdims=True), values.mean(0, keepdims=True)
    ms_seeds = patients * ((of_seeds - grand) ** 2).sum() / (seeds - 1)
    ms_patients = seeds * ((of_patients_ - grand) ** 2).sum() / (patients - 1)
    ms_rest = ((values - of_seeds - of_patients_ + grand) ** 2).sum() / (seeds - 1) / (patients - 1)
    found = differences.estimate(of_patients(values))
    assert found.error**2 == pytest.approx((ms_seeds + ms_patients - ms_rest) / values.size)
    assert seeds - 1 <= found.freedom <= seeds + patients - 2


def test_interval_and_test_agree(values):
    for shift in np.linspace(-1, 1, 41):
        found = differences.estimate(of_patients(values + shift))
        low, high = found.interval(0.95)
        assert (found.p() < 0.05) == (low > 0 or high < 0)
        if found.p_of_gain(0.3) < 0.025:
            assert high < 0.3
        if found.p_of_inequality(0.5) < 0.025:
            assert -0.5 < low < high < 0.5


@pytest.mark.parametrize("margin", [-0.2, 0, 0.3])
def test_probability_is_the_posterior_under_a_flat_prior(values, margin):
    """Draws from the posterior of normal patients, the prior flat and 1 / variance (Gelman, BDA, section 3.2)."""
    patients, random = values[0], np.random.default_rng(5)
    variance = 29 * patients.var(ddof=1) / random.chisquare(29, 200_000)
    means = random.normal(patients.mean(), np.sqrt(variance / 30))
    found = differences.estimate(of_patients(values[:1]))
    assert found.probability(margin) == pytest.approx(np.mean(means > margin), abs=0.005)


def test_detectable_difference_has_the_power_that_it_promises(values):
    found = differences.estimate(of_patients(values))
    power = reference.nct.sf(reference.t.ppf(0.975, found.freedom), found.freedom, found.detectable(0.05) / found.error)
    assert power == pytest.approx(0.8, abs=0.02)  # the sum of two quantiles of t is a little short


@pytest.mark.parametrize(
    "rows",
    [np.zeros((3, 11)), np.array([[0.1, np.nan, 0.2]]), np.array([[0.1, 0.1]])],
    ids=["equal", "undefined", "one"],
)
def test_nothing_is_said_without_a_standard_error(rows):
    found = differences.estimate(rows)
    said = [
        *found.interval(0.95),
        found.p(),
        found.p_of_gain(0.03),
        found.p_of_inequality(0.03),
        found.detectable(0.05),
    ]
    assert np.isnan(said).all()
