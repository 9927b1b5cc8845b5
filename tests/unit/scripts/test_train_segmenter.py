"""The script trains every arm for as many steps, writes the network of equal epochs beside, and reads no test slice."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tests.helpers import forked, made_slices

from synthaug.audit import lineage
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.segmentation import segmenter, stored_segmenter

SCRIPTS = Path(__file__).parents[3] / "scripts"
SETTINGS = {**made_slices.UNET, "widths": [2, 4], "augmentation": made_slices.AUGMENTATION}
FILES = {"masks.npy", "train_set.csv", "history.csv", "weights.safetensors", "model.json"}


def run(cohort: Path, out: Path, arm: str, *further: str, share="1000", epochs_dir=None, **changes):
    command = [
        sys.executable, SCRIPTS / "train_segmenter.py",
        "--units", cohort / "slices.csv", "--images", cohort / "images.npy", "--labels", cohort / "labels.npy",
        "--folds", cohort / "folds.csv", "--seed", "0", "--train-folds", "12", "--arm", arm, "--share", share,
        "--params", json.dumps(SETTINGS | changes), "--out-dir", out, "--record", out / "record.json",
        "--log", out / "log.txt", *further,
    ]  # fmt: skip
    return forked.run([*command, "--epochs-dir", epochs_dir] if epochs_dir else command)


def succeed(*arguments, **settings) -> None:
    done = run(*arguments, **settings)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    """Nine patients with four slices each in three folds, and synthetic pairs of the folds 1 and 2, and 0 and 2."""
    folder = tmp_path_factory.mktemp("cohort")
    folds = made_slices.cohort(folder)
    for trained in ("12", "02"):
        real = folds[folds["fold"].astype(str).isin(list(trained))]
        index = pd.DataFrame({"sample": range(len(real)), "slice": real["slice"], "generator": "lcgan", "epochs": 10})
        images, labels = (artifacts.read_array(folder / name)[real.index] for name in ("images.npy", "labels.npy"))
        artifacts.write_csv(index, folder / f"lcgan-{trained}/index.csv")
        artifacts.write_array(images, folder / f"lcgan-{trained}/images.npy")
        artifacts.write_array(labels, folder / f"lcgan-{trained}/labels.npy")
    return folder


@pytest.fixture(scope="module")
def trained(cohort) -> Path:
    out = cohort / "segment"
    pairs = ["--synthetic", f"12={cohort}/lcgan-12"]
    for arm in ("original", "traditional", "lcgan"):
        further = pairs if arm == "lcgan" else []
        succeed(cohort, out / arm / "1000", arm, *further, epochs_dir=out / f"{arm}-epochs/1000")
    for arm in ("both", "fresh", "paste"):
        succeed(cohort, out / arm / "1000", arm, *(pairs if arm == "both" else []))
    return out


def read(folder: Path, name: str) -> bytes:
    return (folder / "1000/train-12" / name).read_bytes()


def test_all_arms_have_the_same_steps_and_their_files(trained):
    """24 slices in batches of 8: 2 epochs of three times as many are 18 steps; of an arm's own images 6 or 12."""
    expected = {"original-epochs": 6, "traditional-epochs": 12, "lcgan-epochs": 12}
    found = {}
    for folder in sorted(trained.iterdir()):
        model = artifacts.read_json(folder / "1000/train-12/model.json")
        found[folder.name] = model["steps"]
        files = {path.name for path in (folder / "1000/train-12").iterdir()}
        assert files == FILES, folder.name
        assert artifacts.read_csv(folder / "1000/train-12/history.csv")["steps"].iloc[-1] == model["steps"]
    assert found == dict.fromkeys(("original", "traditional", "lcgan", "both", "fresh", "paste"), 18) | expected


def test_arms_differ(trained):
    weights = {read(folder, "weights.safetensors") for folder in trained.iterdir()}
    assert len(weights) == len(list(trained.iterdir()))


def test_masks_are_those_of_the_test_slices_in_the_order_of_the_folds(cohort, trained):
    folds = artifacts.read_csv(cohort / "folds.csv")
    tested = folds.index[folds["fold"] == 0]
    network = stored_segmenter.load(trained / "fresh/1000/train-12", torch.device("cpu"))
    images = artifacts.read_array(cohort / "images.npy")[tested]
    expected = segmenter.predict(network, images, torch.device("cpu"))
    np.testing.assert_array_equal(artifacts.read_array(trained / "fresh/1000/train-12/masks.npy"), expected)


