"""The scripts that draw slices find the right images by their names: a slice's own shade says which it is."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.helpers import forked

from synthaug.files import artifacts
from synthaug.segmentation import slice_scores
from synthaug.terms import model_lists

SCRIPTS = Path(__file__).parents[3] / "scripts"
SHADES = np.arange(8) * 30 + 20
IMAGES = np.broadcast_to(SHADES[:, None, None], (8, 32, 32)).astype(np.uint8)
LABELS = np.zeros((8, 32, 32), np.uint8)
LABELS[:, 12:20, 12:20] = 1


@pytest.fixture
def folder(tmp_path):
    names = [f"P{number}-{number}-0" for number in range(8)]
    table = pd.DataFrame({"slice": names, "patient": [name[:2] for name in names]})
    artifacts.write_csv(table, tmp_path / "slices.csv")
    artifacts.write_array(IMAGES, tmp_path / "images.npy")
    artifacts.write_array(LABELS, tmp_path / "labels.npy")
    return tmp_path


def run(folder, script, *options):
    png = folder / f"{script}.png"
    command = [
        sys.executable,
        str(SCRIPTS / f"{script}.py"),
        "--slices",
        str(folder / "slices.csv"),
        *map(str, options),
    ]
    result = forked.run([*command, "--png", str(png), "--svg", str(png.with_suffix(".svg"))])
    assert result.returncode == 0, result.stderr
    return np.array(Image.open(png).convert("L"))


def shades(picture):
    """The gray values that fill much of the picture, but white and black."""
    counts = np.bincount(picture.ravel(), minlength=256)
    return {int(value) for value in np.flatnonzero(counts > 5000) if 0 < value < 255}


def test_predictions_of_each_arm_in_the_order_of_the_first(folder):
    """Of eight slices of two folds the sheet has all; in one arm each is found as far as it was moved."""
    slices = artifacts.read_csv(folder / "slices.csv")
    runs = []
    for arm in ("original", "lcgan"):
        for trained in (0, 1):
            at = folder / f"seed-0/segment/{arm}/100/train-{trained}"
            rows = np.flatnonzero(np.arange(8) % 2 != trained)
            masks = np.stack([np.roll(LABELS[row], row, axis=1) for row in rows])
            scores = slice_scores.scores(LABELS[rows], masks, ["a"], np.ones(4), slice_scores.Params(1, 0))
            table = slices.iloc[rows].reset_index(drop=True).assign(fold=1 - trained).join(scores)
            artifacts.write_csv(table, at / "predictions.csv")
            artifacts.write_array(masks, at / "masks.npy")
            runs.append((arm, "100", 0, str(trained)))
    options = ["--results", folder, "--stage", "segment", "--runs", model_lists.written(runs)]
    options += ["--images", folder / "images.npy", "--labels", folder / "labels.npy", "--params", '{"classes": ["a"]}']
    picture = run(folder, "plot_predictions", *options)
    assert set(SHADES.tolist()) <= shades(picture)
    text = (folder / "plot_predictions.svg").read_text()
    assert text.count("<image") == 8 * 4
    top, bottom = (int(np.median(part[part < 255])) for part in (picture[120:260, 30:250], picture[-350:-200, 30:250]))
    assert (top, bottom) == (SHADES[7], SHADES[2])  # worst is the one moved most; best are 0, 1 and 2


def test_pairs_show_the_slice_of_each_mask(folder):
    index = pd.DataFrame({"sample": range(3), "slice": ["P6-6-0", "P1-1-0", "P3-3-0"], "generator": "g", "epochs": 2})
    artifacts.write_csv(index, folder / "index.csv")
    artifacts.write_array(np.full((3, 32, 32), 70, np.uint8), folder / "synthetic.npy")
    artifacts.write_array(LABELS[:3], folder / "masks.npy")
    options = [
        "--slice-images",
        folder / "images.npy",
        "--images",
        folder / "synthetic.npy",
        "--index",
        folder / "index.csv",
    ]
    options += ["--labels", folder / "masks.npy", "--params", '{"classes": ["a"], "master_seed": 1}']
    assert {70, *SHADES[[6, 1, 3]].tolist()} <= shades(run(folder, "plot_pairs", *options))
    assert not set(SHADES[[0, 2, 4, 5, 7]].tolist()) & shades(run(folder, "plot_pairs", *options))
