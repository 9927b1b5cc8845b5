"""Each arm has the images that it should, from the slices of the share alone."""

import numpy as np
import pandas as pd
import pytest
from tests.helpers import made_slices

from synthaug.cohort import tested_units
from synthaug.errors import InputError
from synthaug.segmentation import training_images, training_sets

ALL_IMAGES, ALL_LABELS = made_slices.discs(20, 0, 64)
NAMES = np.array([f"s{number}" for number in range(20)])
REAL = pd.DataFrame({"slice": NAMES}).iloc[[3, 4, 8, 9, 15, 17]]
AUGMENTATION = training_images.Augmentation(**made_slices.AUGMENTATION)
OWN = ALL_IMAGES[REAL.index], ALL_LABELS[REAL.index]


def synthetic(count=6):
    index = pd.DataFrame({"sample": range(count), "slice": REAL["slice"].to_numpy()[:count], "generator": "lcgan"})
    return training_images.Synthetic(index.assign(epochs=10), 255 - OWN[0][:count], OWN[1][:count])


def gather(arm, pairs=None, arrays=(ALL_IMAGES, ALL_LABELS), real=REAL, train_folds="12"):
    return training_images.gather(
        real, arm, arrays, AUGMENTATION, pairs, seed=0, train_folds=train_folds, master_seed=1
    )


@pytest.mark.parametrize(
    ("arm", "sources"),
    [
        ("original", {"slice": 6}),
        ("traditional", {"slice": 6, "pool": 6}),
        ("lcgan", {"slice": 6, "synthetic": 6}),
        ("imported", {"slice": 6, "synthetic": 6}),
        ("both", {"slice": 6, "pool": 6, "synthetic": 6}),
        ("fresh", {"fresh": 6}),
    ],
)
def test_arms(arm, sources):
    examples = gather(arm, None if arm in training_sets.WITHOUT_GENERATOR else synthetic())
    table = examples.table
    assert list(table) == ["source", "slice", "rank", "generator"]
    assert table["source"].value_counts().to_dict() == sources
    assert len(examples.images) == len(examples.labels) == len(table)
    for _, part in table.groupby("source"):
        assert part["slice"].tolist() == REAL["slice"].tolist()
    for source, expected in (("slice", OWN), ("fresh", OWN), ("synthetic", (255 - OWN[0], OWN[1]))):
        rows = (table["source"] == source).to_numpy()
        if rows.any():
            np.testing.assert_array_equal(examples.images[rows], expected[0])
            np.testing.assert_array_equal(examples.labels[rows], expected[1])
    assert set(table["generator"][table["source"] == "synthetic"]) <= {"lcgan"}
    assert set(table["generator"][table["source"] != "synthetic"]) == {""}


def test_copies_of_a_slice_are_the_same_in_every_share_and_arm():
    """Each copy is its slice, moved: as much lesion as the range of scales allows, and no other copy's draws."""
    large, small = gather("traditional"), gather("both", synthetic(2), real=REAL.iloc[3:5])
    np.testing.assert_array_equal(large.images[9:11], small.images[2:4])
    np.testing.assert_array_equal(large.labels[9:11], small.labels[2:4])
    areas = (large.labels[6:] > 0).sum((1, 2)) / (OWN[1] > 0).sum((1, 2))
    assert ((areas > 0.85**2 * 0.9) & (areas < 1.15**2 * 1.1)).all()
    assert not np.array_equal(large.labels[6:], OWN[1])


def test_paste_names_the_slices_that_lesions_come_from():
    examples = gather("paste")
    assert len(examples.images) == 12
    table = examples.table.iloc[6:]
    copies, donors = table[table["rank"] == 0], table[table["rank"] == 1]
    assert copies["slice"].tolist() == REAL["slice"].tolist()
    assert len(donors) == (examples.labels[6:] != OWN[1]).any((1, 2)).sum() > 0
    assert set(donors["slice"]) <= set(REAL["slice"])
    assert set(table["source"]) == {"pool"}


@pytest.mark.parametrize("arm", ["original", "traditional", "both", "fresh", "paste"])
def test_other_slices_are_never_read(arm):
    """All others are exchanged for poison: no image of the training set changes."""
    poisoned = [array.copy() for array in (ALL_IMAGES, ALL_LABELS)]
    for array in poisoned:
        array[~np.isin(np.arange(20), REAL.index)] = 99
    pairs = synthetic() if arm == "both" else None
    found, expected = gather(arm, pairs, tuple(poisoned)), gather(arm, pairs)
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.labels, expected.labels)
    pd.testing.assert_frame_equal(found.table, expected.table)


def test_test_slices_are_those_outside_the_training_folds():
    folds = pd.DataFrame({"slice": list("dcba"), "fold": [0, 1, 2, 0]})
    assert tested_units.outside(folds, "12")["slice"].tolist() == ["d", "a"]
    assert tested_units.outside(folds, "2")["slice"].tolist() == ["d", "c", "a"]


def test_synthetic_images_of_another_number_or_side_are_one_line():
    pairs = synthetic()
    few = training_images.Synthetic(pairs.index, pairs.images[:5], pairs.labels)
    with pytest.raises(InputError, match=r"synthetic images: expected 6 x 64 x 64 .*, found 5 x 64 x 64; delete"):
        gather("lcgan", few)
    small = training_images.Synthetic(pairs.index, pairs.images, pairs.labels[:, ::2, ::2])
    with pytest.raises(InputError, match=r"synthetic labels: expected 6 x 64 x 64 .*, found 6 x 32 x 32"):
        gather("lcgan", small)