def test_equal_epochs_are_a_training_that_ends_there(cohort, trained):
    """Three epochs of the arm's 48 images are as many steps as two of the 72 that make the steps of all arms."""
    out, synthetic = cohort / "longer", ("--synthetic", f"12={cohort}/lcgan-12")
    succeed(cohort, out / "steps", "lcgan", *synthetic, epochs=3, epochs_dir=out / "epochs/1000")
    for name in FILES - {"model.json"}:
        assert read(out / "epochs", name) == read(trained / "lcgan", name), name
    models = [json.loads(read(folder, "model.json")) for folder in (out / "epochs", trained / "lcgan")]
    assert [model["params"].pop("epochs") for model in models] == [3, 2]
    assert models[0] == models[1]


def test_test_slices_are_never_read_and_folds_are_trained_apart(cohort, trained, tmp_path):
    """With other pixels in all slices of fold 0 the network is the same; it is the same beside another one, too."""
    folds = artifacts.read_csv(cohort / "folds.csv")
    for name in ("slices.csv", "folds.csv"):
        artifacts.write_csv(artifacts.read_csv(cohort / name), tmp_path / name)
    for name, poison in (("images.npy", 255), ("labels.npy", 2)):
        array = artifacts.read_array(cohort / name)
        array[folds["fold"] == 0] = poison
        artifacts.write_array(array, tmp_path / name)
    succeed(tmp_path, tmp_path / "paste/1000", "paste")
    for name in ("weights.safetensors", "train_set.csv", "history.csv"):
        assert read(tmp_path / "paste", name) == read(trained / "paste", name), name
    assert read(tmp_path / "paste", "masks.npy") != read(trained / "paste", "masks.npy")
    succeed(cohort, tmp_path / "two/1000", "paste", "--train-folds", "02", "12")
    assert read(tmp_path / "two", "weights.safetensors") == read(trained / "paste", "weights.safetensors")
    assert artifacts.read_array(tmp_path / "two/1000/train-02/masks.npy").shape == (12, 32, 32)


def test_the_audit_passes_and_names_a_planted_slice(cohort, trained):
    units, folds = (artifacts.read_csv(cohort / name) for name in ("slices.csv", "folds.csv"))
    known = lineage.cohort(units, folds, 0, "slice")
    table = artifacts.read_csv(trained / "lcgan/1000/train-12/train_set.csv")
    lcgan = lineage.Generator("lcgan", "1000", 0, "12", "all", table[table["source"] == "slice"])
    predictions = folds[folds["fold"] == 0]
    for arm in ("original", "lcgan", "lcgan-epochs", "both", "fresh", "paste"):
        table = artifacts.read_csv(trained / arm / "1000/train-12/train_set.csv")
        model = lineage.Model("segment", arm, "1000", 0, "12", table, predictions)
        lineage.check({0: known}, [lcgan], [model])
        planted = table.copy()
        planted.loc[len(planted) - 1, "slice"] = "s000"  # of patient P0, in fold 0
        leaky = lineage.Model("segment", arm, "1000", 0, "12", planted, predictions)
        with pytest.raises(InputError, match=f"segment/{arm}/1000/train-12: slice s000 of test patient P0"):
            lineage.check({0: known}, [lcgan], [leaky])


def test_a_smaller_share_has_fewer_patients(cohort, tmp_path):
    succeed(cohort, tmp_path / "out", "original", share="500")
    table = artifacts.read_csv(tmp_path / "out/train-12/train_set.csv")
    assert len(table) == 12  # three of six patients
    assert artifacts.read_json(tmp_path / "out/train-12/model.json")["steps"] == 9


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"classes": ["bright"]}, "labels: expected at most 1, as many as the config has classes, found 2"),
        ({"epochs": 1, "batch": 400}, "expected at least one step"),
        ({"weights": "digest"}, "segmenter: weights: expected the architecture fcn8s"),
    ],
)
def test_what_cannot_be_is_one_line(cohort, tmp_path, changes, expected):
    done = run(cohort, tmp_path / "out", "original", **changes)
    assert done.returncode == 1
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out/train-12/weights.safetensors").exists()


def test_an_arm_without_its_synthetic_images_is_one_line(cohort, tmp_path):
    done = run(cohort, tmp_path / "out", "both", "--synthetic", f"02={cohort}/lcgan-02")
    assert "--synthetic: expected FOLDS=DIR for the arm both and each of --train-folds, missing 12" in done.stderr
