from itertools import pairwise

import pandas as pd
import pytest

from synthaug.classification import training_sets
from synthaug.errors import InputError
from synthaug.terms import sizes

CLASSES = ["cyst", "hemangioma", "metastasis"]
PER_LESION = 20


@pytest.fixture
def tables():
    """27 main lesions in three folds and six extra ones, each with 20 augmentations."""
    main = [(f"L{i:02d}", f"P{i:02d}", CLASSES[i % 3], "main") for i in range(27)]
    extra = [(f"X{i:02d}", f"Q{i:02d}", CLASSES[i % 3], "extra") for i in range(6)]
    rois = pd.DataFrame(main + extra, columns=["lesion", "patient", "class", "set"])
    folds = rois[rois["set"] == "main"].drop(columns="set").assign(fold=[(i // 3) % 3 for i in range(27)])
    pool = pd.DataFrame([(lesion, rank) for lesion in rois["lesion"] for rank in range(PER_LESION)])
    return rois, pool.set_axis(["lesion", "rank"], axis=1), folds


def classifier(tables, size, arm="classic", folds="12"):
    return training_sets.classifier_set(
        *tables, train_folds=folds, arm=arm, size=size, classes=CLASSES, seed=0, master_seed=5
    )


def keys(table):
    return set(table[["source", "lesion", "rank", "class", "generator"]].itertuples(index=False, name=None))


def test_sizes_count_images_added_per_training_fold(tables):
    for size, expected in [("0", 18), ("50", 18 + 2 * 50), ("50+10x3", 18 + 2 * 50 + 2 * 3 * 10)]:
        arm = "classic" if "+" not in size else "dcgan"
        table = classifier(tables, size, arm)
        assert len(table) == expected
        assert table["row"].dtype == table["rank"].dtype == int
    assert len(classifier(tables, "50", folds="1")) == 9 + 50


def test_groups_are_nested(tables):
    sizes = ["0", "8", "30", "31", "180"]
    sets = [keys(classifier(tables, size)) for size in sizes]
    assert all(small < large for small, large in pairwise(sets))
    assert keys(classifier(tables, "30", "dcgan")) == keys(classifier(tables, "30"))
    for arm in ("dcgan", "extra"):
        assert keys(classifier(tables, "30+4x3", arm)) < keys(classifier(tables, "30+9x3", arm))


def test_the_placebo_has_the_images_of_classic(tables):
    pd.testing.assert_frame_equal(classifier(tables, "30", "placebo"), classifier(tables, "30"))


@pytest.mark.parametrize("use", ["pretrain", "genmix", "weight", "select"])
def test_every_use_has_the_images_of_the_arm_that_mixes_them_in(tables, use):
    pd.testing.assert_frame_equal(classifier(tables, "30+9x3", f"dcgan-{use}"), classifier(tables, "30+9x3", "dcgan"))


@pytest.mark.parametrize(("further", "share"), [(5, 0.25), (20, 1), (80, 4)])
def test_from_a_quarter_to_four_times_as_many_synthetic_images_as_classic_ones(tables, further, share):
    counts = classifier(tables, f"60+{further}x3", "dcgan-pretrain")["source"].value_counts()
    assert counts["synthetic"] == share * counts["pool"]


def test_same_volume_of_each_lesion(tables):
    table = classifier(tables, "30")
    counts = table[table["source"] == training_sets.POOL].groupby("lesion").size()
    assert counts.max() - counts.min() <= 1
    assert len(counts) == 18


def test_rows_point_at_the_images_they_name(tables):
    rois, pool, _ = tables
    table = classifier(tables, "30+9x3", "extra")
    for source, index in [
        (training_sets.ROI, rois),
        (training_sets.EXTRA_ROI, rois),
        (training_sets.POOL, pool),
        (training_sets.EXTRA_POOL, pool),
    ]:
        part = table[table["source"] == source]
        assert len(part)
        assert (index.loc[part["row"], "lesion"].to_numpy() == part["lesion"].to_numpy()).all()
    pooled = table[table["source"] == training_sets.POOL]
    assert (pool.loc[pooled["row"], "rank"].to_numpy() == pooled["rank"].to_numpy()).all()
    known = rois.set_index("lesion")["class"]
    assert (known[table["lesion"]].to_numpy() == table["class"].to_numpy()).all()


def test_only_training_folds_and_extra_lesions(tables):
    _, _, folds = tables
    trained = set(folds[folds["fold"] != 0]["lesion"])
    assert set(classifier(tables, "180")["lesion"]) == trained
    extra = classifier(tables, "8+9x3", "extra")
    assert {lesion for lesion in extra["lesion"] if lesion.startswith("L")} == trained
    assert set(training_sets.test_lesions(folds, "12")["lesion"]) == set(folds["lesion"]) - trained


def test_extra_takes_the_real_rois_first(tables):
    table = classifier(tables, "8+1x3", "extra")
    assert set(table[table["source"].str.startswith("extra")]["source"]) == {training_sets.EXTRA_ROI}
    more = classifier(tables, "8+5x3", "extra")
    assert (more["source"] == training_sets.EXTRA_ROI).sum() == 6
    assert (more["source"] == training_sets.EXTRA_POOL).sum() == 2 * 3 * 5 - 6


def test_generator_trains_on_its_class_in_the_classic_group(tables):
    table = training_sets.generator_set(*tables, train_folds="12", group=30, cls="cyst", seed=0, master_seed=5)
    classic = classifier(tables, "30")
    assert keys(table) == keys(classic[classic["class"] == "cyst"])


def test_synthetic_rows_are_the_first_of_the_generators_pool(tables):
    table = classifier(tables, "8+5x3", "dcgan")
    synthetic = table[table["source"] == training_sets.SYNTHETIC]
    assert (synthetic["generator"] == "dcgan").all()
    for cls in CLASSES:
        assert synthetic[synthetic["class"] == cls]["row"].tolist() == list(range(10))


def test_acgan_trains_on_the_whole_classic_group(tables):
    table = training_sets.generator_set(*tables, train_folds="12", group=30, cls="all", seed=0, master_seed=5)
    assert keys(table) == keys(classifier(tables, "30"))


@pytest.mark.parametrize("arm", ["online", "mixup"])
def test_fresh_augmentations_have_the_places_of_the_classic_ones(tables, arm):
    table, classic = classifier(tables, "31", arm), classifier(tables, "31")
    assert len(table) == len(classic)
    fresh = table[table["source"] == training_sets.FRESH]
    of_pool = classic[classic["source"] == training_sets.POOL]
    assert fresh.groupby("lesion").size().to_dict() == of_pool.groupby("lesion").size().to_dict()
    assert fresh["class"].value_counts().to_dict() == of_pool["class"].value_counts().to_dict()
    assert len(classifier(tables, "1000", arm)) == 18 + 2 * 1000  # there is no pool to run out


def test_too_many_and_no_extra(tables):
    rois, pool, folds = tables
    with pytest.raises(InputError, match=r"181 augmentations asked for of fold 1.*at most 180"):
        classifier(tables, "181")
    with pytest.raises(InputError, match="extra"):
        classifier((rois[rois["set"] == "main"], pool, folds), "8+5x3", "extra")
    with pytest.raises(InputError, match="expected"):
        sizes.parse("many")
