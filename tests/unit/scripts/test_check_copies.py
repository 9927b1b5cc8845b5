"""Pools with copies of test images are refused, each copy named with its unit; other pools pass."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from tests.helpers.round_lesions import round_lesions

from synthaug.files import artifacts

SCRIPT = Path(__file__).parents[3] / "scripts/check_copies.py"
FOLDS = {"L0": 0, "L1": 0, "L2": 1, "L3": 1, "L4": 2}  # E9 is an extra case


@pytest.fixture
def cohort(tmp_path):
    """Six lesions, of which the last only trains."""
    units = pd.DataFrame({"lesion": [*FOLDS, "E9"], "patient": [f"P{i}" for i in range(6)]})
    folds = units[:5].assign(fold=list(FOLDS.values()))[::-1]  # in another order than the units
    artifacts.write_csv(units, tmp_path / "units.csv")
    artifacts.write_csv(folds, tmp_path / "folds.csv")
    images = round_lesions(6, seed=1)
    artifacts.write_array(images, tmp_path / "images.npy")
    return images


def check(folder: Path, **pools: np.ndarray) -> subprocess.CompletedProcess:
    """Search pools, named after their training folds, all of class cyst."""
    synthetic = []
    for name, images in pools.items():
        artifacts.write_array(images, folder / f"{name}.npy")
        synthetic.append(f"{name.removeprefix('train')}/cyst={folder / name}.npy")
    command = [sys.executable, SCRIPT, "--units", "units.csv", "--unit-images", "images.npy", "--unit", "lesion"]
    command += ["--folds", "folds.csv", "--seed", "0", "--generator", "other", "--synthetic", *synthetic]
    command += ["--out", "copies.csv", "--log", "log"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def head(outline: int, inside: int, smooth: float = 0.0) -> np.ndarray:
    """Return a slice of a head: a skull of a bumpy outline, a head rest, and a brain whose texture may be smoothed."""
    rows, columns = np.mgrid[:64, :64] - 31.5
    angle, radius = np.arctan2(rows, columns), np.hypot(rows, 1.2 * columns)
    random = np.random.default_rng(outline)
    bumps = sum(random.normal(0, 0.9) * np.cos(k * angle + random.uniform(0, 6)) for k in range(2, 7))
    texture = ndimage.gaussian_filter(np.random.default_rng(inside).normal(0, 1, (64, 64)), 1.2)
    brain = 100 + 6 * ndimage.gaussian_filter(texture / texture.std(), smooth)
    image = np.select(
        [radius < 20 + bumps, radius < 23 + bumps, abs(radius - 29) < 0.7], [brain, 255, 180 * (rows > 0)]
    )
    return ndimage.gaussian_filter(image, 0.6).clip(0, 255).astype(np.uint8)


def disguised(images: np.ndarray) -> np.ndarray:
    """Return images as they are, flipped, turned by 90 degrees, shifted by 4 px and noised at 2 %, in turn."""
    noise = np.random.default_rng(0).normal(0, 0.02 * 255, images.shape)
    kinds = [images, images[:, :, ::-1], np.rot90(images, axes=(1, 2))]
    kinds += [ndimage.shift(images, (0, 4, -4), order=0, mode="nearest"), np.rint(images + noise).clip(0, 255)]
    return np.concatenate(kinds).astype(np.uint8)


def test_every_copy_of_a_test_image_is_named(cohort, tmp_path):
    done = check(tmp_path, train12=np.concatenate([round_lesions(3, seed=2), disguised(cohort[:2])]))
    assert done.returncode == 1
    first, *lines = done.stderr.strip().splitlines()
    assert "images of other: expected no copy of a test image, found 10; leave the copies out, or train" in first
    form = re.compile(r"image (\d+) of class cyst shows test lesion (L\d) of patient (P\d), fold 0 ")
    named = [form.search(line) for line in lines]
    assert [match.groups() for match in named] == [(str(3 + i), f"L{i % 2}", f"P{i % 2}") for i in range(10)]
    assert all("other, seed 0, training folds 12: " in line for line in lines)
    assert not (tmp_path / "copies.csv").exists()


def test_the_log_names_those_that_the_terminal_does_not(cohort, tmp_path):
    done = check(tmp_path, train0=disguised(cohort[2:5]), train02=cohort[2:4], train01=np.repeat(cohort[4:5], 4, 0))
    assert "found 21; " in done.stderr
    assert "and 1 more, which the log names" in done.stderr
    assert len(re.findall("shows test lesion", (tmp_path / "log").read_text())) == 41  # all, and the error's 20


def test_heads_that_share_skull_and_rest_are_no_copies_and_a_copied_head_is(cohort, tmp_path):
    """Smooth brains, as a generator's after a short training, leave the skull to decide, which is much alike."""
    heads = [head(outline=5, inside=inside) for inside in range(6)]
    artifacts.write_array(np.stack(heads), tmp_path / "images.npy")
    made = np.stack([head(outline=5, inside=inside, smooth=2.5) for inside in (2, 3, 4)])
    done = check(tmp_path, train12=made)
    assert done.returncode == 0, done.stderr
    table = artifacts.read_csv(tmp_path / "copies.csv")
    assert float(table["highest"].iloc[0]) >= 0.8
    assert int(table["nearer to training images"].iloc[0]) == 3
    copied = check(tmp_path, train12=np.concatenate([made, np.rot90(heads[1])[None]]))
    assert copied.returncode == 1
    assert "found 1; " in copied.stderr
    assert "image 3 of class cyst shows test lesion L1" in copied.stderr


def test_images_of_other_patients_and_of_training_ones_pass(cohort, tmp_path):
    """The images of training and extra lesions are for another audit, which warns."""
    done = check(tmp_path, train12=np.concatenate([cohort[2:], round_lesions(20, seed=2)]), train1=cohort[2:4])
    assert done.returncode == 0, done.stderr
    table = artifacts.read_csv(tmp_path / "copies.csv")
    searched = table[["folds", "class", "images", "test images"]].astype(str).to_numpy().tolist()
    assert searched == [["12", "cyst", "24", "2"], ["1", "cyst", "2", "3"]]
    assert table["compared"].sum() > 0
    assert table["highest"].max() < 0.6
