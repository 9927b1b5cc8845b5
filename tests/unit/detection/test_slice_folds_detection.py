"""Folds of slices with boxes: no patient in two, as many boxes in each; and what the notes say of slices without."""

import numpy as np
import pandas as pd
import pytest

from synthaug.detection import slice_folds, slice_notes
from synthaug.errors import InputError

HOW = {"classes": ["a", "b"], "folds": 3, "master_seed": 3}


def slices(patients=40, healthy=7):
    """Patients of 1 to 8 slices with 0 to 3 boxes of a each, every fourth patient with a box of b; two are extra."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(patients + healthy):
        for index in range(random.integers(1, 9)):
            a = int(random.integers(0, 4)) * (number < patients)
            rows.append(
                (f"P{number:02}-1-{index}", f"P{number:02}", "main", a, int(number < patients and number % 4 == 0))
            )
    rows += [(f"X{number}-1-0", f"X{number}", "extra", 3, 3) for number in range(2)]
    table = pd.DataFrame(rows, columns=["slice", "patient", "set", "a_boxes", "b_boxes"])
    return table.assign(boxes=table["a_boxes"] + table["b_boxes"])


@pytest.mark.parametrize("seed", range(2))
def test_patients_are_whole_and_boxes_balanced(seed):
    table = slices()
    folds = slice_folds.split(table, seed=seed, **HOW)
    assert list(folds) == ["slice", "patient", "fold"]
    assert folds["slice"].tolist() == sorted(table["slice"][table["set"] == "main"])
    assert (folds.groupby("patient")["fold"].nunique() == 1).all()
    counts = table.merge(folds, on=["slice", "patient"]).groupby("fold")[["a_boxes", "b_boxes"]].sum()
    assert len(counts) == 3
    assert ((counts.max() - counts.min()) / counts.mean()).max() < 0.15
    without = folds[folds["patient"].isin([f"P{number}" for number in range(40, 47)])].drop_duplicates("patient")
    assert sorted(without["fold"].value_counts()) == [2, 2, 3]


def test_seeds_differ_and_repeat():
    first, again, other = (slice_folds.split(slices(), seed=seed, **HOW) for seed in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)


def test_class_of_too_few_patients_is_named():
    table = slices()
    table.loc[table["patient"] != "P00", "b_boxes"] = 0
    with pytest.raises(InputError, match="class b: expected at least 3 patients in the main set for 3 folds, found 1"):
        slice_folds.split(table, seed=0, **HOW)


def test_notes_say_how_many_slices_have_no_lesion():
    table = slices()
    (line,) = slice_notes.empty_slices(table)
    assert line.startswith(f"{(table['boxes'] == 0).sum()} of {len(table)} slices have no lesion")
    first, cure = slice_notes.empty_slices(table[table["boxes"] > 0])
    assert "is without lesion, so false alarms are counted beside lesions alone" in first
    assert "rows with empty class and annotation" in cure


def test_a_given_split_is_taken_as_it_is():
    parts = {0: "test", 1: "validation"}
    table = slices().assign(split=lambda each: each["patient"].str[-1].astype(int).map(parts).fillna("train"))
    folds = slice_folds.split(table, seed=0, given_split=True, **{**HOW, "folds": 2})
    last = folds["patient"].str[-1].astype(int)
    assert (folds["fold"] == (last != 0)).all()
    assert (folds["validation"] == (last == 1)).all()
    with pytest.raises(InputError, match="class b: expected patients of test who show it, found none"):
        slice_folds.split(table.assign(b_boxes=0), seed=0, given_split=True, **{**HOW, "folds": 2})
