"""The measures agree with numbers counted by hand, with measuring the repeated slices, and with the paper's Table 1."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from tests.helpers import random_detections

from synthaug.detection import froc, metric_names, prediction_table
from synthaug.detection.boxes import BOX
from synthaug.detection.measures import Detection
from synthaug.errors import InputError
from synthaug.evaluation.measures import joined
from synthaug.terms.totals import ALL

CLASSES, IOUS = ["a", "b"], [0.25, 0.5]
TASK = Detection(CLASSES, IOUS, 1, 0.1)
PARAMS = prediction_table.Params(CLASSES, IOUS, 1)


def predictions(seed, ignored=0.2, validation=(), digits=1):
    names, boxes, detections = random_detections.tables(seed, ignored=ignored, digits=digits)
    sets = np.where(detections["slice"].isin(validation), "validation", "test")
    test = pd.DataFrame({"slice": [name for name in names if name not in validation]})
    test = test.assign(patient=[f"P{int(name[1:]) // 6}" for name in test["slice"]])
    test = test.assign(fold=[int(patient[1:]) % 2 for patient in test["patient"]])
    return prediction_table.table(test, boxes, detections.assign(set=sets), list(validation), PARAMS)[0]


def once(task, pool):
    return {key: value[0] for key, value in task.values(pool, np.ones((1, len(pool.units)))).items()}


def by_hand():
    """Three slices of two patients, one slice without a box; at both IoUs the same outcomes, but for one hit.

    By descending score: hit, false, hit (IoU 0.25 only), duplicate, hit, false. Lesion L1 is on two slices.
    """
    rows = [
        ("x", "P0", [0, 0], ["L1", "L2"], [4.0, 8.0], [0.9, 0.7, 0.6], [0, 1, -2], [0, -1, -2]),
        ("y", "P0", [0], ["L1"], [6.0], [0.8], [-1], [-1]),
        ("z", "P1", [0], ["L1"], [9.0], [0.5, 0.05], [0, -1], [0, -1]),
        ("w", "P1", [], [], [], [0.95, 0.4], [-3, -1], [-3, -1]),
    ]
    cells = [
        (name, patient, 0, len(classes), *map(json.dumps, (classes, lesions, sides, [0] * len(scores), scores, *found)))
        for name, patient, classes, lesions, sides, scores, *found in rows
    ]
    table = pd.DataFrame(cells, columns=["slice", "patient", "fold", *prediction_table.columns(IOUS)[:-2]])
    return table.assign(**{"threshold_0.25": 0.6, "threshold_0.5": np.inf}).sort_values("slice")


def test_by_hand():
    task = Detection(["a"], IOUS, 0.5, 0.1)
    found = once(task, task.pool(by_hand()))
    # Four slices, four boxes. At half a false positive a slice two are allowed: 0.8 and 0.6, down to 0.5.
    expected = {
        metric_names.PRIMARY: 3 / 4,
        "sensitivity at 1/8 false positives a slice, IoU 0.25": 1 / 4,
        "sensitivity at 1/4 false positives a slice, IoU 0.25": 2 / 4,
        "sensitivity at 1/4 false positives a slice, IoU 0.5": 1 / 4,
        "sensitivity at 8 false positives a slice, IoU 0.25": 3 / 4,
        "mean sensitivity, IoU 0.25": (1 + 2 + 3 + 3 + 3 + 3 + 3) / 4 / 7,
        "lesion sensitivity at equal false positives, IoU 0.25": 1.0,  # L1 and L2 of P0, L1 of P1
        "sensitivity per patient at equal false positives, IoU 0.25": (2 / 3 + 1) / 2,
        "sensitivity of small boxes at equal false positives, IoU 0.25": 1 / 2,  # sides of 4 and 6 px
        "sensitivity of medium boxes at equal false positives, IoU 0.25": 1.0,
        "sensitivity of large boxes at equal false positives, IoU 0.25": 1.0,
        "AP, IoU 0.25": (1 + 2 / 3 + 3 / 5) / 4,
        "sensitivity from score 0.1, IoU 0.25": 3 / 4,
        "sensitivity from score 0.1, IoU 0.5": 2 / 4,
        "-false positives a slice from score 0.1, IoU 0.25": -3 / 4,  # 0.8, 0.6 and 0.4
        "-duplicates a slice from score 0.1, IoU 0.25": -1 / 4,
        "-false positives a slice without boxes from score 0.1, IoU 0.25": -1.0,
        "sensitivity at the validation threshold, IoU 0.25": 2 / 4,
        "-false positives a slice at the validation threshold, IoU 0.25": -2 / 4,
        "sensitivity at the validation threshold, IoU 0.5": np.nan,  # no validation slice
        "-false positives a slice at sensitivity 0.5, IoU 0.25": -1 / 4,
        "-false positives a slice at sensitivity 0.7, IoU 0.25": -2 / 4,
        "-false positives a slice at sensitivity 0.8, IoU 0.25": np.nan,
    }
    for name, value in expected.items():
        assert found[name, ALL] == pytest.approx(value, nan_ok=True), name


@pytest.mark.parametrize("seed", range(3))
def test_table_1_identity(seed):
    """Each detection is a hit or a false positive: what is a hit at the lower IoU only is one false positive less."""
    pool = TASK.pool(predictions(seed, ignored=0))
    found, boxes = once(TASK, pool), len(pool.boxes.unit) / len(pool.units)
    (low, high), (hits_low, hits_high) = (
        [found[name.format(score=0.1, iou=iou), ALL] for iou in IOUS]
        for name in (metric_names.FALSE_AT_SCORE, metric_names.AT_SCORE)
    )
    assert hits_low > hits_high
    assert -low == pytest.approx(-high - (hits_low - hits_high) * boxes, abs=1e-12)


@pytest.mark.parametrize(
    ("low", "high", "gained"), [(3.59, 4.11, 0.83 - 0.67), (7.18, 7.64, 0.91 - 0.77)], ids=["real", "4,000"]
)
def test_table_1_identity_of_the_published_numbers(low, high, gained):
    """So false positives are counted as the paper did: 3,094 boxes on 947 slices."""
    assert low == pytest.approx(high - gained * 3094 / 947, abs=0.01)


@pytest.mark.parametrize("seed", range(2))
def test_weights_are_repetitions(seed):
    """A patient who counts twice is two patients with the same slices; one who counts 0 times is not there.

    Of equal scores the average precision takes one after the other, so there are none here.
    """
    pool = TASK.pool(predictions(seed, validation=[f"S{number:03}" for number in range(24, 30)], digits=9))
    names, random = np.unique(pool.patients), np.random.default_rng(seed)
    for _ in range(4):
        often = dict(zip(names, random.multinomial(len(names), np.full(len(names), 1 / len(names))), strict=True))
        weights = np.array([[often[patient] for patient in pool.patients]], dtype=float)
        parts = []
        for copy in range(max(often.values())):
            members = np.array([often[patient] > copy for patient in pool.patients])
            renamed = np.array([f"{patient}/{copy}" for patient in pool.patients])
            parts.append((dataclasses.replace(pool, patients=renamed), members))
        expected = once(TASK, joined(parts))
        for key, value in TASK.values(pool, weights).items():
            if not key[0].startswith("sensitivity of"):  # thirds of the boxes are those of the cohort
                assert value[0] == pytest.approx(expected[key], nan_ok=True), key


def test_swapped_patients_are_weights_of_both_pools_together():
    """So 2,000 swaps are measured in one path; here against the pool that is put together of both."""
    a, b = TASK.pool(predictions(0)), TASK.pool(predictions(0, ignored=0))
    everything = np.ones(len(a.units), dtype=bool)
    exchanged = np.isin(a.patients, ["P1", "P3"])
    mixed = joined([(a, ~exchanged), (b, exchanged)])
    weights = np.stack([~exchanged, exchanged], axis=1).reshape(1, -1).astype(float)
    found = TASK.values(joined([(a, everything), (b, everything)]), weights)
    expected = once(TASK, mixed)
    for key, value in found.items():
        if not key[0].startswith("sensitivity of"):
            assert value[0] == pytest.approx(expected[key], nan_ok=True), key


def test_scores_of_another_scale_change_nothing_that_is_read_off_a_curve():
    """Of one fold's network alone, too: folds are put together by the rates at which detections enter."""
    rows = predictions(1)
    scaled = rows.copy()
    other = scaled["fold"] == 1
    scaled.loc[other, "scores"] = [
        json.dumps([score / 100 for score in json.loads(cell)]) for cell in scaled.loc[other, "scores"]
    ]
    found, expected = (once(TASK, TASK.pool(table)) for table in (scaled, rows))
    read_off = [key for key in found if " from score " not in key[0] and not key[0].startswith("AP")]
    assert {key: found[key] for key in read_off} == pytest.approx({key: expected[key] for key in read_off}, nan_ok=True)
    key = metric_names.AT_SCORE.format(score=0.1, iou=0.5), ALL
    assert found[key] < expected[key]


