"""The measures agree with numbers counted by hand, with scikit-learn, and with measuring the repeated slices."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from synthaug.errors import InputError
from synthaug.evaluation import comparisons, operating_points
from synthaug.evaluation.measures import joined
from synthaug.evaluation.pools import pooled
from synthaug.segmentation import detections, measures, slice_scores
from synthaug.segmentation.measures import Segmentation
from synthaug.terms.totals import ALL

CLASSES = ["a", "b"]
SIDE = 64
MEASURES = {absent: Segmentation(CLASSES, absent, SIDE) for absent in (measures.SKIP, measures.COUNT)}


def rows_of(truth, predicted, patients):
    """A table of predictions from label maps, as `collect_predictions` makes it."""
    params = slice_scores.Params(1.0, 0)
    scores = slice_scores.scores(truth, predicted, CLASSES, np.full(len(truth), np.nan), params)
    names = [f"{patient}-1-{place:02}" for place, patient in enumerate(patients)]
    fold = [int(patient[1:]) % 2 for patient in patients]
    table = pd.DataFrame({"slice": names, "patient": patients, "fold": fold})
    run = {"arm": "original", "size": "100", "seed": 0}
    return table.join(scores).assign(folds=[str(1 - each) for each in fold], **run)


def random_rows(seed=0, patients=6):
    """Slices with squares of both classes or of none, and predictions that are moved, lost or invented."""
    random = np.random.default_rng(seed)
    owners = [f"P{patient}" for patient in range(patients) for _ in range(random.integers(2, 6))]
    truth, predicted = np.zeros((2, len(owners), SIDE, SIDE), np.uint8)
    for place in range(len(owners)):
        for label in (1, 2):
            top, left, side = *random.integers(0, 40, 2), random.integers(3, 20)
            if random.random() < 0.6:
                truth[place, top : top + side, left : left + side] = label
            if random.random() < 0.7:
                move = random.integers(0, 4)
                predicted[place, top + move : top + side + move, left : left + side] = label
    return rows_of(truth, predicted, owners), truth, predicted


ROWS, TRUTH, PREDICTED = random_rows()


def values(task, pool, weights=None):
    weights = np.ones((1, len(pool.units))) if weights is None else weights
    return task.values(pool, weights)


def by_hand():
    """Four slices of three patients, each area and overlap written down."""
    truth = {"a": [100, 100, 0, 0], "b": [0, 50, 0, 0]}
    predicted = {"a": [100, 0, 300, 0], "b": [0, 10, 0, 0]}
    overlap = {"a": [80, 0, 0, 0], "b": [0, 10, 0, 0]}
    rows = {"slice": list("wxyz"), "patient": ["P0", "P0", "P1", "P2"], "fold": [0, 0, 1, 0]}
    for cls in CLASSES:
        filled = {
            slice_scores.TRUTH: truth[cls], slice_scores.PREDICTED: predicted[cls], slice_scores.OVERLAP: overlap[cls],
            slice_scores.LESIONS: [int(each > 0) for each in truth[cls]],
            slice_scores.FOUND: [int(each > 0) for each in overlap[cls]],
            slice_scores.FALSE_POSITIVES: [0, 0, 1, 0] if cls == "a" else [0, 0, 0, 0],
            slice_scores.SURFACE_DICE: [0.5 if o else (0 if t or p else np.nan)
                                        for t, p, o in zip(truth[cls], predicted[cls], overlap[cls], strict=True)],
            slice_scores.HD95: [4.0 if o else np.nan for o in overlap[cls]],
        }  # fmt: skip
        rows |= {column.format(cls): cells for column, cells in filled.items()}
    return pd.DataFrame(rows)


DSC_W, DSC_XB = 0.8, 1 / 3  # 2*80/200 and 2*10/60


def test_by_hand_where_absent_classes_are_skipped():
    task = MEASURES[measures.SKIP]
    found = values(task, task.pool(by_hand()))
    expected = {
        ("DSC", ALL): (DSC_W + DSC_XB / 2) / 2,  # y and z have nothing to count
        ("DSC", "a"): DSC_W / 2, ("DSC", "b"): DSC_XB,
        ("DSC per patient", ALL): (2 * 80 / 300 + DSC_XB) / 2,  # only P0 shows a class
        ("pooled DSC", "a"): 160 / 600, ("pooled DSC", "b"): DSC_XB, ("pooled DSC", ALL): (160 / 600 + DSC_XB) / 2,
        ("precision", "a"): 1 / 2, ("precision", "b"): 1.0, ("precision", ALL): 2 / 3,
        ("recall", "a"): 1 / 2, ("recall", "b"): 1.0, ("recall", ALL): 2 / 3,
        ("lesion sensitivity", "a"): 1 / 2, ("lesion sensitivity", ALL): 2 / 3,
        ("-false positives per slice", "a"): -1 / 4, ("-false positives per slice", ALL): -1 / 4,
        ("surface DSC", ALL): (0.5 + 0.25) / 2, ("-HD95", ALL): -4.0, ("-HD95", "b"): -4.0,
        ("empty slices right", ALL): 1 / 2,
    }  # fmt: skip
    for key, value in expected.items():
        assert found[key][0] == pytest.approx(value), key


def test_by_hand_where_absent_classes_count():
    task = MEASURES[measures.COUNT]
    pool = task.pool(by_hand())
    found = values(task, pool)
    slices = [(DSC_W + 1) / 2, DSC_XB / 2, 1 / 2, 1]
    assert found["DSC", ALL][0] == pytest.approx(np.mean(slices))
    assert found["DSC", "a"][0] == pytest.approx((DSC_W + 0 + 0 + 1) / 4)
    assert found["DSC per patient", ALL][0] == pytest.approx(np.mean([(160 / 300 + DSC_XB) / 2, 1 / 2, 1]))
    assert found["surface DSC", "b"][0] == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert task.references(pool) == {"nothing segmented": pytest.approx(5 / 8)}
    nothing = by_hand()
    for cls in CLASSES:
        nothing[[f"{cls}_predicted_px", f"{cls}_overlap_px"]] = 0
    assert task.primary_value(task.pool(nothing)) == pytest.approx(5 / 8)


def test_rules_of_the_paper_for_what_counts_as_found():
    """200 px of a slice of 256 px; below a DSC of 0.25 a class is missed, and is no false positive."""
    assert detections.smallest(256) == 200
    assert detections.smallest(64) == 12.5
    truth, dsc = np.array([[10, 10, 10, 0]]), np.array([[0.25, 0.249, 0, 1]])
    assert detections.true_positives(truth, dsc).tolist() == [[True, False, False, False]]
    predicted = np.array([[10, 10, 0, 13], [0, 12, 0, 0]])
    truth = np.array([[10, 10, 10, 0], [0, 0, 0, 0]])
    assert detections.false_positives(truth, predicted, 64).tolist() == [[False] * 3 + [True], [False] * 4]


def test_pooled_dsc_is_the_f1_score_of_scikit_learn():
    task = MEASURES[measures.SKIP]
    found = values(task, task.pool(ROWS))
    scores = f1_score(TRUTH.ravel(), PREDICTED.ravel(), labels=[1, 2], average=None)
    assert [found["pooled DSC", cls][0] for cls in CLASSES] == pytest.approx(scores.tolist())
    assert found["pooled DSC", ALL][0] == pytest.approx(scores.mean())


@pytest.mark.parametrize("absent", MEASURES)
def test_mean_dsc_is_that_of_scikit_learn_on_each_slice(absent):
    task = MEASURES[absent]
    means = []
    for truth, predicted in zip(TRUTH, PREDICTED, strict=True):
        labels = [label for label in (1, 2) if absent == measures.COUNT or (truth == label).any()]
        if labels:
            kind = {"labels": labels, "average": "macro", "zero_division": 1.0}
            means.append(f1_score(truth.ravel(), predicted.ravel(), **kind))
    assert task.primary_value(task.pool(ROWS)) == pytest.approx(np.mean(means))


@pytest.mark.parametrize("absent", MEASURES)
def test_weights_are_repetitions(absent):
    """A patient who counts twice is two patients with the same slices; one who counts 0 times is not there."""
    task = MEASURES[absent]
    pool = task.pool(ROWS)
    names = np.unique(pool.patients)
    random = np.random.default_rng(3)
    for _ in range(5):
        often = dict(zip(names, random.multinomial(len(names), np.full(len(names), 1 / len(names))), strict=True))
        weights = np.array([[often[patient] for patient in pool.patients]], dtype=float)
        parts = []
        for copy in range(max(often.values())):
            members = np.array([often[patient] > copy for patient in pool.patients])
            renamed = np.array([f"{patient}/{copy}" for patient in pool.patients])
            parts.append((dataclasses.replace(pool, patients=renamed), members))
        repeated = joined(parts)
        expected = values(task, repeated)
        for key, value in values(task, pool, weights).items():
            assert value == pytest.approx(expected[key], nan_ok=True), key


@pytest.mark.parametrize("absent", MEASURES)
def test_contributions_sum_to_the_measures(absent):
    task = MEASURES[absent]
    pool = task.pool(ROWS)
    found, counted = values(task, pool), task.counted(pool)
    denominators = {"recall": (pool.truth > 0).sum(), "lesion sensitivity": pool.lesions.sum()}
    denominators["DSC per patient"] = len(np.unique(pool.patients[counted["DSC per patient", ALL]]))
    for key, each in task.contributions(pool).items():
        assert each.sum() / denominators.get(key[0], counted[key].sum()) == pytest.approx(found[key][0]), key


def test_keys_that_are_asked_for_alone_and_all_that_are_counted():
    task = MEASURES[measures.SKIP]
    pool = task.pool(ROWS)
    everything = values(task, pool)
    assert set(task.counted(pool)) == set(everything)
    assert set(task.compared()) | set(task.shares()) <= set(everything)
    for key in everything:
        alone = task.values(pool, np.ones((1, len(pool.units))), [key])
        assert alone[key] == pytest.approx(everything[key], nan_ok=True)
        assert {metric for metric, _ in alone} == {key[0]}


def test_precision_is_compared_by_swapping_patients():
    """Against the swaps of six patients, gone through by hand from counts of true and false positives."""
    other = PREDICTED.copy()
    other[::4] = TRUTH[::4]
    both = [ROWS, rows_of(TRUTH, other, ROWS["patient"].tolist()).assign(arm="lcgan")]
    task = MEASURES[measures.SKIP]
    params = comparisons.Params(
        1, folds=2, bootstrap=100, confidence=0.95, smallest_gain=0.03, primary="lcgan", operating_point="fixed"
    )
    point = operating_points.Params(folds=2, classes=1, group=100, synthetic=0, plateau=0)
    table = pd.concat(both, ignore_index=True)
    compared = comparisons.table(pooled(table, task, 2), operating_points.choose(table, task, point), task, params)
    row = compared.query("metric == 'precision' and against == 'equal steps'").iloc[0]

    counts = []  # of each arm, by patient: true positives, and all that count
    for rows in both:
        truth, predicted, overlap = (
            rows[[column.format(cls) for cls in CLASSES]].to_numpy() for column in slice_scores.COLUMNS[:3]
        )
        right = (truth > 0) & (2 * overlap >= 0.25 * (truth + predicted))
        wrong = (truth == 0) & (predicted >= 200 * (SIDE / 256) ** 2)
        each = pd.DataFrame({"right": right.sum(1), "all": (right | wrong).sum(1)}).groupby(rows["patient"]).sum()
        counts.append(each.to_numpy())

    def difference(swapped):
        sums = [np.where(swapped[:, None] ^ flip, counts[0], counts[1]).sum(axis=0) for flip in (False, True)]
        return sums[0][0] / sums[0][1] - sums[1][0] / sums[1][1]

    swaps = np.arange(64)[:, None] >> np.arange(6) & 1
    differences = np.array([difference(swap == 1) for swap in swaps])
    assert row["delta"] == pytest.approx(differences[0])
    exact = np.mean(np.abs(differences) >= abs(differences[0]) - 1e-9)
    assert row["p"] == pytest.approx(exact)
    assert 0.04 < exact < 1


def test_what_counts():
    task = MEASURES[measures.SKIP]
    counted = task.counted(task.pool(by_hand()))
    assert counted["DSC", ALL].tolist() == [True, True, False, False]
    assert counted["DSC", "b"].tolist() == [False, True, False, False]
    assert counted["empty slices right", ALL].tolist() == [False, False, True, True]
    assert counted["-HD95", "a"].tolist() == [True, False, False, False]
    assert MEASURES[measures.COUNT].counted(task.pool(by_hand()))["DSC", ALL].all()


def test_the_predictions_of_all_models_are_pooled_and_checked():
    task = MEASURES[measures.SKIP]
    pools = pooled(ROWS, task, 2)
    assert pools["original", "100", 0].units.tolist() == sorted(ROWS["slice"])
    for change, message in [
        ({"a_overlap_px": 5000}, r"slice P0-1-00 in arm original, size 100, seed 0: expected an overlap of a"),
        ({"b_truth_px": np.nan}, r"slice P0-1-00 .* overlap of b"),
    ]:
        with pytest.raises(InputError, match=message):
            pooled(ROWS.assign(**change), task, 2)
    with pytest.raises(InputError, match="missing a_hd95"):
        pooled(ROWS.drop(columns="a_hd95"), task, 2)
