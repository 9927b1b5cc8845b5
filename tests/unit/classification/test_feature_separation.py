"""Separation agrees with scikit-learn and with hand-made neighbours, and never compares a patient with himself."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import silhouette_score
from tests.helpers import forked

from synthaug.classification import cnn, feature_separation, stored_classifier
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.training import weights

CLASSES = ["cyst", "met"]
PARAMS = feature_separation.Params(
    master_seed=1, classes=CLASSES, bootstrap=60, confidence=0.95, device="cpu", threads=1, precision="float32"
)


def shown_images(lesions, patients, classes, copies=1):
    rows = [
        ("roi" if copy == 0 else "pool", *row, 0)
        for row in zip(lesions, patients, classes, strict=True)
        for copy in range(copies)
    ]
    return pd.DataFrame(rows, columns=["source", "lesion", "patient", "class", "row"])


def once(apart):
    return np.ones((1, len(apart.patients)))


def test_silhouette_agrees_with_scikit_learn_where_every_image_is_of_another_patient():
    random = np.random.default_rng(0)
    classes = random.choice(["a", "b", "c"], 40)
    names = [f"L{i:02d}" for i in random.permutation(40)]
    features = random.normal(size=(40, 5)) + np.array([["abc".index(name)] for name in classes])
    apart = feature_separation.distances(features, shown_images(names, names, classes))
    assert feature_separation.silhouette(apart, once(apart))[0] == pytest.approx(silhouette_score(features, classes))


def test_silhouette_leaves_out_the_own_patient_in_both_classes():
    """On a line: patient P has lesions at 0 (a) and 1 (b), others are at 4 (a) and 10 (b)."""
    shown = shown_images(["1", "2", "3", "4"], ["P", "P", "Q", "R"], ["a", "b", "a", "b"])
    apart = feature_separation.distances(np.array([[0.0], [1.0], [4.0], [10.0]]), shown)
    # lesion 1: a = 4, b = 10; 2: a = 9, b = 3; 3: a = 4, b = mean(3, 6); 4: a = 9, b = mean(10, 6)
    expected = np.mean([6 / 10, -6 / 9, 0.5 / 4.5, -1 / 9])
    assert feature_separation.silhouette(apart, once(apart))[0] == pytest.approx(expected)


def test_purity_by_hand():
    """On a line: lesion 2 is the nearest of lesion 1, but of its patient."""
    shown = shown_images(["1", "2", "3", "4"], ["P", "P", "Q", "R"], ["a", "a", "b", "a"])
    apart = feature_separation.distances(np.array([[0.0], [0.1], [1.0], [3.0]]), shown)
    # the nearest of 1 and 2 is 3 (b), of 3 is 2 (a), of 4 is 3 (b)
    assert feature_separation.purity(apart, once(apart), 1) == pytest.approx([0])
    # two nearest of 1 and 2: 3, 4; of 3: 2, 1; of 4: 3, 2
    assert feature_separation.purity(apart, once(apart), 2) == pytest.approx([(0.5 + 0.5 + 0 + 0.5) / 4])
    # other patients of 1 and 2: 3, 4, one of them alike; of 3: none of three; of 4: two of three
    assert feature_separation.purity_by_chance(apart) == pytest.approx((0.5 + 0.5 + 0 + 2 / 3) / 4)


def test_augmentations_of_a_lesion_are_no_neighbours_and_take_one_place():
    """Features that know the lesion but not its class: with the lesion's own images, purity would be 1."""
    random = np.random.default_rng(1)
    names = [f"L{i:02d}" for i in range(60)]
    shown = shown_images(names, names, np.tile(CLASSES, 30), copies=8)
    features = np.repeat(random.normal(size=(60, 3)), 8, axis=0) + random.normal(scale=1e-3, size=(480, 3))
    apart = feature_separation.distances(features, shown)
    assert feature_separation.purity(apart, once(apart))[0] == pytest.approx(0.5, abs=0.1)
    one = feature_separation.distances(features[::8], shown[::8])
    assert feature_separation.purity(apart, once(apart))[0] == pytest.approx(
        feature_separation.purity(one, once(one))[0], abs=0.02
    )


def test_a_resample_equals_the_data_written_out():
    """A patient drawn twice counts as two patients would whose lesions are alike; one not drawn is not there."""
    random = np.random.default_rng(2)
    names = [f"L{i}" for i in range(9)]
    patients = np.array([f"P{i // 2}" for i in range(9)])
    classes, features = random.choice(CLASSES, 9), random.normal(size=(9, 2))
    drawn = {"P0": 2, "P1": 0, "P2": 1, "P3": 3, "P4": 1}
    apart = feature_separation.distances(features, shown_images(names, patients, classes))
    multiplicity = np.array([[drawn[patient] for patient in patients]])

    # Written out, the copies of a patient are told apart as lesions but share the patient.
    rows = np.repeat(np.arange(9), multiplicity[0])
    copies = [f"{i}-{copy}" for i in range(9) for copy in range(multiplicity[0, i])]
    written = feature_separation.distances(features[rows], shown_images(copies, patients[rows], classes[rows]))
    for measure in (feature_separation.silhouette, feature_separation.purity):
        assert measure(apart, multiplicity)[0] == pytest.approx(measure(written, once(written))[0])


