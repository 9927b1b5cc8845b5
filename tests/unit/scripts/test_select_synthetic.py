"""The script that selects synthetic images, with a classifier whose answers are known: of bright and dark discs."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from tests.helpers import forked
from tests.helpers.small_trainings import CLASSIFIER, COMPUTE, discs

from synthaug.classification import classifier
from synthaug.files import artifacts
from synthaug.training import device, weights

NAMES = ("classifier", 0, "12")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """60 real images, the last twenty of validation patients, a classifier of the others, 12 synthetic ones a class."""
    folder = tmp_path_factory.mktemp("selection")
    images, labels = discs(60, 0)
    params = classifier.Params(**CLASSIFIER | {"epochs": 8}, **COMPUTE, precision="float32")
    network = device.place(classifier.build(images, params, NAMES), device.pick(params))
    classifier.train(network, images[:40], labels[:40], params, NAMES, device.pick(params))
    (folder / "classic").mkdir()
    weights.save(network, folder / "classic/weights.safetensors")
    (folder / "classic/model.json").write_text(json.dumps({"params": vars(params)}))
    classes = np.array(CLASSIFIER["classes"])
    listed = pd.DataFrame({"source": ["roi"] * 40 + ["validation"] * 20, "class": classes[labels], "row": range(60)})
    artifacts.write_csv(listed, folder / "classic/train_set.csv")
    artifacts.write_array(images, folder / "rois.npy")
    artifacts.write_array(images[:0], folder / "pool.npy")
    made, truth = discs(24, 7)
    order = np.random.default_rng(1).permutation(24)
    for place, name in enumerate(classes):
        artifacts.write_array(made[order[place * 12 : place * 12 + 12]], folder / f"{name}.npy")
        np.save(folder / f"{name}-truth.npy", truth[order[place * 12 : place * 12 + 12]])
    return folder


def select(cohort, out, **changes):
    settings = {"classes": CLASSIFIER["classes"], "probability": 0, "density": 0, "neighbours": 0, "most": 5}
    settings |= {"device": "cpu", "threads": 1, "precision": "float32"} | changes
    synthetic = [f"12/{name}={cohort}/{name}.npy" for name in settings["classes"]]
    done = forked.run(
        [
            sys.executable, "scripts/select_synthetic.py", "--roi-images", cohort / "rois.npy",
            "--pool-images", cohort / "pool.npy", "--classifiers", f"12={cohort}/classic", "--synthetic", *synthetic,
            "--params", json.dumps(settings), "--out-dir", out, "--table", out / "selection.csv",
        ]
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return artifacts.read_csv(out / "selection.csv"), done.stderr


def test_only_images_whose_class_is_named_are_taken_in_the_order_of_their_draws(cohort, tmp_path):
    table, _ = select(cohort, tmp_path)
    for place, name in enumerate(CLASSIFIER["classes"]):
        right = np.flatnonzero(np.load(cohort / f"{name}-truth.npy") == place)
        assert 0 < len(right) < 12
        out = tmp_path / "train-12" / name
        index, made = artifacts.read_csv(out / "index.csv"), artifacts.read_array(cohort / f"{name}.npy")
        assert index["sample"].tolist() == np.resize(right[:5], 5).tolist()
        assert np.array_equal(artifacts.read_array(out / "images.npy"), made[index["sample"]])
        assert (index["probability"] > 0.5).all()
        assert index["density"].isna().all()
        row = table[table["class"] == name].iloc[0]
        assert (row["made"], row["accepted"], row["taken"]) == (12, len(right), 5)


def test_images_far_from_real_ones_are_left_out_and_the_log_says_that_others_stand_in(cohort, tmp_path):
    """Far beyond any real disc the classifier is as sure as before; the density is not."""
    far = tmp_path / "far"
    far.mkdir()
    for name in ("classic", "rois.npy", "pool.npy"):
        (far / name).symlink_to(cohort / name)
    for name, value in (("dark", 0), ("bright", 255)):
        artifacts.write_array(np.full((12, 64, 64), value, np.uint8), far / f"{name}.npy")
    near, _ = select(cohort, tmp_path / "near", density=0.01, neighbours=5)
    away, said = select(far, tmp_path / "away", density=0.01, neighbours=5)
    assert (near["accepted"] > 0).all()
    assert (away["accepted"] == 0).all()
    assert said.count("0 of 12 images accepted, 5 asked for: the most probable ones stand in") == 2
