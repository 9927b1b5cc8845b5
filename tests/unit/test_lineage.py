"""A lesion of a test patient that was planted in a training set is found and named, wherever it was planted."""

import dataclasses
import json
import subprocess
import sys

import pandas as pd
import pytest

from synthaug import lineage
from synthaug.errors import InputError

# Patient P0 has two lesions; P9 is extra. Folds are 0, 1, 2.
ROIS = pd.DataFrame(
    [
        ("L0a", "P0", "cyst", "main"),
        ("L0b", "P0", "met", "main"),
        ("L1", "P1", "cyst", "main"),
        ("L2", "P2", "met", "main"),
        ("L3", "P3", "met", "main"),
        ("L9", "P9", "cyst", "extra"),
    ],
    columns=["lesion", "patient", "class", "set"],
)
FOLDS = ROIS[ROIS["set"] == "main"].drop(columns="set").assign(fold=[0, 0, 1, 2, 1])
COLUMNS = ["source", "lesion", "rank", "class", "generator"]


@pytest.fixture
def known():
    return lineage.cohort(ROIS, FOLDS, 0)


def generator(*more, cls="cyst", folds="12"):
    lesions = {"cyst": ["L1"], "met": ["L2", "L3"]}[cls]
    rows = [(source, lesion, 0) for lesion in lesions for source in ("roi", "pool")] + list(more)
    return lineage.Generator("dcgan", 100, 0, folds, cls, pd.DataFrame(rows, columns=COLUMNS[:3]))


def predictions():
    rows = [("L0a", "P0", 0, "cyst"), ("L0b", "P0", 0, "met")]
    return pd.DataFrame(rows, columns=["lesion", "patient", "fold", "truth"])


def classifier(*more, arm="dcgan", predicted=None):
    """Return a classifier trained on folds 1 and 2, so tested on P0, with the rows ``more`` in its training set."""
    rows = [("roi", "L1", -1, "cyst", ""), ("roi", "L2", -1, "met", ""), ("pool", "L3", 4, "met", ""), *more]
    predicted = predictions() if predicted is None else predicted
    return lineage.Classifier(arm, "100+10x2", 0, "12", pd.DataFrame(rows, columns=COLUMNS), predicted)


SYNTHETIC = ("synthetic", "", 0, "cyst", "dcgan")


def test_clean_models_pass(known):
    extra = classifier(("extra-roi", "L9", -1, "cyst", ""), ("extra-pool", "L9", 3, "cyst", ""), arm="extra")
    lineage.check({0: known}, [generator(), generator(cls="met")], [classifier(SYNTHETIC), extra])


def test_a_generator_of_another_group_is_not_the_one(known):
    other = dataclasses.replace(classifier(SYNTHETIC), size="200+10x2")
    (leak,) = lineage.classifier_leaks(other, known, [generator()])
    assert "seed-0/classify/dcgan/200+10x2/train-12: synthetic images of class cyst" in leak


def test_a_planted_test_lesion_is_named(known):
    model = classifier(("pool", "L0a", 7, "cyst", ""))
    assert lineage.classifier_leaks(model, known, []) == [
        "seed-0/classify/dcgan/100+10x2/train-12: lesion L0a of test patient P0 is in the training set"
    ]


def test_another_lesion_of_a_test_patient_is_a_leak():
    """L0b is in a training fold while L0a is tested: the folds are refused, and so is the training set."""
    with pytest.raises(InputError, match="patient P0 is in the folds 0, 1"):
        lineage.cohort(ROIS, FOLDS.assign(fold=[0, 1, 1, 2, 1]), 0)
    patient, class_of, set_of = (dict(zip(ROIS["lesion"], ROIS[name], strict=True)) for name in ROIS.columns[1:])
    split = lineage.Cohort(patient, class_of, set_of, {"L0a": "0", "L0b": "1", "L1": "1", "L2": "2", "L3": "1"})
    leaks = lineage.classifier_leaks(classifier(("roi", "L0b", -1, "met", ""), predicted=predictions()[:1]), split, [])
    assert leaks == ["seed-0/classify/dcgan/100+10x2/train-12: lesion L0b of test patient P0 is in the training set"]


