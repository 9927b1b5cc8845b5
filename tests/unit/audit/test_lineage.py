"""A lesion of a test patient that was planted in a training set is found and named, wherever it was planted."""

import dataclasses
import hashlib
import json
import re
import sys

import pandas as pd
import pytest
from tests.helpers import forked

from synthaug.audit import lineage
from synthaug.errors import InputError
from synthaug.terms import model_lists

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
    return lineage.cohort(ROIS, FOLDS, 0, "lesion", "class")


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
    return lineage.Model("classify", arm, "100+10x2", 0, "12", pd.DataFrame(rows, columns=COLUMNS), predicted)


SYNTHETIC = ("synthetic", "", 0, "cyst", "dcgan")


def stopped_by(*lesions):
    """Return a classifier that learned from L1 and L2, and was stopped by ``lesions``."""
    rows = [("roi", "L1", -1, "cyst", ""), ("pool", "L2", 3, "met", "")]
    class_of = ROIS.set_index("lesion")["class"]
    rows += [("validation", lesion, -1, class_of[lesion], "") for lesion in lesions]
    return dataclasses.replace(classifier(), train_set=pd.DataFrame(rows, columns=COLUMNS))


def test_validation_patients_are_counted_apart(known):
    (record,) = lineage.check({0: known}, [], [stopped_by("L3")])
    assert record["training_images"] == {"pool": 1, "roi": 1}
    assert record["training_lesions"] == record["training_patients"] == 2
    assert record["validation_lesions"] == record["validation_patients"] == 1
    assert "validation_patients" not in lineage.record(classifier(), known)


@pytest.mark.parametrize(
    ("lesion", "expected"),
    [
        ("L0a", "lesion L0a of test patient P0 is in the training set"),
        ("L9", "lesion L9 of patient P9 is in the training set but in none of its folds"),
        ("L2", "lesion L2 of validation patient P2 is learned from"),
    ],
)
def test_a_patient_who_must_not_validate_is_named(known, lesion, expected):
    (leak,) = lineage.model_leaks(stopped_by("L3", lesion), known, [])
    assert leak == f"seed-0/classify/dcgan/100+10x2/train-12: {expected}"


def test_another_lesion_of_a_validation_patient_must_not_be_learned_from():
    """P1 has L1, which is learned from, and L4, which validates; both are of the training folds."""
    rois = pd.concat([ROIS, pd.DataFrame([("L4", "P1", "cyst", "main")], columns=ROIS.columns)])
    known = lineage.cohort(rois, pd.concat([FOLDS, FOLDS[2:3].assign(lesion="L4")]), 0, "lesion", "class")
    model = stopped_by()
    row = pd.DataFrame([("validation", "L4", -1, "cyst", "")], columns=COLUMNS)
    (leak,) = lineage.model_leaks(dataclasses.replace(model, train_set=pd.concat([model.train_set, row])), known, [])
    assert leak.endswith("lesion L1 of validation patient P1 is learned from")


def test_a_generator_has_nobody_who_validates(known):
    (leak,) = lineage.generator_leaks(generator(("validation", "L1", -1)), known)
    assert "source validation (lesion L1) is not one of roi, slice, pool, imported" in leak


def test_clean_models_pass(known):
    extra = classifier(("extra-roi", "L9", -1, "cyst", ""), ("extra-pool", "L9", 3, "cyst", ""), arm="extra")
    lineage.check({0: known}, [generator(), generator(cls="met")], [classifier(SYNTHETIC), extra])


def selected(*more):
    chosen = classifier(SYNTHETIC, *more, arm="dcgan-select")
    return dataclasses.replace(chosen, chosen_by=("classic", "100"))


def selector(*more):
    """Return the classifier of the arm classic, of the group and training folds of `selected`."""
    return dataclasses.replace(classifier(*more, arm="classic"), size="100")


@pytest.mark.parametrize("use", ["pretrain", "genmix", "weight"])
def test_other_uses_take_the_images_of_the_generator(known, use):
    lineage.check({0: known}, [generator()], [classifier(SYNTHETIC, arm=f"dcgan-{use}")])
    (leak,) = lineage.model_leaks(classifier(SYNTHETIC, arm=f"dcgan-{use}"), known, [])
    assert "synthetic images of class cyst come from a generator dcgan of other folds or group, or unknown" in leak


