"""A slice of a test or validation patient is named wherever it was planted: in a generator, a detector, its anchors, a
pasted lesion, the boxes of a synthetic slice, or what chose synthetic slices."""

import dataclasses

import pandas as pd
import pytest

from synthaug.audit import lineage
from synthaug.errors import InputError

# Fold 0 is tested; of the patients of fold 1, P1 and P2 are learned from and P3 validates. Two slices each.
SLICES = pd.DataFrame([(f"P{n}-{k}", f"P{n}") for n in range(4) for k in range(2)], columns=["slice", "patient"])
FOLDS = SLICES.assign(fold=[0, 0, 1, 1, 1, 1, 1, 1])
LEARNED, VALIDATION = ["P1-0", "P1-1", "P2-0", "P2-1"], ["P3-0", "P3-1"]
COLUMNS = ["source", "slice", "rank", "generator"]


@pytest.fixture
def known():
    return lineage.cohort(SLICES, FOLDS, 0, "slice")


def rows(*more: tuple) -> pd.DataFrame:
    own = [("slice", name, -1, "") for name in LEARNED] + [("validation", name, -1, "") for name in VALIDATION]
    return pd.DataFrame([*own, *more], columns=COLUMNS)


def detector(*more: tuple, arm: str = "real", size: str = "0", chosen_by=None) -> lineage.Model:
    predicted = FOLDS[FOLDS["fold"] == 0].assign(fold="0")
    return lineage.Model("detect", arm, size, 0, "1", rows(*more), predicted, chosen_by)


def generator(*names: str) -> lineage.Generator:
    """Return CPGGAN, trained on the slices that are learned from and on ``names``."""
    seen = pd.DataFrame([("slice", name, -1, "") for name in (*LEARNED, *names)], columns=COLUMNS)
    return lineage.Generator("cpggan", "all", 0, "1", "all", seen)


MADE = [("synthetic", "P1-0", 0, "cpggan"), ("synthetic", "P2-1", 1, "cpggan")]
PASTED = [("pool", "P1-0", 0, ""), ("pool", "P2-0", 1, "")]  # where a lesion was pasted, and whose it is
TESTED = "slice {} of test patient P0 is in the training set"
VALIDATES = "slice {} of validation patient P3 is learned from"
FILTERED = {"arm": "cpggan-filtered", "size": "100", "chosen_by": ("real", "0")}


def test_clean_models_of_every_arm_pass(known):
    models = [detector(), detector(*PASTED, arm="paste"), detector(*MADE, arm="cpggan", size="100"),
              detector(*MADE, **FILTERED), detector(*MADE, arm="cpggan", size="200")]  # fmt: skip
    records = lineage.check({0: known}, [generator()], models)
    assert [record["test_patients"] for record in records] == [1] * 6
    assert records[1]["validation_patients"] == 1
    assert records[1]["training_patients"] == 2


@pytest.mark.parametrize(
    ("model", "leak"),
    [
        # The anchors of a detector are those of the boxes in its training set.
        (detector(("slice", "P0-0", -1, "")), TESTED.format("P0-0")),
        (detector(("slice", "P3-0", -1, "")), VALIDATES.format("P3-0")),
        (detector(("validation", "P0-1", -1, "")), TESTED.format("P0-1")),
        (detector(*PASTED, ("pool", "P0-0", 1, ""), arm="paste"), TESTED.format("P0-0")),
        (detector(*PASTED, ("pool", "P3-1", 1, ""), arm="paste"), VALIDATES.format("P3-1")),
        (
            detector(*MADE, ("synthetic", "P0-1", 2, "cpggan"), arm="cpggan", size="100"),
            TESTED.format("P0-1"),
        ),
        (
            detector(*MADE, ("synthetic", "P3-1", 2, "cpggan"), arm="cpggan", size="100"),
            VALIDATES.format("P3-1"),
        ),
    ],
    ids=["detector", "validation", "threshold", "donor", "validating donor", "boxes", "validating boxes"],
)  # fmt: skip
def test_a_slice_that_a_detector_must_not_have_is_named(known, model, leak):
    assert lineage.model_leaks(model, known, [generator()]) == [f"{model.name}: {leak}"]


def test_a_test_patient_in_the_generator_is_named(known):
    with pytest.raises(InputError, match="generators/cpggan/on-all/train-1/all: slice P0-0 of test patient P0 is in"):
        lineage.check({0: known}, [generator("P0-0")], [detector()])


def test_a_validation_patient_in_the_generator_is_named(known):
    """He chooses the threshold at which the detector is used, on images that a network made of him has taught it."""
    model = detector(*MADE, arm="cpggan", size="100")
    leaks = lineage.model_leaks(model, known, [generator("P3-0")])
    assert leaks == [f"{model.name}: {VALIDATES.format('P3-0')} by seed-0/generators/cpggan/on-all/train-1/all"]
    assert lineage.model_leaks(detector(), known, [generator("P3-0")]) == []  # it has none of its images


def test_the_filter_is_audited_with_the_detector_that_chooses(known):
    made = [generator()], detector(*MADE, **FILTERED)
    with pytest.raises(InputError, match=r"cpggan-filtered/100/train-1: its .* chosen by seed-0/detect/real/0/train-1"):
        lineage.check({0: known}, made[0], [made[1]])
    other = dataclasses.replace(detector(), folds="0", predictions=detector().predictions[:0])
    with pytest.raises(InputError, match="chosen by seed-0/detect/real/0/train-1, which is unknown"):
        lineage.check({0: known}, made[0], [other, made[1]])
    with pytest.raises(InputError, match="seed-0/detect/real/0/train-1: slice P0-0 of test patient P0"):
        lineage.check({0: known}, made[0], [detector(("slice", "P0-0", -1, "")), made[1]])


def test_a_generator_whose_own_name_ends_so_is_not_filtered(known):
    made = [("synthetic", "P1-0", 0, "pix-filtered")]
    preset = dataclasses.replace(generator(), preset="pix-filtered")
    lineage.check({0: known}, [preset], [detector(*made, arm="pix-filtered", size="100")])
