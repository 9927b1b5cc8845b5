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
    settings |= {"authentic": False, "real_or_fake": None, "master_seed": 1}
    settings |= {"device": "cpu", "threads": 1, "precision": "float32"} | changes
    synthetic = [f"12/{name}={cohort}/{name}.npy" for name in settings["classes"]]
    done = forked.run(
        [
            sys.executable, "scripts/select_synthetic.py", "--roi-images", cohort / "rois.npy",
            "--pool-images", cohort / "pool.npy", "--classifiers", f"12={cohort}/classic", "--synthetic", *synthetic,
            "--seed", "0", "--generator", "dcgan", "--params", json.dumps(settings), "--out-dir", out,
            "--table", out / "selection.csv",
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


def test_copies_of_training_images_are_left_out(cohort, tmp_path):
    """Half of the images are training images with a gray level changed here and there, the others are new."""
    copied = tmp_path / "copied"
    copied.mkdir()
    for name in ("classic", "rois.npy", "pool.npy"):
        (copied / name).symlink_to(cohort / name)
    real, _ = discs(60, 0)
    for place, name in enumerate(CLASSIFIER["classes"]):
        copies = real[np.arange(60) % 2 == place][:6].copy()
        copies[:, ::16, ::16] ^= 1
        artifacts.write_array(
            np.concatenate([copies, discs(24, 9)[0][np.arange(24) % 2 == place][:6]]), copied / f"{name}.npy"
        )
    select(copied, tmp_path / "out", authentic=True, most=12)
    for name in CLASSIFIER["classes"]:
        index = artifacts.read_csv(tmp_path / "out/train-12" / name / "index.csv")
        assert index["authentic"].eq(1).all()
        assert index["sample"].ge(6).all()


def test_images_that_a_network_tells_from_real_ones_are_left_out(cohort, tmp_path):
    """Real discs have noise; half of the synthetic ones have a frame as well, by which they are known."""
    framed = tmp_path / "framed"
    framed.mkdir()
    for name in ("classic", "rois.npy", "pool.npy"):
        (framed / name).symlink_to(cohort / name)
    for place, name in enumerate(CLASSIFIER["classes"]):
        images = discs(80, 9)[0][np.arange(80) % 2 == place].copy()
        images[:20, :4] = images[:20, -4:] = images[:20, :, :4] = images[:20, :, -4:] = 255
        artifacts.write_array(images, framed / f"{name}.npy")
    judge = {"widths": [4, 8], "steps": 60, "batch": 10, "learning_rate": 0.01, "threshold": 0.3}
    for out in ("one", "two"):
        table, _ = select(framed, tmp_path / out, real_or_fake=judge, most=40)
        assert (table["accepted"] > 10).all()
        for name in CLASSIFIER["classes"]:
            index = artifacts.read_csv(tmp_path / out / "train-12" / name / "index.csv")
            assert index["taken_for_real"].ge(0.3).all()
            assert index["sample"].ge(20).mean() > 0.9
    again = [(tmp_path / out / "train-12/dark/index.csv").read_bytes() for out in ("one", "two")]
    assert again[0] == again[1]