def varied(*parents):
    """Return a generator of folds 1 and 2 whose images are variations of ``parents``: lesions, and the class shown."""
    seen = pd.concat([generator().train_set, generator(cls="met").train_set], ignore_index=True)
    table = pd.DataFrame(parents, columns=["parent", "class"])
    return dataclasses.replace(generator(), cls="all", train_set=seen, parents=table)


def test_parents_of_variations_are_followed(known):
    clean = varied(("L1", "cyst"), ("L2", "met"), ("L2", "met"))
    (record, _) = lineage.check({0: known}, [clean], [classifier(SYNTHETIC)])
    assert (record["varied_lesions"], record["variations"]) == (2, 3)
    assert "variations" not in lineage.record(generator(), known)


@pytest.mark.parametrize(
    ("parent", "message"),
    [
        (("L0a", "cyst"), "lesion L0a of test patient P0 is the parent of variations"),
        (("L9", "cyst"), "lesion L9 is the parent of variations but not in their generator's training set"),
        (("L7", "cyst"), "lesion L7 is the parent of variations but not among the cohort's lesions"),
        (("L2", "cyst"), "lesion L2 is the parent of variations of class cyst, it is met"),
    ],
)
def test_a_parent_that_must_not_be_one_is_named(known, parent, message):
    with pytest.raises(InputError) as refused:
        lineage.check({0: known}, [varied(("L1", "cyst"), parent)], [classifier(SYNTHETIC)])
    assert str(refused.value).splitlines()[1:] == [f"seed-0/generators/dcgan/on-100/train-12/all: {message}"]


def test_what_selects_images_is_audited_too(known):
    lineage.check({0: known}, [generator()], [selected(), selector()])
    name = "seed-0/classify/dcgan-select/100+10x2/train-12"
    chosen = f"{name}: its synthetic images were chosen by seed-0/classify/classic/100/train-12, which is"
    with pytest.raises(InputError, match=re.escape(f"{chosen} unknown")):
        lineage.check({0: known}, [generator()], [selected()])
    with pytest.raises(InputError) as refused:
        lineage.check({0: known}, [generator()], [selected(), selector(("pool", "L0a", 7, "cyst", ""))])
    assert str(refused.value).splitlines()[1:] == [
        "seed-0/classify/classic/100/train-12: lesion L0a of test patient P0 is in the training set",
        f"{chosen} not clean",
    ]


def test_a_generator_of_another_group_is_not_the_one(known):
    other = dataclasses.replace(classifier(SYNTHETIC), size="200+10x2")
    (leak,) = lineage.model_leaks(other, known, [generator()])
    assert "seed-0/classify/dcgan/200+10x2/train-12: synthetic images of class cyst" in leak


def test_a_planted_test_lesion_is_named(known):
    model = classifier(("pool", "L0a", 7, "cyst", ""))
    assert lineage.model_leaks(model, known, []) == [
        "seed-0/classify/dcgan/100+10x2/train-12: lesion L0a of test patient P0 is in the training set"
    ]


def test_another_lesion_of_a_test_patient_is_a_leak():
    """L0b is in a training fold while L0a is tested: the folds are refused, and so is the training set."""
    with pytest.raises(InputError, match="patient P0 is in the folds 0, 1"):
        lineage.cohort(ROIS, FOLDS.assign(fold=[0, 1, 1, 2, 1]), 0, "lesion", "class")
    patient, class_of, set_of = (dict(zip(ROIS["lesion"], ROIS[name], strict=True)) for name in ROIS.columns[1:])
    split = lineage.Cohort(
        "lesion", patient, class_of, set_of, class_of, {"L0a": "0", "L0b": "1", "L1": "1", "L2": "2", "L3": "1"}
    )
    leaks = lineage.model_leaks(classifier(("roi", "L0b", -1, "met", ""), predicted=predictions()[:1]), split, [])
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
        (("roi", "L7", -1, "cyst", ""), "lesion L7 is in the training set but not among the cohort"),
        (("web", "L1", 0, "cyst", ""), "source web"),
        (("synthetic", "", 0, "met", "dcgan"), "synthetic images of class met come from a generator dcgan of other"),
        (("synthetic", "", 0, "cyst", "acgan"), "come from a generator acgan of other folds or group, or unknown"),
    ],
)
def test_every_kind_of_wrong_row(known, row, message):
    (leak,) = lineage.model_leaks(classifier(row), known, [generator(), generator(cls="met", folds="02")])
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


