"""Average precision and the FROC curve: counted by hand, and by going through all thresholds."""

import numpy as np
import pytest

from synthaug.detection import average_precision, froc


def curve(scores, hits, slices=4, boxes=4, weights=None, units=None):
    """The curve of one network; all boxes lie on the first slice unless ``units`` says otherwise."""
    scores, hits = np.array(scores, float), np.array(hits, bool)
    units = np.zeros(len(scores), int) if units is None else np.array(units)
    of_slices = np.zeros(slices)
    of_slices[0] = boxes
    rates = froc.entering_rates(scores, ~hits, slices)
    ranking, _ = froc.rank(of_slices, units, scores, rates, hits)
    return froc.Curve(ranking, np.ones(slices) if weights is None else np.array(weights, float))


def test_average_precision_by_hand():
    """Of four boxes three are found, after 0, 1 and 2 false positives: precisions 1, 2/3, 3/5; the last recall 3/4."""
    found = curve([0.9, 0.8, 0.7, 0.6, 0.5], [1, 0, 1, 0, 1])
    assert found.average_precision() == pytest.approx((1 + 2 / 3 + 3 / 5) / 4)
    # 0 to 0.25 are 26 recalls, to 0.5 and to 0.75 25 each.
    assert found.average_precision_101() == pytest.approx((26 * 1 + 25 * 2 / 3 + 25 * 3 / 5) / 101)


def test_a_precision_that_rises_later_counts_for_lower_recalls():
    """A false positive first, then three hits: precisions 1/2, 2/3, 3/4, so 3/4 throughout."""
    assert average_precision.all_points(np.array([1, 2, 3]), np.array([1, 1, 1]), 3) == pytest.approx(0.75)


def test_nothing_found_is_0_and_nothing_to_find_is_no_number():
    nothing = curve([], [])
    assert [nothing.average_precision(), nothing.average_precision_101(), nothing.sensitivity(1)] == [0, 0, 0]
    assert np.isnan(nothing.false_positives(0.5))
    without = curve([0.5], [0], boxes=0)
    assert np.isnan([without.average_precision(), without.average_precision_101(), without.sensitivity(1)]).all()


def test_sensitivity_at_each_rate_by_hand():
    """Four slices: the first false positive is a quarter a slice, the next two have one score and come together."""
    found = curve([0.9, 0.8, 0.7, 0.6, 0.6, 0.5], [1, 0, 1, 0, 0, 1])
    assert [found.sensitivity(rate) for rate in (0, 0.24, 0.25, 0.5, 0.74, 0.75, 8)] == pytest.approx(
        [1 / 4, 1 / 4, 2 / 4, 2 / 4, 2 / 4, 3 / 4, 3 / 4]
    )
    assert [found.false_positives(each) for each in (0.25, 0.5, 0.75)] == [0, 0.25, 0.75]
    assert np.isnan(found.false_positives(0.8))


def brute(scores, hits, units, weights, boxes):
    """Return false positives a slice and sensitivity at every threshold, the highest first."""
    points = [(0.0, 0.0)]
    for threshold in sorted(set(scores), reverse=True):
        taken = weights[units] * (scores >= threshold)
        points.append((taken[~hits].sum() / weights.sum(), taken[hits].sum() / (weights @ boxes)))
    return np.array(points)


@pytest.mark.parametrize("seed", range(10))
def test_curve_is_that_of_all_thresholds_under_any_weights(seed):
    """Also in resamples: the rates at which detections enter are of the cohort, the thresholds of the resample."""
    random = np.random.default_rng(seed)
    slices, count = 12, 80
    units, hits = random.integers(0, slices, count), random.random(count) < 0.3
    scores = random.uniform(0, 1, count).round(2 if seed % 2 else 6)
    boxes = np.bincount(units[hits], minlength=slices) + random.integers(0, 2, slices)
    ranking, _ = froc.rank(boxes.astype(float), units, scores, froc.entering_rates(scores, ~hits, slices), hits)
    for weights in (np.ones(slices), *random.integers(0, 4, (5, slices)).astype(float)):
        found = froc.Curve(ranking, weights)
        points = brute(scores, hits, units, weights, boxes)
        assert (np.diff(found.false) >= 0).all()  # false positives never fall as the threshold falls
        assert (np.diff(found.found) >= 0).all()
        for rate in (*froc.RATES, 0.3, 3.3):
            allowed = points[points[:, 0] <= rate + 1e-9]
            assert found.sensitivity(rate) == pytest.approx(allowed[:, 1].max())
        for sensitivity in (0.1, 0.5, 0.8):
            reached = points[points[:, 1] >= sensitivity - 1e-9, 0]
            expected = reached.min() if len(reached) else np.nan
            assert found.false_positives(sensitivity) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("seed", range(5))
def test_threshold_of_the_validation_slices_is_the_lowest_that_is_allowed(seed):
    random = np.random.default_rng(seed)
    scores, false = random.random(40).round(1), random.random(40) < 0.6
    for rate in (0, 0.25, 1, 2):
        threshold = froc.threshold(scores, false, 10, rate)
        assert (scores[false] >= threshold).sum() / 10 <= rate
        lower = scores[scores < threshold]
        assert not len(lower) or (scores[false] >= lower.max()).sum() / 10 > rate


def test_thresholds_without_a_choice():
    scores = np.array([0.4, 0.4])
    assert froc.threshold(scores, np.array([True, True]), 1, 5) == -np.inf
    assert froc.threshold(scores, np.array([True, True]), 0, 1) == np.inf
    assert 0.4 < froc.threshold(scores, np.array([True, True]), 1, 1) < 0.41
    assert froc.threshold(np.zeros(0), np.zeros(0, bool), 3, 1) == -np.inf


def test_a_network_with_other_scores_enters_at_the_same_rates():
    scores, false = np.array([0.9, 0.5, 0.4, 0.1]), np.array([False, True, False, True])
    assert froc.entering_rates(scores, false, 4).tolist() == froc.entering_rates(np.exp(9 * scores), false, 4).tolist()
