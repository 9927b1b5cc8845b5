"""Variations start at their parent, stay near it, and know it."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tests.helpers import forked
from tests.helpers.small_trainings import COMPUTE, discs

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.generators import diffusion, edm, variations
from synthaug.training import device

SCRIPTS = Path(__file__).parents[3] / "scripts"
CPU = torch.device("cpu")
NAMES = ("generator", 0, "12", "all")
PRESET = {
    "architecture": "diffusion", "classes": ["dark", "bright"], "widths": [8, 16], "epochs": 10, "batch": 16,
    "learning_rate": 3e-3, "beta1": 0.9, "beta2": 0.999, "ema": 0.9, "noise_mean": -1.2, "noise_std": 1.2,
    "turned": 0.1, "without_class": 0.1, "precision": "float32", **COMPUTE,
}  # fmt: skip


def sampling(strength: float, **changes) -> variations.SamplingParams:
    keys = {"samples": 16, "steps": 10, "guidance": 1.0, "precision": "float32", **COMPUTE, **changes}
    return variations.SamplingParams(strength=strength, **keys)


@pytest.fixture(scope="module")
def trained():
    images, classes = discs(48, 0)
    params = diffusion.Params(**PRESET)
    networks = {name: device.place(each, CPU) for name, each in diffusion.FAMILY.build(params, NAMES).items()}
    diffusion.FAMILY.train(networks, images, classes, params, NAMES, CPU)
    return networks


def vary(networks, images: np.ndarray, strength: float) -> np.ndarray:
    inputs = variations.inputs(images, 1, seeding.stream(1, "variations"), sampling(strength))
    return diffusion.FAMILY.images(networks, inputs, CPU, "float32")


def test_each_original_has_as_many_variations_however_many_there_are():
    few, many = (variations.parents(seeding.stream(1, "parents"), count, 7) for count in (10, 24))
    assert np.array_equal(few, many[:10])
    assert sorted(np.bincount(many, minlength=7)) == [3, 3, 3, 3, 4, 4, 4]
    assert set(many[:7]) == set(range(7))
    with pytest.raises(InputError, match="found none"):
        variations.parents(seeding.stream(1, "parents"), 3, 0)


def test_a_variation_starts_at_its_parent_under_the_noise_of_its_strength():
    images, _ = discs(64, 1)
    start, classes, levels, guidance = variations.inputs(images, 1, seeding.stream(1), sampling(0.4))
    assert levels.shape == (64, 5)
    assert levels[0] == pytest.approx(edm.levels(4, 0.4))
    noise = (start[:, 0] - (images / 127.5 - 1)) / levels[0, 0]
    assert abs(noise.mean()) < 4 / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(1, abs=4 / np.sqrt(2 * noise.size))
    assert set(classes) == {1}
    assert set(guidance) == {1}


def likeness(made: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return the correlation of each image made with each real one."""
    made, images = (each.reshape(len(each), -1).astype(float) for each in (made, images))
    return np.corrcoef(made, images)[: len(made), len(made) :]


def test_the_stronger_the_farther_from_the_parent(trained):
    images, labels = discs(60, 2)
    images = images[labels == 1]
    own = []
    for strength in (0.15, 0.35, 0.9):
        found = likeness(vary(trained, images, strength), images)
        if strength < 0.4:
            assert (found.argmax(axis=1) == np.arange(len(images))).mean() > 0.9
        own.append(np.diag(found).mean())
    assert own[0] > 0.9
    assert own[0] > own[1] + 0.05
    assert own[1] > own[2] + 0.2


def cohort(folder: Path) -> pd.DataFrame:
    """Write a cohort of 24 lesions in three folds, with two augmentations each; return its table of ROIs."""
    images, labels = discs(24, 0)
    lesions = [f"lesion-{i:02d}" for i in range(24)]
    classes = np.array(PRESET["classes"])[labels]
    rois = pd.DataFrame({"lesion": lesions, "patient": lesions, "class": classes, "set": "main"})
    artifacts.write_csv(rois, folder / "rois.csv")
    artifacts.write_array(images, folder / "rois.npy")
    artifacts.write_csv(pd.DataFrame({"lesion": np.repeat(lesions, 2), "rank": [0, 1] * 24}), folder / "index.csv")
    artifacts.write_array(np.repeat(images, 2, axis=0)[:, ::-1], folder / "pool.npy")
    folds = rois.drop(columns="set").assign(fold=np.arange(24) // 2 % 3)
    artifacts.write_csv(folds, folder / "folds.csv")
    return folds


def test_scripts_make_variations_of_training_rois_alone_and_name_them(tmp_path):
    folds = cohort(tmp_path)
    files = {"rois": "rois.csv", "roi-images": "rois.npy", "folds": "folds.csv", "pool-index": "index.csv",
             "pool-images": "pool.npy"}  # fmt: skip
    given = [part for name, file in files.items() for part in (f"--{name}", tmp_path / file)]
    params = {key: value for key, value in PRESET.items() if key != "precision"} | {"epochs": 1, "precision": "float32"}
    done = forked.run([
        sys.executable, SCRIPTS / "train_diffusion.py", *given, "--seed", 0, "--train-folds", "12", "--group", 8,
        "--cls", "all", "--params", json.dumps(params), "--out-dir", tmp_path / "generators/mine/all",
    ])  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = forked.run([
        sys.executable, SCRIPTS / "take_generator.py", "--of", tmp_path / "generators/mine/all",
        "--files", "generator.safetensors", "model.json", "train_set.csv", "--out-dir", tmp_path / "generators/its/all",
    ])  # fmt: skip
    assert done.returncode == 0, done.stderr
    settings = vars(sampling(0.1)) | {"classes": PRESET["classes"], "samples": 20}
    done = forked.run([
        sys.executable, SCRIPTS / "sample_variations.py", "--roi-images", tmp_path / "rois.npy",
        "--generators", tmp_path / "generators/its", "--generator", "its", "--seed", 0, "--train-folds", "12",
        "--params", json.dumps(settings), "--out-dir", tmp_path / "synthetic",
    ])  # fmt: skip
    assert done.returncode == 0, done.stderr
    rois = artifacts.read_array(tmp_path / "rois.npy")
    for cls in PRESET["classes"]:
        made = artifacts.read_array(tmp_path / "synthetic" / cls / "images.npy")
        index = artifacts.read_csv(tmp_path / "synthetic" / cls / "index.csv")
        rows = folds.reset_index().set_index("lesion").loc[index["parent"]]
        assert set(rows["fold"]) == {1, 2}
        assert set(rows["class"]) == {cls}
        assert (likeness(made, rois).argmax(axis=1) == rows["index"].to_numpy()).all()
