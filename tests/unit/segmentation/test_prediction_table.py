"""Predicted masks as a table, through the script: the test slices in their order, distances in mm or px."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import forked

from synthaug.audit import lineage
from synthaug.files import artifacts

SCRIPT = Path(__file__).parents[3] / "scripts" / "score_segmenter.py"
LABELS = np.zeros((6, 32, 32), np.uint8)
LABELS[:, 8:16, 8:16] = 1
PARAMS = {"classes": ["cyst"], "tolerance_mm": 1, "smallest_lesion_px": 0}


@pytest.fixture
def cohort(tmp_path):
    names = [f"P{number}-{number + 1}-0" for number in range(6)]
    slices = pd.DataFrame({"slice": names, "patient": [name[:2] for name in names], "set": "main", "pixel_mm": 0.5})
    artifacts.write_csv(slices, tmp_path / "slices.csv")
    artifacts.write_csv(slices[["slice", "patient"]].assign(fold=[0, 1, 2, 0, 1, 2]), tmp_path / "folds.csv")
    artifacts.write_array(LABELS, tmp_path / "labels.npy")
    return tmp_path


def run(folder, masks, **params):
    artifacts.write_array(masks, folder / "masks.npy")
    command = [sys.executable, str(SCRIPT), "--params", json.dumps(PARAMS | params)]
    for name in ("slices.csv", "labels.npy", "folds.csv"):
        command += [f"--{name.split('.')[0]}", str(folder / name)]
    return forked.run([*command, "--masks", f"02={folder / 'masks.npy'}", "--out-dir", str(folder)])


def test_test_slices_in_their_order(cohort):
    masks = np.stack([LABELS[0], np.roll(LABELS[0], 2, axis=1)])
    assert run(cohort, masks).returncode == 0
    table = artifacts.read_csv(cohort / "train-02/predictions.csv")
    assert table[["slice", "patient", "fold"]].to_numpy().tolist() == [["P1-2-0", "P1", 1], ["P4-5-0", "P4", 1]]
    assert table["cyst_truth_px"].tolist() == [64, 64]
    assert table["cyst_overlap_px"].tolist() == [64, 48]
    assert table["cyst_hd95"].tolist() == [0, 1]  # 2 px of 0.5 mm
    known = lineage.cohort(*(artifacts.read_csv(cohort / f"{name}.csv") for name in ("slices", "folds")), 0, "slice")
    train_set = pd.DataFrame({"source": ["pool"], "slice": ["P0-1-0"], "rank": [0], "generator": [""]})
    assert lineage.model_leaks(lineage.Model("segment", "original", "100", 0, "02", train_set, table), known, []) == []


def test_pixels_where_the_size_of_some_is_unknown(cohort):
    slices = artifacts.read_csv(cohort / "slices.csv")
    artifacts.write_csv(slices.assign(pixel_mm=[0.5] * 5 + [np.nan]), cohort / "slices.csv")
    assert run(cohort, np.stack([LABELS[0], np.roll(LABELS[0], 2, axis=1)])).returncode == 0
    assert artifacts.read_csv(cohort / "train-02/predictions.csv")["cyst_hd95"].tolist() == [0, 2]


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (LABELS[:3], "expected (2, 32, 32) with labels up to 1, found (3, 32, 32) with labels up to 1; train again"),
        (LABELS[:2] * 2, "found (2, 32, 32) with labels up to 2"),
        (LABELS[:2, :16], "found (2, 16, 32)"),
    ],
)
def test_masks_of_other_slices_are_refused(cohort, masks, message):
    result = run(cohort, masks)
    assert result.returncode == 1
    assert message in result.stderr
    assert not (cohort / "train-02/predictions.csv").exists()
