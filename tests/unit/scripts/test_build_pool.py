import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers.augmentations import PRESETS, REACH

from synthaug import seeding
from synthaug.classification import augment, augmentation_draws, rois
from synthaug.classification.augmentation_choice import Choice
from synthaug.files import artifacts

SCRIPTS = Path(__file__).parents[3] / "scripts"
PARAMS = {
    "margin": 0.25, "scale": "replace", "antialias": True, "padding": "edge",
    "intensity": {"mode": "window", "low": 0, "high": 255}, "master_seed": 1, "threads": 1,
}  # fmt: skip


def build(folder: Path, lesions: int, augmentation: dict = PRESETS["ct-lesion"]) -> tuple[pd.DataFrame, dict, float]:
    """Run the script on noise; return its input and its peak memory in MB."""
    draws = np.random.default_rng(0)
    image = draws.normal(128, 40, (300, 300)).astype(np.float32)
    settings = rois.Params(**{key: PARAMS[key] for key in ("margin", "scale", "antialias", "padding", "intensity")})
    index = pd.DataFrame({"lesion": [f"lesion-{i}" for i in range(lesions)], "low": 0.0, "high": 255.0})
    index["diameter_px"] = draws.uniform(20, 80, lesions).round(3)
    crops = {
        row.lesion: rois.crop(image, 150.0, 150.0, row.diameter_px, settings, REACH, 0) for row in index.itertuples()
    }
    artifacts.write_csv(index, folder / "rois.csv")
    artifacts.write_arrays(crops.items(), folder / "crops.npz")
    process = subprocess.Popen(
        [sys.executable, SCRIPTS / "build_pool.py", "--rois", folder / "rois.csv", "--crops", folder / "crops.npz",
         "--params", json.dumps(PARAMS | {"augmentation": augmentation}),
         "--images", folder / "pool.npy", "--index", folder / "pool.csv"],
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0
    return index, crops, used.ru_maxrss / 1000


FEW = {**PRESETS["ultrasound"], "rotations": {"number": 2, "degrees": [-10, 10]}}


@pytest.mark.parametrize(("augmentation", "number"), [(PRESETS["ct-lesion"], 480), (FEW, 2 * 16)], ids=["paper", "few"])
def test_rows_are_the_lesions_draws(tmp_path, augmentation, number):
    index, crops, _ = build(tmp_path, 3, augmentation)
    pool, table = artifacts.read_array(tmp_path / "pool.npy"), artifacts.read_csv(tmp_path / "pool.csv")
    assert pool.shape == (3 * number, 64, 64)
    assert table["lesion"].tolist() == [lesion for lesion in index["lesion"] for _ in range(number)]
    settings = rois.Params(**{key: PARAMS[key] for key in ("margin", "scale", "antialias", "padding", "intensity")})
    lesion = index.iloc[1]
    name, diameter = lesion["lesion"], lesion["diameter_px"]
    drawn = augmentation_draws.draw(seeding.stream(1, "pool", name), diameter, Choice(**augmentation))
    maps = augment.matrices(drawn, diameter, settings)
    crop = rois.lowpass(crops[name], diameter, settings)
    noise = seeding.stream(1, "pool", name, "noise")
    expected = augment.apply(crop, maps, 0.0, 255.0, drawn, noise)
    np.testing.assert_array_equal(pool[number : 2 * number], expected)
    plain = augment.apply(crop, maps, 0.0, 255.0)
    assert (pool[number : 2 * number] != plain).any(axis=(1, 2)).sum() == drawn["gain"].notna().sum()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_images(tmp_path):
    """A lesion's images are 2 MB; what may grow is the table."""
    peaks = []
    for lesions in (10, 50):
        folder = tmp_path / str(lesions)
        folder.mkdir()
        peaks.append(build(folder, lesions)[2])
    assert (peaks[1] - peaks[0]) / 40 < 0.5
