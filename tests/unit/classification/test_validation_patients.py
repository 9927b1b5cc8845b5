import numpy as np
import pandas as pd
import pytest

from synthaug.classification import training_sets, validation_patients
from synthaug.errors import InputError

CLASSES = ["benign", "malignant"]
COUNTS = {"benign": 20, "malignant": 10}  # patients of each fold


@pytest.fixture
def tables():
    """Three folds of 30 patients with one or two lesions each, six extra lesions; each with 30 augmentations."""
    rows = []
    for fold in range(3):
        for cls, count in COUNTS.items():
            for number in range(count):
                patient = f"{cls}-{fold}-{number:02d}"
                rows += [(f"{patient}-{i}", patient, cls, "main", fold) for i in range(1 + number % 2)]
    rows += [(f"extra-{i}", f"extra-{i}", CLASSES[i % 2], "extra", -1) for i in range(6)]
    rois = pd.DataFrame(rows, columns=["lesion", "patient", "class", "set", "fold"])
    pool = pd.DataFrame([(lesion, rank) for lesion in rois["lesion"] for rank in range(30)], columns=["lesion", "rank"])
    return rois, pool, rois[rois["set"] == "main"].drop(columns="set")


def training(tables, arm, size, share=0.2, seed=0, folds="12"):
    return training_sets.classifier_set(
        *tables,
        train_folds=folds,
        arm=arm,
        size=size,
        classes=CLASSES,
        seed=seed,
        master_seed=5,
        validation_share=share,
    )


def lesions(table, *sources):
    return set(table.loc[table["source"].isin(sources), "lesion"])


@pytest.mark.parametrize(
    ("arm", "size"),
    [
        ("classic", "100"),
        ("placebo", "100"),
        ("online", "140"),
        ("mixup", "140"),
        ("extra", "100+20x2"),
        ("gan", "100+20x2"),
    ],
)
def test_nobody_who_validates_is_learned_from_or_tested(tables, arm, size):
    rois, _, folds = tables
    patient = dict(zip(rois["lesion"], rois["patient"], strict=True))
    table = training(tables, arm, size)
    held = table[table["source"] == training_sets.VALIDATION]
    validating = {patient[lesion] for lesion in held["lesion"]}
    learned = {patient[lesion] for lesion in set(table.loc[table["source"] != "validation", "lesion"]) - {""}}
    tested = set(folds.loc[folds["fold"] == 0, "patient"])
    assert validating
    assert not validating & learned
    assert not (validating | learned) & tested
    assert validating | learned == set(folds.loc[folds["fold"] != 0, "patient"]) | (learned - set(folds["patient"]))
    # All their lesions validate, un-augmented, and stand where the array of ROIs has them.
    assert set(held["lesion"]) == {lesion for lesion in folds["lesion"] if patient[lesion] in validating}
    assert (held["rank"] == -1).all()
    assert rois["lesion"].to_numpy()[held["row"]].tolist() == held["lesion"].tolist()
    assert table["source"].iloc[-len(held) :].eq("validation").all()


def test_a_fifth_of_the_patients_of_each_class_validates(tables):
    held = training(tables, "classic", "0")
    patients = held[held["source"] == "validation"]["lesion"].str.rsplit("-", n=1).str[0].drop_duplicates()
    parts = patients.str.split("-").str[:2].str.join("-")  # class and fold
    assert parts.value_counts().to_dict() == {"benign-1": 4, "benign-2": 4, "malignant-1": 2, "malignant-2": 2}
    held = training(tables, "classic", "0", share=0.25, folds="012")  # 15 of 60 and 7 or 8 of 30
    parts = held[held["source"] == "validation"]["lesion"].str.rsplit("-", n=1).str[0].drop_duplicates()
    counts = parts.str.split("-", expand=True).groupby([0, 1]).size().unstack()
    assert counts.sum(axis=1).tolist() in ([15, 7], [15, 8])
    assert (counts.max(axis=1) - counts.min(axis=1)).max() <= 1


def test_all_arms_and_sizes_have_the_same_and_each_split_its_own(tables):
    same = [
        lesions(training(tables, arm, size), "validation")
        for arm, size in [("classic", "0"), ("classic", "100"), ("placebo", "50"), ("online", "9"), ("gan", "50+4x2")]
    ]
    assert all(each == same[0] for each in same)
    others = [training(tables, "classic", "0", **change) for change in ({"seed": 1}, {"folds": "01"}, {"share": 0.4})]
    assert all(lesions(other, "validation") != same[0] for other in others)


def test_groups_keep_their_size_and_equal_volume(tables):
    with_, without = (training(tables, "gan", "100+20x2", share) for share in (0.2, 0.0))
    for source in ("pool", "synthetic"):
        assert (with_["source"] == source).sum() == (without["source"] == source).sum()
    counts = with_[with_["source"] == "pool"].groupby("lesion").size()
    fold = counts.index.str.split("-").str[1]
    for _, part in counts.groupby(fold):
        assert part.max() - part.min() <= 1
    assert "validation" not in set(without["source"])


def test_a_patient_of_two_classes_is_in_one_part_with_all_lesions():
    draws = np.random.default_rng(0)
    rows = [(f"p{number}", cls) for number in range(20) for cls in draws.choice(CLASSES, 1 + number % 2, replace=False)]
    members = pd.DataFrame(rows, columns=["patient", "class"]).assign(
        lesion=[f"l{i}" for i in range(len(rows))], fold=1
    )
    for seed in range(20):
        learned, held = validation_patients.choose(members, 0.3, train_folds="12", seed=seed, master_seed=1)
        assert set(learned["patient"]).isdisjoint(held["patient"])
        assert len(learned) + len(held) == len(members)
        assert set(learned["class"]) == set(held["class"]) == set(CLASSES)


def test_a_class_of_one_patient_is_an_error():
    members = pd.DataFrame(
        {"lesion": ["a", "b", "c"], "patient": ["p", "q", "r"], "class": ["benign", "benign", "malignant"]}
    ).assign(fold=1)
    with pytest.raises(
        InputError, match=r"^class malignant: expected two or more patients in the training folds 1, 2,"
    ):
        validation_patients.choose(members, 0.2, train_folds="12", seed=0, master_seed=1)