@pytest.mark.parametrize(
    ("arm", "size", "source"),
    [("online", "850", "fresh"), ("mixup", "850", "fresh"), ("bovw-single", "0", "roi"), ("glcm", "0", "roi")],
)
def test_arms_without_stored_augmentations(known, arm, size, source):
    """Augmentations drawn afresh obey the rule of the folds; so do the baselines' bare ROIs."""
    rows = [("roi", "L1", -1, "cyst", ""), (source, "L2", -1, "met", "")]
    model = dataclasses.replace(classifier(), arm=arm, size=size, train_set=pd.DataFrame(rows, columns=COLUMNS))
    (record,) = lineage.check({0: known}, [], [model])
    assert record["training_lesions"] == 2
    for lesion, message in [
        ("L0a", "lesion L0a of test patient P0"),
        ("L9", "patient P9 is in the training set but in"),
    ]:
        leaky = dataclasses.replace(model, train_set=model.train_set.assign(lesion=["L1", lesion]))
        (leak,) = lineage.model_leaks(leaky, known, [])
        assert leak.startswith(f"seed-0/classify/{arm}/{size}/train-12: ")
        assert message in leak


def test_a_generator_trains_on_stored_images_only(known):
    (leak,) = lineage.generator_leaks(generator(("fresh", "L1", -1)), known)
    assert leak.endswith("source fresh (lesion L1) is not one of roi, slice, pool, imported")


def imported(*lesions, cls="cyst", folds="12"):
    rows = [
        ("imported", lesion, -1, dict(zip(ROIS["lesion"], ROIS["class"], strict=True))[lesion]) for lesion in lesions
    ]
    return lineage.Generator("ldm", 100, 0, folds, cls, pd.DataFrame(rows, columns=COLUMNS[:4]).assign(generator=""))


def test_an_imported_generator_may_know_other_classes_and_extra_patients_but_no_test_patient(known):
    model = classifier(("synthetic", "", 0, "cyst", "ldm"), arm="ldm")
    for clean in (imported("L1", "L2", "L9"), imported()):
        lineage.check({0: known}, [clean], [model])
    leaks = lineage.generator_leaks(imported("L0a", "L0b", "L1"), known)
    assert leaks == [
        f"seed-0/generators/ldm/on-100/train-12/cyst: lesion {lesion} of test patient P0 is in the training set"
        for lesion in ("L0a", "L0b")
    ]
    (leak,) = lineage.model_leaks(model, known, [imported(folds="02"), imported(cls="met")])
    assert "synthetic images of class cyst come from a generator ldm of other folds or group, or unknown" in leak
    (leak,) = lineage.model_leaks(classifier(("imported", "L1", -1, "cyst", "")), known, [])
    assert "source imported (lesion L1)" in leak


def acgan(*more, folds="12"):
    """Return a generator of all classes, trained on the ROIs of folds 1 and 2 with the rows ``more``."""
    rows = [("roi", "L1", -1, "cyst", ""), ("roi", "L2", -1, "met", ""), ("pool", "L3", 4, "met", ""), *more]
    return lineage.Generator("acgan", 100, 0, folds, "all", pd.DataFrame(rows, columns=COLUMNS))


def discriminator(*more):
    return dataclasses.replace(classifier(*more), arm="acgan-discriminator", size="0")


