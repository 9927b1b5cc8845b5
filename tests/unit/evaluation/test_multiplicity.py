"""Corrections of several tests by hand, against statsmodels where it has them, and by simulation of their promise."""

import numpy as np
import pytest

from synthaug.evaluation import multiplicity


def test_holm_by_hand():
    """Ordered .005 .01 .03 .04 times 4 3 2 1 is .02 .03 .06 .04, and no p is below an earlier one."""
    adjusted = multiplicity.holm(np.array([0.01, 0.04, np.nan, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.03, 0.06, np.nan, 0.06, 0.02], nan_ok=True)
    assert multiplicity.holm(np.array([0.6, 0.7])).tolist() == [1, 1]
    assert multiplicity.holm(np.array([0.2])).tolist() == [0.2]


@pytest.mark.parametrize("method", [multiplicity.gatekept, multiplicity.fallback])
def test_without_a_primary_comparison_it_is_holms_method(method):
    p = np.array([0.01, 0.04, np.nan, 0.03])
    assert method(p, None) == pytest.approx(multiplicity.holm(p), nan_ok=True)


def test_the_primary_comparison_is_not_weakened_by_the_others():
    many = np.append(0.04, np.full(50, 0.9))
    assert multiplicity.gatekept(many, 0)[0] == 0.04
    assert multiplicity.fallback(many, 0)[0] == 0.08  # by half of the level, however many there are
    assert multiplicity.holm(many)[0] == 1


def test_the_others_wait_for_the_primary_one():
    adjusted = multiplicity.gatekept(np.array([0.2, 0.001, 0.3]), 0)
    assert adjusted == pytest.approx([0.2, 0.2, 0.3])
    # Half of the level is theirs in any case: twice Holm's p.
    assert multiplicity.fallback(np.array([0.2, 0.001, 0.3]), 0) == pytest.approx([0.4, 0.004, 0.4])


def test_an_undefined_primary_comparison_opens_nothing():
    assert multiplicity.gatekept(np.array([np.nan, 0.001]), 0) == pytest.approx([np.nan, 1], nan_ok=True)
    assert multiplicity.fallback(np.array([np.nan, 0.001]), 0) == pytest.approx([np.nan, 0.002], nan_ok=True)


@pytest.mark.parametrize("method", [multiplicity.gatekept, multiplicity.fallback])
@pytest.mark.parametrize("true", [(), (0,), (0, 1, 2), (3,)])
def test_a_family_keeps_its_level(method, true):
    """Twelve arms that share a comparator, some of which differ from it: a wrong claim in at most 5 % of studies."""
    generator, studies = np.random.default_rng(5), 4000
    scores = np.sqrt(0.5) * (generator.standard_normal((studies, 12)) + generator.standard_normal((studies, 1)))
    scores[:, list(true)] += 4
    from scipy.special import ndtr

    wrong = 0
    for row in 2 * ndtr(-np.abs(scores)):
        claimed = method(row, 0) < 0.05
        claimed[list(true)] = False
        wrong += claimed.any()
    assert wrong / studies <= 0.05 + 1.645 * np.sqrt(0.05 * 0.95 / studies)
    assert wrong > 0
