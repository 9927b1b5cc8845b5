"""Bias and limits of agreement are those of pairs counted by hand, in mm2 or px, a patient an observation."""

import numpy as np
import pandas as pd
import pytest

from synthaug.segmentation import area_agreement


def predictions(**changes):
    """Two patients with two slices each and one who has nothing, in one arm and two seeds."""
    rows = [
        (seed, patient, f"{patient}-{index}", truth, predicted + 10 * seed * (truth > 0))
        for seed in (0, 1)
        for patient, index, truth, predicted in [
            ("P0", 1, 100, 80), ("P0", 2, 50, 60), ("P1", 1, 30, 0), ("P1", 2, 0, 20), ("P2", 1, 0, 0),
        ]
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["seed", "patient", "slice", "a_truth_px", "a_predicted_px"])
    return table.assign(arm="original", size="100", folds="12", **changes)


def slices(pixel_mm):
    names = predictions()["slice"].unique()
    return pd.DataFrame({"slice": names, "pixel_mm": pixel_mm})


def test_by_hand():
    (row,) = area_agreement.table(predictions(), slices(np.nan), ["a"], 3).to_dict("records")
    # Of P0 -10 and 10 in the two seeds, of P1 -10 and 0.
    differences = np.array([0, -5])
    assert row["n"] == 2
    assert row["unit"] == "px"
    assert row["mean_truth"] == pytest.approx(90)
    assert row["bias"] == pytest.approx(-2.5)
    reach = 1.96 * differences.std(ddof=1)
    assert [row["low"], row["high"]] == pytest.approx([-2.5 - reach, -2.5 + reach])


def test_areas_in_mm2():
    (row,) = area_agreement.table(predictions(), slices([0.5, 0.5, 2, 2, 1]), ["a"], 3).to_dict("records")
    # P0: 0; P1: -10 and 0 px of 4 mm2
    assert row["unit"] == "mm2"
    assert row["bias"] == pytest.approx((0 - 20) / 2)
    assert row["mean_truth"] == pytest.approx((150 / 4 + 30 * 4) / 2)


def test_inner_models_do_not_count():
    inner = predictions().assign(folds="1", a_predicted_px=9999)
    both = pd.concat([predictions(), inner])
    expected = area_agreement.table(predictions(), slices(np.nan), ["a"], 3)
    pd.testing.assert_frame_equal(area_agreement.table(both, slices(np.nan), ["a"], 3), expected)


def test_ninety_five_of_a_hundred_differences_lie_between_the_limits():
    differences = np.random.default_rng(0).normal(3, 7, 10_000)
    bias, low, high = area_agreement.limits(differences)
    assert bias == pytest.approx(3, abs=0.3)
    assert np.mean((low < differences) & (differences < high)) == pytest.approx(0.95, abs=0.005)


def test_one_difference_has_no_limits():
    bias, low, high = area_agreement.limits(np.array([4.0]))
    assert bias == 4
    assert np.isnan([low, high]).all()