def test_a_generator_of_all_classes_makes_each(known):
    rows = [("synthetic", "", 0, cls, "acgan") for cls in ("cyst", "met")]
    records = lineage.check({0: known}, [acgan()], [classifier(*rows, arm="acgan"), discriminator()])
    assert [record["model"].split("/", 1)[1] for record in records] == [
        "generators/acgan/on-100/train-12/all",
        "classify/acgan/100+10x2/train-12",
        "classify/acgan-discriminator/0/train-12",
    ]
    assert records[0]["training_images"] == {"pool": 1, "roi": 2}
    (leak,) = lineage.generator_leaks(acgan(("pool", "L0a", 0, "cyst", "")), known)
    assert "train-12/all: lesion L0a of test patient P0" in leak


@pytest.mark.parametrize(
    ("model", "generators", "messages"),
    [
        (
            discriminator(),
            [acgan(folds="02")],
            ["discriminator of a generator acgan of all classes and these folds, which"],
        ),
        (
            discriminator(),
            [acgan(("pool", "L1", 3, "cyst", ""))],
            ["is not that of seed-0/generators/acgan/on-100/train-12"],
        ),
        (
            discriminator(("pool", "L0a", 3, "cyst", "")),
            [acgan(("pool", "L0a", 3, "cyst", ""))],
            ["discriminator/0/train-12: lesion L0a of test patient P0"],
        ),
        (
            dataclasses.replace(discriminator(), predictions=predictions()[:1]),
            [acgan()],
            ["lesion L0b is a test lesion without prediction"],
        ),
    ],
)
def test_a_discriminator_is_checked_as_a_classifier_and_against_its_generator(known, model, generators, messages):
    leaks = lineage.model_leaks(model, known, generators)
    assert len(leaks) == len(messages)
    assert all(message in leak for leak, message in zip(leaks, messages, strict=True))


def test_a_generator_of_one_group_for_all_sizes_serves_each(known):
    """As in detection, where a size counts synthetic images, and not what the generator was trained on."""
    shared = dataclasses.replace(generator(), group="real")
    for size in ("100", "200"):
        assert lineage.model_leaks(dataclasses.replace(classifier(SYNTHETIC), size=size), known, [shared]) == []
    (leak,) = lineage.model_leaks(classifier(SYNTHETIC), known, [dataclasses.replace(shared, folds="02")])
    assert "synthetic images of class cyst come from a generator dcgan of other folds" in leak
    (leak,) = lineage.model_leaks(dataclasses.replace(classifier(SYNTHETIC), size="200"), known, [generator()])
    assert "come from a generator dcgan of other folds or group" in leak


def test_an_inner_model_is_tested_on_two_folds(known):
    """Trained on fold 1 of three, so it must predict all lesions of folds 0 and 2, and have seen none of them."""
    rows = [("roi", "L1", -1, "cyst", ""), ("roi", "L3", -1, "met", ""), SYNTHETIC]
    both = pd.concat([predictions(), pd.DataFrame([("L2", "P2", 2, "met")], columns=list(predictions()))])
    inner = lineage.Model("classify", "dcgan", "100+10x2", 0, "1", pd.DataFrame(rows, columns=COLUMNS), both)
    records = lineage.check({0: known}, [generator(), generator(folds="1")], [inner, classifier(SYNTHETIC)])
    assert [record["inner"] for record in records] == [False, True, True, False]
    assert (records[2]["test_lesions"], records[2]["test_patients"]) == (3, 2)

    (leak,) = lineage.model_leaks(inner, known, [generator()])  # a generator that saw fold 2, which is tested
    assert "train-1: synthetic images of class cyst come from a generator dcgan of other folds" in leak
    leaky = dataclasses.replace(inner, train_set=inner.train_set.assign(lesion=["L1", "L2", ""]), predictions=both[:2])
    leaks = lineage.model_leaks(leaky, known, [generator(folds="1")])
    assert ["lesion L2 of test patient P2" in leaks[0], "L2 is a test lesion without" in leaks[1]] == [True, True]
    (leak,) = lineage.generator_leaks(generator(("roi", "L2", -1), cls="met", folds="1"), known)[:1]
    assert "train-1/met: lesion L2 of test patient P2" in leak


