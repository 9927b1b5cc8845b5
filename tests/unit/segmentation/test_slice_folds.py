"""Folds of slices: no patient in two, classes balanced over patients, and what the lineage audit needs."""

import numpy as np
import pandas as pd
import pytest

from synthaug.audit import lineage
from synthaug.errors import InputError
from synthaug.segmentation import slice_folds

HOW = {"classes": ["a", "b"], "folds": 3, "master_seed": 3}


def slices(patients=30, rare=6, healthy=7):
    """Patients with 1 to 8 slices; all show a but the healthy ones, few show b, on one slice; two are extra."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(patients + healthy):
        ill = number < patients
        for index in range(random.integers(1, 9)):
            b = 9 * (ill and number < rare and index == 0)
            rows.append((f"P{number:02}-1-{index}", f"P{number:02}", "main", 5 * (ill and index == 0), b))
    rows += [(f"X{number}-1-0", f"X{number}", "extra", 3, 3) for number in range(2)]
    return pd.DataFrame(rows, columns=["slice", "patient", "set", "a_px", "b_px"])


@pytest.mark.parametrize("seed", range(5))
def test_patients_are_whole_and_classes_balanced(seed):
    table = slices()
    folds = slice_folds.split(table, seed=seed, **HOW)
    assert list(folds) == ["slice", "patient", "fold"]
    assert folds["slice"].tolist() == sorted(table["slice"][table["set"] == "main"])
    by_patient = folds.groupby("patient")["fold"].agg(["nunique", "first"])
    assert (by_patient["nunique"] == 1).all()
    fold = by_patient["first"]
    shows_b = [f"P{number:02}" for number in range(6)]
    assert fold[shows_b].value_counts().tolist() == [2, 2, 2]
    assert fold[[f"P{number:02}" for number in range(30)]].value_counts().tolist() == [10, 10, 10]
    assert sorted(fold[[f"P{number:02}" for number in range(30, 37)]].value_counts()) == [2, 2, 3]


def test_seeds_differ_and_repeat():
    first, again, other = (slice_folds.split(slices(), seed=seed, **HOW) for seed in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)


def test_class_of_too_few_patients_is_named():
    with pytest.raises(InputError, match="class b: expected at least 3 patients in the main set for 3 folds, found 1"):
        slice_folds.split(slices(rare=1), seed=0, **HOW)
    table = slices().assign(c_px=0)
    with pytest.raises(InputError, match=r"class c: expected lesions, found none"):
        slice_folds.split(table, seed=0, **{**HOW, "classes": ["a", "b", "c"]})


def test_the_lineage_audit_takes_slices_and_folds():
    """A planted test patient is found; the training set without it is clean."""
    table = slices()
    folds = slice_folds.split(table, seed=0, **HOW)
    known = lineage.cohort(table, folds, 0, "slice")
    training, test = folds[folds["fold"] != 0], folds[folds["fold"] == 0]
    assert known.test_patients("12") == set(test["patient"])
    predictions = test.reset_index(drop=True)

    def leaks(names):
        train_set = pd.DataFrame({"source": "pool", "slice": names, "rank": 0, "generator": ""})
        model = lineage.Model("segment", "original", "100", 0, "12", train_set, predictions)
        return lineage.model_leaks(model, known, [])

    assert leaks(training["slice"]) == []
    planted = test["slice"].iloc[0]
    (line,) = leaks([*training["slice"], planted])
    assert f"slice {planted} of test patient {test['patient'].iloc[0]} is in the training set" in line
