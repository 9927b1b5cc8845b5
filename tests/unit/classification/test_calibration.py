"""Calibration agrees with scikit-learn and SciPy, and calibrated predictions are found to be so."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as reference_log_loss
from tests.helpers import forked

from synthaug.classification import calibration, calibration_table, measures

CLASSES = ["cyst", "met", "hem"]
MEASURES = measures.Classification(CLASSES)
PARAMS = calibration_table.Params(1, 3, 300, 0.95, "fixed", ["classic", "online", "glcm"], [])


def pool_of(scores, truth, patients=None):
    n = len(truth)
    lesions = np.array([f"L{i:04d}" for i in range(n)])
    return measures.ClassPool(
        lesions, lesions if patients is None else patients, np.arange(n) % 3, truth, scores.argmax(axis=1), scores
    )


def calibrated(n, seed, sharpen=1.0):
    """Draw the truth from the probabilities; with ``sharpen`` other than 1 the scores then claim too much."""
    random = np.random.default_rng(seed)
    scores = random.dirichlet([1, 1, 1], n)
    truth = (random.random((n, 1)) > scores.cumsum(axis=1)).sum(axis=1)
    claimed = scores**sharpen
    return pool_of(claimed / claimed.sum(axis=1, keepdims=True), truth)


def test_brier_score_by_hand_and_for_two_classes_twice_that_of_scikit_learn():
    pool = pool_of(np.array([[0.7, 0.2, 0.1], [0.3, 0.5, 0.2]]), np.array([0, 2]))
    by_hand = [0.3**2 + 0.2**2 + 0.1**2, 0.3**2 + 0.5**2 + 0.8**2]
    assert calibration.brier(pool, np.array([[1, 1], [0, 3]])) == pytest.approx([np.mean(by_hand), by_hand[1]])

    random = np.random.default_rng(1)
    positive, truth, weights = random.random(50), random.integers(0, 2, 50), random.integers(0, 3, (2, 50))
    found = calibration.brier(pool_of(np.column_stack([1 - positive, positive]), truth), weights)
    expected = [2 * brier_score_loss(truth, positive, sample_weight=weight) for weight in weights]
    assert found == pytest.approx(expected)


def test_log_loss_is_that_of_scikit_learn_and_a_probability_of_0_has_a_limit():
    random = np.random.default_rng(2)
    scores, truth = random.dirichlet([1, 1, 1], 50), random.integers(0, 3, 50)
    weights = random.integers(0, 3, (2, 50))
    expected = [reference_log_loss(truth, scores, sample_weight=weight, labels=[0, 1, 2]) for weight in weights]
    assert calibration.log_loss(pool_of(scores, truth), weights) == pytest.approx(expected)

    certain = np.eye(3)[[0, 1, 2, 0]]
    found = calibration.log_loss(pool_of(certain, np.array([0, 1, 2, 1])), np.array([[1, 1, 1, 0], [0, 0, 0, 1]]))
    assert found == pytest.approx([0, 126 * np.log(2)])  # float32 holds nothing normal below 2^-126


def test_calibration_error_by_hand():
    confidence = np.array([0.9, 0.5, 0.6, 0.8])
    right = np.array([True, False, True, False])
    # bins {0.5, 0.6} and {0.8, 0.9}: accuracy one half in both, confidence 0.55 and 0.85
    assert calibration.calibration_error(confidence, right, 2) == pytest.approx((0.05 + 0.35) / 2)
    assert calibration.calibration_error(confidence, right, 1) == pytest.approx(0.7 - 0.5)
    both = np.stack([right, ~right])
    assert calibration.calibration_error(confidence, both, 2) == pytest.approx([0.2, 0.2])


def test_wilson_agrees_with_scipy():
    for right, number, level in [(0, 7, 0.95), (5, 7, 0.9), (7, 7, 0.95), (90, 180, 0.99)]:
        expected = reference.binomtest(right, number).proportion_ci(level, method="wilson")
        assert calibration.wilson(right / number, number, level) == pytest.approx(tuple(expected))


def test_reliability_of_calibrated_predictions_lies_on_the_diagonal_and_of_boasting_ones_below():
    bins = calibration.reliability([calibrated(20000, 2)], 0.999)
    assert bins["lesions"].tolist() == [2000] * 10
    assert ((bins["low"] < bins["confidence"]) & (bins["confidence"] < bins["high"])).all()
    boasting = calibration.reliability([calibrated(20000, 2, sharpen=4)], 0.999)
    assert (boasting["high"] < boasting["confidence"]).sum() >= 8


def test_seeds_add_no_lesions_to_the_intervals():
    pool = calibrated(300, 3)
    alone, twice = calibration.reliability([pool], 0.95), calibration.reliability([pool, pool], 0.95)
    pd.testing.assert_frame_equal(alone, twice)


def test_few_lesions_go_into_few_bins():
    assert [calibration.bin_number(n) for n in (0, 20, 95, 180, 4000)] == [1, 1, 3, 6, 10]


def test_table_tells_calibrated_from_boasting_and_marks_scores_that_are_no_probabilities():
    pools = {
        ("classic", "fixed", 0): calibrated(400, 4),
        ("online", "fixed", 0): calibrated(400, 4, sharpen=4),
        ("glcm", "fixed", 0): calibrated(400, 4),
    }
    table = calibration_table.table(pools, MEASURES, PARAMS)
    assert list(table) == calibration_table.COLUMNS
    rows = table.set_index(["arm", "measure"])
    error, chance = "calibration error", "calibration error if calibrated"
    assert rows.loc[("classic", chance), "low"] < rows.loc[("classic", error), "value"]
    assert rows.loc[("classic", error), "value"] < rows.loc[("classic", chance), "high"]
    assert rows.loc[("online", error), "value"] > rows.loc[("online", chance), "high"]
    excess = "confidence minus accuracy"
    assert rows.loc[("classic", excess), "low"] < 0 < rows.loc[("classic", excess), "high"]
    assert rows.loc[("online", excess), "low"] > 0
    difference = rows.loc[("glcm", "brier minus classic")]
    assert difference["value"] == 0
    assert difference[["low", "high"]].isna().all()  # no resample differs, which says nothing of other patients
    assert rows.loc[("online", "brier minus classic"), "low"] > 0
    assert table.groupby("arm")["scores"].unique().map(list).to_dict() == {
        "classic": ["probabilities"], "glcm": ["no probabilities"], "online": ["probabilities"],
    }  # fmt: skip


def test_table_has_log_loss_and_slope_of_probabilities_only():
    pools = {
        ("classic", "fixed", 0): calibrated(400, 4),
        ("online", "fixed", 0): calibrated(400, 4, sharpen=4),
        ("glcm", "fixed", 0): calibrated(400, 4),
    }
    rows = calibration_table.table(pools, MEASURES, PARAMS).set_index(["arm", "measure"])
    slope, loss = "calibration slope", "log loss minus classic"
    assert rows.loc[("classic", slope), "low"] < 1 < rows.loc[("classic", slope), "high"]
    assert rows.loc[("online", slope), "low"] < 1 / 4 < rows.loc[("online", slope), "high"] < 1
    assert rows.loc[("online", slope), "value"] == pytest.approx(rows.loc[("classic", slope), "value"] / 4)
    assert rows.loc[("online", loss), "low"] > 0
    assert rows.loc[("online", loss), "value"] == pytest.approx(
        rows.loc[("online", "log loss"), "value"] - rows.loc[("classic", "log loss"), "value"]
    )
    assert {"log loss", loss, slope}.isdisjoint(rows.loc["glcm"].index)
    assert "brier" in rows.loc["glcm"].index


def test_script_draws_and_names_what_is_missing(tmp_path):
    rows, choice = [], []
    for arm, size in (("classic", "400"), ("online", "850")):
        pool = calibrated(60, 5)
        table = pd.DataFrame(pool.scores, columns=[f"p_{name}" for name in CLASSES])
        truth, predicted = np.array(CLASSES)[pool.truth], np.array(CLASSES)[pool.predicted]
        table = table.assign(arm=arm, size=size, seed=0, lesion=pool.units, patient=pool.patients, fold=pool.fold)
        rows.append(
            table.assign(truth=truth, predicted=predicted, folds=table["fold"].map({0: "12", 1: "02", 2: "01"}))
        )
        choice += [("fixed", arm, 0, fold, size, np.nan) for fold in range(3)]
    pd.concat(rows).to_csv(tmp_path / "predictions.csv", index=False)
    columns = ["rule", "arm", "seed", "fold", "size", "accuracy"]
    pd.DataFrame(choice, columns=columns).to_csv(tmp_path / "points.csv", index=False)
    command = [sys.executable, "scripts/plot_calibration.py", "--predictions", tmp_path / "predictions.csv"]
    command += ["--operating-points", tmp_path / "points.csv"]
    outputs = ["--png", tmp_path / "a.png", "--svg", tmp_path / "a.svg", "--out", tmp_path / "a.csv"]
    log = ["--log", tmp_path / "log"]
    given = vars(PARAMS) | {"measures": vars(MEASURES)}
    forked.run([*command, "--params", json.dumps(given), *outputs, *log], check=True)
    assert pd.read_csv(tmp_path / "a.csv")["arm"].unique().tolist() == ["classic", "online"]
    assert (tmp_path / "a.svg").stat().st_size
    assert "glcm has no fixed operating point" in (tmp_path / "log").read_text()
    nested = json.dumps(given | {"operating_point": "nested"})
    done = forked.run([*command, "--params", nested, *outputs])
    assert "expected the rule nested for one of the arms classic, online, glcm" in done.stderr.splitlines()[-1]
