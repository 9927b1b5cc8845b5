"""The calibration slope is that of scikit-learn, and what probabilities were sharpened by; it may be lacking."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import logit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from synthaug.classification import measures, recalibration


def pool_of(scores, truth):
    units = np.array([f"L{i:04d}" for i in range(len(truth))])
    return measures.ClassPool(units, units, np.arange(len(truth)) % 3, truth, scores.argmax(axis=1), scores)


def once(pool):
    return recalibration.slope(pool, np.ones((1, len(pool.truth))))[0]


def test_of_two_classes_it_is_the_coefficient_of_scikit_learns_regression_without_intercept():
    random = np.random.default_rng(1)
    positive, truth = random.beta(0.5, 0.5, 80), random.integers(0, 2, 80)
    truth[::3] = positive[::3] > 0.5
    weights = random.integers(0, 4, (300, 80))  # more rows than are fitted at a time
    found = recalibration.slope(pool_of(np.column_stack([1 - positive, positive]), truth), weights)
    for i in (0, 1, 299):
        fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10)
        fit.fit(logit(positive)[:, np.newaxis], truth, sample_weight=weights[i])
        assert found[i] == pytest.approx(fit.coef_[0, 0], rel=1e-5)


def test_of_three_classes_no_other_power_has_a_smaller_log_loss():
    random = np.random.default_rng(2)
    scores, truth = random.dirichlet([0.3, 0.5, 1], 60), random.integers(0, 3, 60)
    truth[::2] = scores[::2].argmax(axis=1)
    weights = random.integers(0, 3, (5, 60))
    found = recalibration.slope(pool_of(scores, truth), weights)
    for weight, slope in zip(weights, found, strict=True):

        def lost(power, weight=weight):
            return log_loss(truth, softmax(power * np.log(scores), axis=1), sample_weight=weight, labels=[0, 1, 2])

        assert slope == pytest.approx(minimize_scalar(lost, bracket=(0, 1), tol=1e-10).x, rel=1e-4)


def test_sharpened_probabilities_have_the_reciprocal_slope():
    random = np.random.default_rng(3)
    scores = random.dirichlet([1, 1, 1], 20000)
    truth = (random.random((20000, 1)) > scores.cumsum(axis=1)).sum(axis=1)
    right = once(pool_of(scores, truth))
    assert right == pytest.approx(1, abs=0.03)
    for power in (0.5, 4):
        claimed = scores**power / (scores**power).sum(axis=1, keepdims=True)
        assert once(pool_of(claimed, truth)) == pytest.approx(right / power, rel=1e-3)


def test_a_lesion_that_is_wrong_with_certainty_gives_a_slope():
    scores = np.repeat([[1.0, 0.0], [0.0, 1.0]], 50, axis=0)
    truth = np.repeat([0, 1], 50)
    truth[0] = 1
    # All lesions have the same odds, so those with the slope are 99 right to 1 wrong.
    assert once(pool_of(scores, truth)) == pytest.approx(np.log(99) / -np.log(np.finfo(np.float32).tiny))


@pytest.mark.parametrize(
    ("scores", "truth"),
    [
        ([[0.6, 0.4], [0.3, 0.7]], [0, 1]),  # all right: the steeper the likelier
        ([[0.6, 0.4], [0.3, 0.7]], [1, 0]),  # all wrong: the likelier the more they are reversed
        ([[0.5, 0.5], [0.5, 0.5]], [1, 0]),  # nothing claimed: any power is as likely
    ],
)
def test_there_is_none_where_no_power_is_likeliest(scores, truth):
    pool = pool_of(np.array(scores), np.array(truth))
    assert np.isnan(recalibration.slope(pool, np.array([[1, 1], [2, 1]]))).all()


def test_only_the_resamples_that_have_none_lack_it():
    pool = pool_of(np.array([[0.6, 0.4], [0.3, 0.7], [0.8, 0.2]]), np.array([0, 1, 1]))
    found = recalibration.slope(pool, np.array([[1, 1, 1], [1, 1, 0]]))
    assert np.isnan(found).tolist() == [False, True]