def test_an_arm_with_the_same_features_differs_by_nothing_and_a_separating_one_by_much():
    random = np.random.default_rng(3)
    names = [f"L{i:02d}" for i in range(30)]
    shown = shown_images(names, [f"P{i // 2}" for i in range(30)], np.repeat(CLASSES, 15))
    noise = random.normal(size=(30, 4))
    features = {"classic": noise, "same": noise, "apart": noise + 9 * (shown[["class"]] == "met").to_numpy()}
    table = feature_separation.table(features, shown, {"classic": "4", "same": "4", "apart": "4+1x2"}, PARAMS)
    rows = table.set_index(["arm", "measure"])
    for measure in ("silhouette", "purity"):
        assert rows.loc[("same", f"{measure} minus classic"), ["value", "low", "high"]].tolist() == [0, 0, 0]
        assert rows.loc[("apart", f"{measure} minus classic"), "low"] > 0.2
    assert rows.loc[("apart", "purity"), "value"] == 1
    assert rows.loc["apart", "size"].unique().tolist() == ["4+1x2"]


@pytest.fixture
def cohort(tmp_path):
    """Six lesions in three folds, a pool of 25 augmentations each, and two classifiers."""
    random = np.random.default_rng(4)
    names = [f"L{i}" for i in range(6)]
    rois = pd.DataFrame({"lesion": names[::-1], "patient": names[::-1], "class": CLASSES * 3, "set": "main"})
    folds = rois.drop(columns="set").assign(fold=[0, 0, 0, 0, 1, 2])
    rois.to_csv(tmp_path / "rois.csv", index=False)
    folds.to_csv(tmp_path / "folds.csv", index=False)
    index = pd.DataFrame(
        [(lesion, rank) for lesion in rois["lesion"] for rank in range(25)], columns=["lesion", "rank"]
    )
    index.to_csv(tmp_path / "index.csv", index=False)
    np.save(tmp_path / "rois.npy", random.integers(0, 256, (6, 64, 64), dtype=np.uint8))
    np.save(tmp_path / "pool.npy", random.integers(0, 256, (150, 64, 64), dtype=np.uint8))
    for arm, kind in (("classic", "value"), ("dcgan", "image")):
        network = cnn.Cnn(2, [2, 3], 3, 5, 0.5, torch.full((64, 64) if kind == "image" else (1, 1), 0.3))
        cnn.initialise(network, 7)
        weights.save(network, tmp_path / arm / "weights.safetensors")
        params = {
            "architecture": "cnn",
            "classes": CLASSES,
            "widths": [2, 3],
            "kernel": 3,
            "dense": 5,
            "dropout": 0.5,
            "mean": kind,
        }
        artifacts.write_json({"params": params}, tmp_path / arm / "model.json")
    return tmp_path


def test_the_images_are_the_test_lesions_and_their_first_augmentations(cohort):
    rois, index, folds = (artifacts.read_csv(cohort / f"{name}.csv") for name in ("rois", "index", "folds"))
    shown = feature_separation.test_images(rois, index, folds, "12")
    assert shown["lesion"].value_counts().to_dict() == dict.fromkeys(["L5", "L4", "L3", "L2"], 21)
    plain, augmented = shown[shown["source"] == "roi"], shown[shown["source"] == "pool"]
    assert rois["lesion"][plain["row"]].tolist() == plain["lesion"].tolist()
    assert index["lesion"][augmented["row"]].tolist() == augmented["lesion"].tolist()
    assert index["rank"][augmented["row"]].max() == 19
    with pytest.raises(InputError, match='outside the training folds "012"'):
        feature_separation.test_images(rois, index, folds, "012")


def test_a_classifier_is_read_back_with_its_mean(cohort):
    for arm, shape in (("classic", (1, 1)), ("dcgan", (64, 64))):
        mean = stored_classifier.classifier(cohort / arm).mean
        assert mean.shape == shape
        assert (mean == 0.3).all()


def test_script_draws(cohort):
    params = json.dumps(vars(PARAMS))
    command = [sys.executable, "scripts/plot_tsne.py", "--params", params, "--train-folds", "12"]
    command += ["--rois", cohort / "rois.csv", "--roi-images", cohort / "rois.npy", "--folds", cohort / "folds.csv"]
    command += ["--pool-index", cohort / "index.csv", "--pool-images", cohort / "pool.npy"]
    command += ["--classifiers", f"classic={cohort / 'classic'}", f"dcgan={cohort / 'dcgan'}"]
    command += ["--sizes", "classic=400", "dcgan=400+150x2"]
    command += ["--png", cohort / "a.png", "--svg", cohort / "a.svg", "--separation", cohort / "a.csv"]
    forked.run(command, check=True)
    table = pd.read_csv(cohort / "a.csv")
    assert list(table) == feature_separation.COLUMNS
    assert table["value"].between(-1, 1).all()
    for suffix in ("png", "svg"):
        assert (cohort / f"a.{suffix}").stat().st_size
