"""Patients divided by the case table: who is tested, who is kept apart, and what is wrong in one line each."""

import pandas as pd
import pytest

from synthaug.audit import lineage
from synthaug.cohort import cases, given_split
from synthaug.errors import InputError
from synthaug.segmentation import shares, slice_folds

ROWS = [
    ("S1", "P1", "main", 4, 0, "train"), ("S2", "P1", "main", 0, 3, "train"), ("S3", "P2", "main", 5, 5, "test"),
    ("S4", "P3", "main", 2, 2, "validation"), ("S5", "P4", "main", 0, 0, "train"), ("S6", "P5", "extra", 1, 1, ""),
]  # fmt: skip
SLICES = pd.DataFrame(ROWS, columns=["slice", "patient", "set", "a_px", "b_px", "split"])
HOW = {"classes": ["a", "b"], "folds": 2, "master_seed": 1, "given_split": True}


def test_patients_of_the_test_are_fold_0_and_nobody_is_drawn():
    first, other = (slice_folds.split(SLICES, seed=seed, **HOW) for seed in (0, 7))
    assert first.equals(other)
    assert first.to_dict("list") == {
        "slice": ["S1", "S2", "S3", "S4", "S5"], "patient": ["P1", "P1", "P2", "P3", "P4"],
        "fold": [1, 1, 0, 1, 1], "validation": [0, 0, 0, 1, 0],
    }  # fmt: skip


def test_without_patients_of_a_validation_there_is_no_such_column():
    folds = slice_folds.split(SLICES[SLICES["patient"] != "P3"], seed=0, **HOW)
    assert list(folds) == ["slice", "patient", "fold"]


@pytest.mark.parametrize("text", [True, False])
def test_shares_are_of_the_patients_who_train(text):
    folds = slice_folds.split(SLICES, seed=0, **HOW)
    folds = folds.astype(str) if text else folds
    rows = shares.training_slices(SLICES, folds, "1", "1000", classes=["a", "b"], seed=0, master_seed=1)
    assert rows["patient"].tolist() == ["P1", "P1", "P4"]


@pytest.mark.parametrize(
    ("patient", "split", "message"),
    [
        ("P2", "validation", "class a: expected patients of test who show it, found none"),
        ("P1", "validation", "class b: expected patients of train who show it, found none"),
    ],
)
def test_a_class_that_is_not_in_training_or_test_is_named(patient, split, message):
    table = SLICES.assign(split=SLICES["split"].where(SLICES["patient"] != patient, split))
    with pytest.raises(InputError, match=message):
        slice_folds.split(table, seed=0, **HOW)


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (["train", "train", "test", "val", "train"], "row 5, lesion L5: split: {expected}, found 'val'; correct it"),
        (["train", "train", "test", "", "train"], "row 5, lesion L5: split: {expected}, found an empty cell"),
        (["train", "test", "test", "test", "train"], "P1: expected one split, found train in row 2 and test in row 3"),
        (["train"] * 5, "split: expected patients of test, found none; say who they are"),
        (["test"] * 5, "split: expected patients of train, found none; say who they are"),
        (None, "column split: {expected} in each row, found no such column; add it"),
    ],
)  # fmt: skip
def test_a_wrong_column_is_one_line_each(tmp_path, splits, message):
    patients = ["P1", "P1", "P2", "P3", "P4"]
    table = pd.DataFrame({"lesion": [f"L{row}" for row in range(2, 7)], "patient": patients, "class": "a"})
    table = table.assign(image="none.png", box="1,1,9,9") if splits is None else table.assign(
        image="none.png", box="1,1,9,9", split=splits
    )  # fmt: skip
    table.to_csv(tmp_path / "cases.csv", index=False)
    with pytest.raises(InputError) as error:
        cases.check(tmp_path / "cases.csv", cases.Params(["a"], given_split=True))
    message = message.format(expected="expected train, validation or test")
    assert [line for line in str(error.value).splitlines() if message in line], str(error.value)
    with pytest.raises(InputError) as error:
        cases.check(tmp_path / "cases.csv", cases.Params(["a"]))
    assert "split" not in str(error.value)


@pytest.mark.parametrize("kind", [lineage.Generator, lineage.Choice])
def test_the_audit_names_a_patient_of_the_validation_that_trains(kind):
    known = lineage.cohort(SLICES, slice_folds.split(SLICES, seed=0, **HOW), 0, "slice")
    rows = pd.DataFrame({"source": "slice", "slice": ["S1", "S4"]})
    made = kind("gan", 1000, 0, "1", *(["all", rows] if kind is lineage.Generator else [rows, False]))
    found = lineage.generator_leaks if kind is lineage.Generator else lineage.choice_leaks
    assert found(made, known) == [f"{made.name}: slice S4 of validation patient P3 is in the training set"]


def test_the_audit_lets_a_patient_of_the_validation_say_when_to_stop():
    known = lineage.cohort(SLICES, slice_folds.split(SLICES, seed=0, **HOW), 0, "slice")
    predicted = pd.DataFrame({"slice": ["S3"], "patient": ["P2"], "fold": [0]})

    def leaks(source):
        rows = pd.DataFrame({"source": ["slice", source], "slice": ["S1", "S4"], "generator": ""})
        return lineage.model_leaks(lineage.Model("segment", "a", "1000", 0, "1", rows, predicted), known, [])

    assert leaks("validation") == []
    (line,) = leaks("pool")
    assert line.endswith("slice S4 of validation patient P3 is in the training set")


def test_rows_of_the_extra_set_have_no_say():
    sets, splits = ["main", "main", "extra"], ["train", "test", ""]
    table = pd.DataFrame({"patient": ["P1", "P2", "P2"], "set": sets, "split": splits})
    assert list(given_split.problems(table)) == []
