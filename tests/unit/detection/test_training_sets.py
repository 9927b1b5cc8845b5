"""A training set has the slices of its arm and size, with their images and boxes in the same rows."""

import numpy as np
import pandas as pd
import pytest
from tests.helpers import made_boxes

from synthaug.detection import box_lists, filtered_slices, training_images, training_sets
from synthaug.detection.boxes import BOX
from synthaug.detection.slice_table import Slices
from synthaug.errors import InputError

SIDE = 32
AUGMENTATION = training_images.Augmentation(**made_boxes.AUGMENTATION)


@pytest.fixture(scope="module")
def learned() -> Slices:
    images, boxes = made_boxes.slices(9, 0, SIDE)
    names = np.array([f"s{number}" for number in range(9)])
    boxes = boxes.assign(slice=names[boxes["slice"]], ignore=0)
    return Slices(pd.DataFrame({"slice": names, "patient": "P"}), images, boxes)


@pytest.fixture(scope="module")
def synthetic() -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    images, boxes = made_boxes.slices(20, 1, SIDE)
    index = pd.DataFrame({"sample": range(20), "slice": [f"s{n % 9}" for n in range(20)], "generator": "cpggan"})
    return index, images, boxes.rename(columns={"slice": "sample"})


def gather(learned, arm, made=None):
    return training_images.gather(
        learned, arm, made_boxes.CLASSES, AUGMENTATION, made, seed=0, train_folds="12", master_seed=1
    )


@pytest.mark.parametrize(("size", "count"), [("100", 9), ("200", 18), ("50", 5), ("12", 1)])
def test_sizes_count_per_hundred_and_lie_inside_each_other(synthetic, size, count):
    chosen = training_sets.chosen(synthetic[0], size, 9)
    assert chosen["sample"].tolist() == list(range(count))


def test_a_filter_leaves_the_first_that_it_keeps(synthetic):
    kept = pd.DataFrame({"sample": range(20), "kept": [n % 3 == 0 for n in range(20)]}).astype(int)
    assert training_sets.chosen(synthetic[0], "50", 9, kept)["sample"].tolist() == [0, 3, 6, 9, 12]
    assert training_sets.chosen(synthetic[0], "200", 9, kept)["sample"].tolist() == [0, 3, 6, 9, 12, 15, 18]  # all
    assert training_sets.chosen(synthetic[0], "50", 9, kept.assign(kept=0)).empty
    with pytest.raises(InputError, match="expected 27, 300 per 100 of the 9 real ones, found 20; make more, or take"):
        training_sets.chosen(synthetic[0], "300", 9)


def test_an_arm_whose_filter_keeps_nothing_has_the_real_slices(learned, synthetic):
    index, images, boxes = synthetic
    rows, examples, _ = gather(learned, "cpggan-filtered", training_images.Synthetic(index.head(0), images, boxes))
    of_real, real, _ = gather(learned, "real")
    assert rows["slice"].tolist() == of_real["slice"].tolist()
    np.testing.assert_array_equal(examples.images, real.images)
    np.testing.assert_array_equal(examples.boxes[:, : real.boxes.shape[1]], real.boxes)


def test_rows_images_and_boxes_of_an_arm_with_synthetic_slices(learned, synthetic):
    index, images, boxes = synthetic
    chosen = index.iloc[[2, 3, 7]]
    rows, examples, donors = gather(learned, "cpggan", training_images.Synthetic(chosen, images, boxes))
    assert rows["source"].tolist() == ["slice"] * 9 + ["synthetic"] * 3
    assert rows["rank"].tolist() == [-1] * 9 + [2, 3, 7]
    assert rows["slice"].tolist() == [*learned.table["slice"], "s2", "s3", "s7"]
    assert rows["generator"].tolist() == [""] * 9 + ["cpggan"] * 3
    assert donors == []
    np.testing.assert_array_equal(examples.images, np.concatenate([learned.images, images[[2, 3, 7]]]))
    for row, (source, name, rank) in enumerate(zip(rows["source"], rows["slice"], rows["rank"], strict=True)):
        real = learned.boxes[learned.boxes["slice"] == name]
        mine = real if source == "slice" else boxes[boxes["sample"] == rank]
        shown = examples.labels[row] != box_lists.EMPTY
        np.testing.assert_array_equal(examples.boxes[row][shown], mine[BOX])
        assert [made_boxes.CLASSES[label] for label in examples.labels[row][shown]] == mine["class"].tolist()