def test_each_class_is_measured_as_if_it_were_alone():
    rows = predictions(2)
    found, pool = once(TASK, TASK.pool(rows)), TASK.pool(rows.assign(fold=0))
    for number, name in enumerate(CLASSES):
        scores, hits, boxes = [], [], 0
        for place in range(len(pool.units)):
            mine = np.array(pool.classes[place]) == number
            outcomes = np.array(pool.outcomes[place, 0])[mine]
            counts = outcomes != prediction_table.IGNORED
            scores += np.array(pool.scores[place])[mine][counts].tolist()
            hits += (outcomes[counts] >= 0).tolist()
            boxes += pool.box_classes[place].count(number)
        assert (metric_names.PRIMARY, name) in found
        alone = froc.threshold(np.array(scores), ~np.array(hits), len(pool.units), 1)
        single = once(TASK, pool)[metric_names.PRIMARY, name]
        assert single == pytest.approx(sum(h for s, h in zip(scores, hits, strict=True) if s >= alone) / boxes)


def test_sensitivity_at_the_validation_threshold_is_that_of_the_test_slices():
    validation = [f"S{number:03}" for number in range(24, 30)]
    rows = predictions(3, validation=validation)
    _, boxes, detections = random_detections.tables(3)
    assert not set(rows["slice"]) & set(validation)
    threshold = rows["threshold_0.5"].iloc[0]
    only = detections[detections["slice"].isin(validation)]
    from_there = prediction_table.matching.matches(boxes, only, 0.5)["outcome"][only["score"] >= threshold]
    assert from_there.isin(["false", "duplicate"]).sum() <= len(validation)
    found = once(TASK, TASK.pool(rows))
    test = detections[~detections["slice"].isin(validation)]
    reached = prediction_table.matching.matches(boxes, test, 0.5)["outcome"][test["score"] >= threshold]
    false = reached.isin(["false", "duplicate"]).sum() / len(rows)
    assert found["-false positives a slice at the validation threshold, IoU 0.5", ALL] == pytest.approx(-false)