def test_a_generator_that_saw_a_test_patient_is_named_with_all_else(known):
    leaky = generator(("pool", "L0a", 2))
    with pytest.raises(InputError) as error:
        lineage.check({0: known}, [leaky], [classifier(SYNTHETIC, ("roi", "L0b", -1, "met", ""))])
    text = str(error.value)
    assert "seed-0/generators/dcgan/on-100/train-12/cyst: lesion L0a of test patient P0" in text
    assert "seed-0/classify/dcgan/100+10x2/train-12: lesion L0b of test patient P0" in text


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("extra-roi", "L1", -1, "cyst", ""), "lesion L1 of patient P1 is in the training set as an extra one"),
        (("extra-pool", "L0a", 0, "cyst", ""), "lesion L0a of test patient P0"),
        (("roi", "L9", -1, "cyst", ""), "lesion L9 of patient P9 is in the training set but in none of its folds"),
        (("roi", "L7", -1, "cyst", ""), "lesion L7 is in the training set but not in rois.csv"),
        (("web", "L1", 0, "cyst", ""), "source web"),
        (("synthetic", "", 0, "met", "dcgan"), "synthetic images of class met come from a generator dcgan of other"),
        (("synthetic", "", 0, "cyst", "acgan"), "come from a generator acgan of other folds or group, or unknown"),
    ],
)
def test_every_kind_of_wrong_row(known, row, message):
    (leak,) = lineage.classifier_leaks(classifier(row), known, [generator(), generator(cls="met", folds="02")])
    assert message in leak


def test_a_generator_of_one_class_saw_no_other(known):
    (leak,) = lineage.generator_leaks(generator(("roi", "L2", -1)), known)
    assert leak.endswith("lesion L2 is of class met, not cyst")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[:1], "lesion L0b is a test lesion without prediction"),
        (lambda t: pd.concat([t, t[:1]]), "lesion L0a is predicted twice"),
        (lambda t: t.assign(patient="P1"), r"lesion L0a is predicted as .*'P1'"),
        (lambda t: pd.concat([t, t[:1].assign(lesion="L1")]), "lesion L1 is predicted but is no test lesion"),
    ],
)
def test_predictions_must_be_of_the_test_lesions(known, change, message):
    model = classifier(predicted=change(predictions()))
    with pytest.raises(InputError, match=message):
        lineage.check({0: known}, [], [model])


def test_mixed_versions_are_named():
    models = {"a": {"versions": {"torch": "2.1", "numpy": "2.4"}}, "b": {"versions": {"torch": "2.2"}}}
    with pytest.raises(InputError, match=r"torch 2.1 in 1 models such as a; 2.2 in 1 models such as b"):
        lineage.common_versions(models)
    assert lineage.common_versions({"a": models["a"]}) == {"numpy": "2.4", "torch": "2.1"}


def test_script(tmp_path):
    """The audit of a classifier and a generator on disk; then a test lesion is planted in the generator's set."""
    ROIS.to_csv(tmp_path / "rois.csv", index=False)
    FOLDS.to_csv(tmp_path / "folds.csv", index=False)
    for name, model in (("run", classifier(SYNTHETIC)), ("generator", generator())):
        (tmp_path / name).mkdir()
        model.train_set.to_csv(tmp_path / name / "train_set.csv", index=False)
        record = {"versions": {"torch": "2.1"}, "device": "cpu"}
        (tmp_path / name / "model.json").write_text(json.dumps(record))
    predictions().to_csv(tmp_path / "run" / "predictions.csv", index=False)
    command = [sys.executable, "scripts/audit_lineage.py", "--rois", tmp_path / "rois.csv"]
    command += ["--folds", f"0={tmp_path / 'folds.csv'}", "--out", tmp_path / "lineage.json"]
    command += ["--runs", '[["dcgan", "100+10x2", 0, "12"]]', "--run-folders", tmp_path / "run"]
    command += ["--generators", '[["dcgan", 100, 0, "12", "cyst"]]', "--generator-folders", tmp_path / "generator"]
    subprocess.run(command, check=True, capture_output=True)
    report = json.loads((tmp_path / "lineage.json").read_text(encoding="utf-8"))
    assert report["clean"]
    assert report["versions"] == {"torch": "2.1"}
    assert report["models"][1] == {
        "model": "seed-0/classify/dcgan/100+10x2/train-12",
        "test_lesions": 2,
        "test_patients": 1,
        "train_set_sha256": report["models"][1]["train_set_sha256"],
        "training_images": {"pool": 1, "roi": 2, "synthetic": 1},
        "training_lesions": 3,
        "training_patients": 3,
    }
    assert str(tmp_path) not in json.dumps(report)

    generator(("roi", "L0a", -1)).train_set.to_csv(tmp_path / "generator" / "train_set.csv", index=False)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "train-12/cyst: lesion L0a of test patient P0 is in the training set" in done.stderr.splitlines()[-1]