def test_the_arm_paste_has_each_slice_twice(learned):
    rows, examples, donors = gather(learned, "paste")
    assert rows["source"].tolist() == ["slice"] * 9 + ["pool"] * 9
    assert rows["slice"].tolist() == learned.table["slice"].tolist() * 2
    first, second = examples.images[:9], examples.images[9:]
    np.testing.assert_array_equal(first, learned.images)
    changed = (first != second).any((1, 2))
    assert changed.sum() == len(donors) > 4
    more = (examples.labels[9:] >= 0).sum(1) - (examples.labels[:9] >= 0).sum(1)
    np.testing.assert_array_equal(more, changed)
    with_box = set(learned.boxes["slice"])
    assert set(donors) <= with_box
    listed = training_sets.with_others(rows, donors, ["v1", "v2"])
    assert listed["source"].tolist() == ["slice"] * 9 + ["pool"] * (9 + len(donors)) + ["validation"] * 2
    assert listed["rank"].tolist() == [-1] * 9 + [0] * 9 + [1] * len(donors) + [-1] * 2


def test_fresh_slices_are_the_real_ones_changed_more(learned):
    for arm in ("real", "fresh"):
        rows, examples, _ = gather(learned, arm)
        assert rows["source"].tolist() == ["slice"] * 9
        np.testing.assert_array_equal(examples.images, learned.images)
    assert AUGMENTATION.chances("fresh") == made_boxes.FRESH
    assert AUGMENTATION.chances("paste") == AUGMENTATION.chances("cpggan") == made_boxes.REAL


def test_ignored_boxes_keep_their_place():
    table = pd.DataFrame(
        [("a", "dark", 1, 2, 3, 4, 0), ("c", "dark", 5, 6, 7, 8, 1), ("a", "bright", 2, 2, 4, 4, 0)],
        columns=["slice", "class", *BOX, "ignore"],
    )
    boxes, labels = box_lists.packed(table, pd.Series(["a", "b", "c"]), "slice", made_boxes.CLASSES)
    assert labels.tolist() == [[1, 0], [-1, -1], [-2, -1]]
    assert boxes[:, 0].tolist() == [[1, 2, 3, 4], [0, 0, 0, 0], [5, 6, 7, 8]]


def test_wrong_synthetic_images_are_one_line(learned, synthetic):
    index, images, boxes = synthetic
    for wrong in (images[:5], images[:, :16, :16]):
        with pytest.raises(InputError, match=r"synthetic images: expected 20 or more of 32 x 32 px") as error:
            gather(learned, "cpggan", training_images.Synthetic(index, wrong, boxes))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(("made", "kept"), [(9, 9), (4, 4), (0, 0)])
def test_slices_that_a_filter_kept_are_counted(made, kept):
    rows = pd.DataFrame({"source": ["slice"] * 9 + ["synthetic"] * made + ["validation"] * 3})
    counted = filtered_slices.row(["cpggan-filtered", "100", 0, "12"], rows)
    assert (counted["asked"], counted["kept"]) == (9, kept)


def test_arms_that_have_too_few_slices_are_named():
    rows = [("a-filtered", "100", 0, "12", 50, 50), ("b-filtered", "100", 0, "12", 50, 49)]
    table = pd.DataFrame([*rows, ("b-filtered", "100", 0, "02", 50, 0)], columns=filtered_slices.COLUMNS)
    said = "Filters kept fewer slices than their size asks for: b-filtered 100 (2 of 2 trainings)."
    assert filtered_slices.caution(table) == said
    assert filtered_slices.caution(table[:1]) == ""