def test_mixed_versions_are_named():
    models = {"a": {"versions": {"torch": "2.1", "numpy": "2.4"}}, "b": {"versions": {"torch": "2.2"}}}
    with pytest.raises(InputError, match=r"torch 2.1 in 1 models such as a; 2.2 in 1 models such as b"):
        lineage.common_versions(models)
    baseline = {"versions": {"numpy": "2.4", "scikit-learn": "1.9"}}  # has no torch
    elsewhere = {"imported": True, "versions": {"numpy": "2.0"}}
    versions = {"numpy": "2.4", "scikit-learn": "1.9", "torch": "2.1"}
    assert lineage.common_versions({"a": models["a"], "b": baseline, "c": elsewhere}) == versions
    with pytest.raises(InputError, match=r"numpy 2.4 in 1 models such as a; 2.0 in 1 models such as b"):
        lineage.common_versions({"a": models["a"], "b": {"versions": {"numpy": "2.0"}}})


def test_mixed_precisions_are_named():
    names = ("float32", "bfloat16", "bfloat16")
    shape = {"widths": [8, 16], "batch": 64}
    models = {name: {"params": {**shape, "precision": kind}} for name, kind in zip("abc", names, strict=True)}
    expected = r"classifier, 8-16 maps, batch 64 float32 in 1 models such as a; bfloat16 in 2 models such as b"
    with pytest.raises(InputError, match=f"precisions mix.*\n.*{expected}"):
        lineage.common_precision(models)
    gan = {"architecture": "dcgan", "generator_maps": 8, "discriminator_maps": 4, "batch": 16, "precision": "float32"}
    others = {"svm": {"params": {}}, "d": {"imported": True, "params": {"precision": "float16"}}}
    assert lineage.common_precision({"b": models["b"], "gan": {"params": gan}, **others}) == {
        "classifier, 8-16 maps, batch 64": "bfloat16",
        "dcgan, 8-4 maps, batch 16": "float32",
    }
    assert lineage.common_precision(others) == {}


def save(model, results):
    """Write a model's files as its training does."""
    folder = results / model.name
    folder.mkdir(parents=True, exist_ok=True)
    model.train_set.to_csv(folder / "train_set.csv", index=False)
    if isinstance(model, lineage.Model):
        model.predictions.to_csv(folder / "predictions.csv", index=False)
    foreign = {"imported": True, "versions": {"torch": "1.0"}, "device": "unknown"}
    record = (
        foreign if model.train_set["source"].eq("imported").any() else {"versions": {"torch": "2.1"}, "device": "cpu"}
    )
    (folder / "model.json").write_text(json.dumps(record))


def audit(results, generators, classifiers):
    """Run the script on the models, which lie below ``results`` with the lesions and folds."""
    ROIS.to_csv(results / "rois.csv", index=False)
    FOLDS.to_csv(results / "folds.csv", index=False)
    command = [sys.executable, "scripts/audit_lineage.py", "--results", results, "--units", results / "rois.csv"]
    command += ["--unit", "lesion", "--truth", "class", "--stage", "classify"]
    command += ["--folds", f"0={results / 'folds.csv'}", "--out", results / "lineage.json"]
    command += ["--runs", model_lists.written([(m.arm, m.size, m.seed, m.folds) for m in classifiers])]
    command += ["--generators", model_lists.written([(m.preset, m.group, m.seed, m.folds, m.cls) for m in generators])]
    return forked.run(command)


def test_script(tmp_path):
    """The audit of classifiers and generators on disk; then a test lesion is planted in one generator's set."""
    generators = [generator(), acgan(), imported("L1", "L2")]
    ldm = classifier(("synthetic", "", 0, "cyst", "ldm"), arm="ldm")
    classifiers = [classifier(SYNTHETIC), discriminator(), ldm]
    for model in generators + classifiers:
        save(model, tmp_path)
    done = audit(tmp_path, generators, classifiers)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "lineage.json").read_text(encoding="utf-8"))
    assert report["clean"]
    assert report["versions"] == {"torch": "2.1"}
    assert report["devices"] == ["cpu", "unknown"]
    assert report["imported"] == ["seed-0/generators/ldm/on-100/train-12/cyst"]
    assert report["counts"] == {"generators": {"models": 3, "inner": 0}, "models": {"models": 3, "inner": 0}}
    train_set = (tmp_path / "seed-0/classify/dcgan/100+10x2/train-12/train_set.csv").read_bytes()
    assert report["models"][3] == {
        "model": "seed-0/classify/dcgan/100+10x2/train-12",
        "inner": False,
        "test_lesions": 2,
        "test_patients": 1,
        "train_set_sha256": hashlib.sha256(train_set).hexdigest(),
        "training_images": {"pool": 1, "roi": 2, "synthetic": 1},
        "training_lesions": 3,
        "training_patients": 3,
    }
    assert str(tmp_path) not in json.dumps(report)

    save(generator(("roi", "L0a", -1)), tmp_path)
    done = audit(tmp_path, generators, classifiers)
    assert done.returncode == 1
    assert "train-12/cyst: lesion L0a of test patient P0 is in the training set" in done.stderr.splitlines()[-1]


