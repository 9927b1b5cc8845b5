"""The search of the support vector machines against explicit loops, and what it must not see."""

import numpy as np
import pytest
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from synthaug.classification import svm
from synthaug.errors import InputError

GRID = {"c": [-3, 5, 4], "gamma": [-7, 1, 4]}
NAMES = ("baseline", 0, "12")


def rings(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points on two circles around one centre, which no line tells apart."""
    draws = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    angle, radius = draws.uniform(0, 2 * np.pi, count), 1 + 2 * labels + draws.normal(0, 0.2, count)
    return np.stack([radius * np.cos(angle), 100 * radius * np.sin(angle)], axis=1), labels


def own_patients(labels: np.ndarray, count: int = 3) -> np.ndarray:
    return svm.inner_folds(labels, np.arange(len(labels)).astype(str), count, 1, NAMES)


def test_inner_folds_keep_patients_together_and_classes_apart():
    draws = np.random.default_rng(0)
    patients = draws.integers(0, 40, 120).astype(str)
    labels = np.arange(120) % 3
    inner = svm.inner_folds(labels, patients, 3, 1, NAMES)
    assert all(len(set(inner[patients == patient])) == 1 for patient in patients)
    counts = np.array([np.bincount(inner[labels == label], minlength=3) for label in range(3)])
    assert counts.sum() == 120
    assert counts.min() >= 10
    assert np.array_equal(inner, svm.inner_folds(labels, patients, 3, 1, NAMES))
    assert not np.array_equal(inner, svm.inner_folds(labels, patients, 3, 1, ("baseline", 1, "12")))


def test_too_few_patients_for_the_inner_folds():
    labels = np.array([0] * 10 + [1] * 10)
    patients = np.array([*"abcdefghij", *"kkkkkllllm"])
    assert set(svm.inner_folds(labels, patients, 3, 1, NAMES)) == {0, 1, 2}
    with pytest.raises(InputError, match="4 inner folds, found a class with 3 patients"):
        svm.inner_folds(labels, patients, 4, 1, NAMES)


def test_ranges_hold_both_ends():
    assert np.log2(svm.powers(-5, 15, 2)).tolist() == [-5, -3, -1, 1, 3, 5, 7, 9, 11, 13, 15]
    assert np.log2(svm.powers(-15, 3, 2)).tolist() == [-15, -13, -11, -9, -7, -5, -3, -1, 1, 3]


def test_the_best_of_the_grid_wins():
    """Every pair of C and gamma scored by hand: what is chosen has the largest mean score in the inner folds."""
    features, labels = rings(60, 0)
    labels = np.where(np.random.default_rng(1).random(60) < 0.2, 1 - labels, labels)
    inner = own_patients(labels)
    found = svm.chosen(svm.search([], features, labels, inner, GRID))
    scores = {}
    for c in (2**-3, 2, 2**5):
        for gamma in (2**-7, 2**-3, 2):
            parts = []
            for fold in range(3):
                train, test = inner != fold, inner == fold
                scale = StandardScaler().fit(features[train])
                machine = SVC(C=c, gamma=gamma).fit(scale.transform(features[train]), labels[train])
                predicted = machine.predict(scale.transform(features[test]))
                parts.append(balanced_accuracy_score(labels[test], predicted))
            scores[c, gamma] = np.mean(parts)
    assert len(set(scores.values())) > 4
    assert found["inner_score"] == pytest.approx(max(scores.values()))
    assert scores[found["c"], found["gamma"]] == pytest.approx(max(scores.values()))


def test_learns_what_no_line_can_tell():
    model = svm.search([], *rings(90, 0), own_patients(np.arange(90) % 2), GRID)
    features, labels = rings(200, 1)
    assert (svm.decisions(model, features).argmax(axis=1) == labels).mean() > 0.97


def test_of_equal_scores_the_smoothest_machine_wins():
    labels = np.arange(30) % 2
    features = labels[:, None] + np.random.default_rng(0).normal(0, 0.01, (30, 2))
    assert svm.chosen(svm.search([], features, labels, own_patients(labels), GRID)) == {
        "c": 2**-3,
        "gamma": 2**-7,
        "inner_score": 1.0,
    }


def test_the_search_does_not_see_features_chosen_with_its_test_cases():
    """Labels without any relation to 3000 features: selection before the search would seem to work."""
    draws = np.random.default_rng(0)
    features, labels = draws.normal(size=(60, 3000)), np.arange(60) % 2
    inner = own_patients(labels)
    select = SelectKBest(f_classif, k=10)
    inside = svm.search([("select", select)], features, labels, inner, GRID)
    before = svm.search([], select.fit_transform(features, labels), labels, inner, GRID)
    assert svm.chosen(before)["inner_score"] > 0.85
    assert svm.chosen(inside)["inner_score"] < 0.7


def test_decisions_name_the_predicted_class():
    features, labels = rings(60, 0)
    model = svm.search([], features, labels, own_patients(labels), GRID)
    decision = svm.decisions(model, features)
    np.testing.assert_array_equal(decision[:, 0], -decision[:, 1])
    np.testing.assert_array_equal(decision.argmax(axis=1), model.predict(features))

    labels = np.arange(60) % 3
    features = np.eye(3)[labels] + np.random.default_rng(0).normal(0, 0.1, (60, 3))
    decision = svm.decisions(svm.search([], features, labels, own_patients(labels), GRID), features)
    np.testing.assert_array_equal(decision.argmax(axis=1), labels)


def test_probabilities_are_the_softmax():
    decision = np.array([[0.0, np.log(3)], [1000.0, 1000.0]])
    np.testing.assert_allclose(svm.probabilities(decision), [[0.25, 0.75], [0.5, 0.5]])