def test_keys_that_are_asked_for_alone_and_all_that_are_counted():
    pool = TASK.pool(predictions(4))
    everything = once(TASK, pool)
    assert next(iter(everything)) == (metric_names.PRIMARY, ALL)
    assert set(TASK.counted(pool)) == set(everything)
    assert set(TASK.compared()) <= set(everything)
    assert set(TASK.contributions(pool)) < set(TASK.compared())
    assert TASK.compared()[0] == (metric_names.PRIMARY, ALL)
    for key in TASK.compared():
        alone = TASK.values(pool, np.ones((1, len(pool.units))), [key])
        assert set(alone) == {key}
        assert alone[key][0] == pytest.approx(everything[key], nan_ok=True)


def test_contributions_sum_to_the_measures():
    pool = TASK.pool(predictions(5, validation=["S029"]))
    found, boxes = once(TASK, pool), len(pool.boxes.unit)
    for key, each in TASK.contributions(pool).items():
        assert each.sum() / boxes == pytest.approx(found[key]), key


def test_ceiling_of_sensitivity_with_rough_boxes():
    """True boxes as detections: boxes of side w that were drawn up to w/2 aside are hit where it was at most w/3.

    (w - d) / (w + d) is the IoU of two squares that are d apart in one direction.
    """
    random, count, side = np.random.default_rng(0), 3000, 12.0
    apart = random.uniform(-side / 2, side / 2, count)
    true = np.array([[20, 20, 32, 32]] * count, dtype=float)
    rough = true + np.stack([apart, np.zeros(count), apart, np.zeros(count)], axis=1)
    names = [f"S{number:04}" for number in range(count)]
    shared = {"slice": names, "class": "a"}
    boxes = pd.DataFrame({"box": names, **shared, "lesion": names, "ignore": 0})
    boxes[BOX] = rough
    detections = pd.DataFrame({**shared, "set": "test", "score": 0.9})
    detections[BOX] = true
    test = pd.DataFrame({"slice": names, "patient": names, "fold": 0})
    task = Detection(["a"], IOUS, 1, 0.1)
    params = dataclasses.replace(PARAMS, classes=["a"])
    found = once(task, task.pool(prediction_table.table(test, boxes, detections, [], params)[0]))
    assert found["sensitivity from score 0.1, IoU 0.5", ALL] == (np.abs(apart) <= side / 3).mean()
    assert found["sensitivity from score 0.1, IoU 0.5", ALL] == pytest.approx(2 / 3, abs=0.02)
    assert found["sensitivity from score 0.1, IoU 0.25", ALL] == 1  # 0.6 w apart would be 0.25


def test_a_cohort_without_detections_and_one_without_boxes():
    names, boxes, detections = random_detections.tables(0)
    test = pd.DataFrame({"slice": names, "patient": names, "fold": 0})
    nothing = once(TASK, TASK.pool(prediction_table.table(test, boxes, detections.iloc[:0], [], PARAMS)[0]))
    assert nothing[metric_names.PRIMARY, ALL] == nothing["AP, IoU 0.5", ALL] == 0
    without = once(TASK, TASK.pool(prediction_table.table(test, boxes.iloc[:0], detections, [], PARAMS)[0]))
    assert np.isnan([without[metric_names.PRIMARY, ALL], without["AP, IoU 0.5", ALL]]).all()
    assert without["-false positives a slice from score 0.1, IoU 0.5", ALL] < 0


def test_predictions_of_other_thresholds_are_refused():
    rows = predictions(0)
    TASK.check(rows)
    with pytest.raises(InputError, match=r"missing outcomes_0.75, threshold_0.75; score again"):
        Detection(CLASSES, [0.25, 0.75], 1, 0.1).check(rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"slice": "S900"}, r"row 2: expected a slice of the set test or validation, found slice S900 in the set test"),
        ({"set": "train"}, r"row 2: .* found slice S\d+ in the set train"),
        ({"class": "c"}, r"row 2: expected the classes a, b, found c"),
    ],
)
def test_detections_of_unknown_slices_and_classes_are_refused(change, message):
    names, boxes, detections = random_detections.tables(0)
    test = pd.DataFrame({"slice": names, "patient": names, "fold": 0})
    with pytest.raises(InputError, match=message):
        prediction_table.table(test, boxes, detections.assign(**change), [], PARAMS)
