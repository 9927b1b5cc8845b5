"""Validation patients have their share of the boxes, teach nothing, and are the user's where he has chosen."""

import numpy as np
import pandas as pd
import pytest

from synthaug.detection import validation_patients
from synthaug.errors import InputError


def cohort(boxes_of: list[int], folds: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two slices a patient, the first of which has all boxes; patients take turns in the folds."""
    rows = [(f"s{n:03d}-{i}", f"p{n:03d}", n % folds) for n in range(len(boxes_of)) for i in range(2)]
    table = pd.DataFrame(rows, columns=["slice", "patient", "fold"])
    boxes = pd.DataFrame({"slice": np.repeat([f"s{n:03d}-0" for n in range(len(boxes_of))], boxes_of)})
    return table, boxes.assign(ignore=0)


def split(table, boxes, share=0.2, folds="12", seed=0):
    return validation_patients.split(table, boxes, share, train_folds=folds, seed=seed, master_seed=7)


def test_nobody_is_in_both_or_outside_the_training_folds():
    table, boxes = cohort([n % 4 for n in range(60)])
    learned, held = split(table, boxes)
    assert set(learned["patient"]).isdisjoint(held["patient"])
    both = pd.concat([learned, held]).sort_index()
    pd.testing.assert_frame_equal(both, table[table["fold"] != 0])
    assert held["patient"].nunique() == 8  # a fifth of 30 patients with boxes, and of 10 without


def test_the_share_of_boxes_is_about_that_of_patients():
    """Numbers of boxes of a heavy tail: without groups, every sixth draw would lie outside these bounds."""
    numbers = np.random.default_rng(0).geometric(0.08, 120).tolist()
    table, boxes = cohort(numbers, folds=1)
    shares = []
    for seed in range(40):
        _, held = split(table, boxes, folds="0", seed=seed)
        assert held["patient"].nunique() == 24
        shares.append(boxes["slice"].isin(held["slice"]).mean())
    assert min(shares) > 0.15
    assert max(shares) < 0.25
    assert abs(np.mean(shares) - 0.2) < 0.01
    assert len(set(shares)) > 10


def test_each_seed_and_split_has_its_own_and_ignored_boxes_do_not_count():
    table, boxes = cohort([1] * 60)
    first = set(split(table, boxes)[1]["patient"])
    assert first == set(split(table, boxes)[1]["patient"])
    assert first != set(split(table, boxes, seed=1)[1]["patient"])
    assert first != set(split(table, boxes, folds="01")[1]["patient"])
    only = boxes.assign(ignore=(~boxes["slice"].isin(["s001-0", "s002-0"])).astype(int))
    for seed in range(5):
        assert {"p001", "p002"} & set(split(table, only, 0.05, seed=seed)[1]["patient"])


def test_the_users_own_split_decides():
    table, boxes = cohort([1] * 12)
    chosen = table.assign(validation=table["patient"].isin(["p001", "p003"]).astype(int))
    learned, held = split(chosen, boxes)
    assert set(held["patient"]) == {"p001"}  # the other one is in the fold that is tested
    assert learned["patient"].nunique() == 7


@pytest.mark.parametrize(
    ("numbers", "chosen", "expected"),
    [
        ([0, 0, 0, 0, 0], None, "training folds 1, 2: expected a box to learn from, found none, and boxes in 0 patients"
         " in all; add patients with boxes"),
        ([3, 3, 0, 0, 0], None, "expected a box to learn from, found none, and boxes in 1 patient in all"),
        ([3, 3, 0, 3, 0], "p002", "expected a box of validation patients, found none, and boxes in 1 patient in all;"
         " correct the column validation or add boxes"),
    ],
)  # fmt: skip
def test_no_box_is_one_line(numbers, chosen, expected):
    table, boxes = cohort(numbers)
    if chosen:
        table = table.assign(validation=(table["patient"] == chosen).astype(int))
    with pytest.raises(InputError, match=expected) as error:
        split(table, boxes)
    assert "\n" not in str(error.value)