def test_script_takes_an_imported_generator_of_no_patient(tmp_path):
    """Its training set is a header alone."""
    ldm = classifier(("synthetic", "", 0, "cyst", "ldm"), arm="ldm")
    for model in (imported(), ldm):
        save(model, tmp_path)
    done = audit(tmp_path, [imported()], [ldm])
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "lineage.json").read_text(encoding="utf-8"))["models"][0]
    assert (record["training_images"], record["training_patients"]) == ({}, 0)


def test_a_wrong_class_label_is_named(known):
    extra = classifier(("extra-roi", "L9", -1, "met", ""), arm="extra")
    assert lineage.model_leaks(extra, known, []) == [
        "seed-0/classify/extra/100+10x2/train-12: lesion L9 is in the training set as met, it is cyst"
    ]
    labelled = generator()
    rows = labelled.train_set.assign(**{"class": ["cyst", "met"]})
    (leak,) = lineage.generator_leaks(dataclasses.replace(labelled, train_set=rows), known)
    assert leak.endswith("train-12/cyst: lesion L1 is in the training set as met, it is cyst")


SLICES = pd.DataFrame({"slice": ["s0", "s1", "s2"], "patient": ["P0", "P1", "P2"]})


def segmenter(*more):
    """Return a segmenter of the arm ``both``, trained on folds 1 and 2, so tested on P0."""
    rows = [("slice", "s1", -1, ""), ("pool", "s2", 0, ""), ("fresh", "s2", 0, ""), ("synthetic", "s1", 0, "lcgan")]
    train_set = pd.DataFrame([*rows, *more], columns=["source", "slice", "rank", "generator"])
    predicted = pd.DataFrame({"slice": ["s0"], "patient": ["P0"], "fold": [0]})
    return lineage.Model("segment", "both", "250", 0, "12", train_set, predicted)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("slice", "s0", -1, ""), "slice s0 of test patient P0 is in the training set"),
        (("pool", "s0", 1, ""), "slice s0 of test patient P0 is in the training set"),  # a pasted lesion
        (("fresh", "s0", 0, ""), "slice s0 of test patient P0 is in the training set"),
        (("synthetic", "s0", 1, "lcgan"), "slice s0 of test patient P0 is in the training set"),  # its mask
        (("synthetic", "s2", 1, "other"), "synthetic images of class all come from a generator other of other folds"),
    ],
)
def test_a_test_slice_in_a_segmenters_training_set_is_named(row, expected):
    known = lineage.cohort(SLICES, SLICES.assign(fold=[0, 1, 2]), 0, "slice")
    own = pd.DataFrame([("slice", "s1", 0), ("slice", "s2", 0)], columns=["source", "slice", "rank"])
    lcgan = lineage.Generator("lcgan", "250", 0, "12", "all", own)
    assert lineage.model_leaks(segmenter(), known, [lcgan]) == []
    (leak,) = lineage.model_leaks(segmenter(row), known, [lcgan])
    assert leak.startswith("seed-0/segment/both/250/train-12: ")
    assert expected in leak
    of_test_patient = dataclasses.replace(lcgan, train_set=pd.concat([own, own[:1].assign(slice="s0")]))
    (leak,) = lineage.generator_leaks(of_test_patient, known)
    assert leak == "seed-0/generators/lcgan/on-250/train-12/all: slice s0 of test patient P0 is in the training set"
