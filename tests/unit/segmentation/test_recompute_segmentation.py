"""A small run of the segmentation's first and last steps is computed again as it is; what is forged is named."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.helpers import forked

from synthaug.files import artifacts

SCRIPTS = Path(__file__).parents[3] / "scripts"
CLASSES = ["cyst"]
SLICES = {"classes": CLASSES, "side": 32, "intensity": {"mode": "window", "low": 0, "high": 255}, "empty_slices": 0,
          "precedence": None}  # fmt: skip
FOLDS = {"classes": CLASSES, "folds": 2, "master_seed": 1}
SCORES = {"classes": CLASSES, "tolerance_mm": 1, "smallest_lesion_px": 0}


def run(script, record, params, **options):
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), "--record", str(record), "--params", json.dumps(params)]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", *([str(value)] if not isinstance(value, list) else value)]
    result = forked.run(command)
    assert result.returncode == 0, result.stderr


def recompute(study):
    command = [sys.executable, str(SCRIPTS / "recompute_results_segmentation.py")]
    return forked.run([*command, "--results", str(study / "results"), "--table", str(study / "table.csv")])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Four patients with a picture each, one of them without lesion, as far as the scores of one arm."""
    folder = tmp_path_factory.mktemp("study")
    results, rows = folder / "results", []
    for number in range(5):
        values = np.random.default_rng(number).integers(0, 256, (64, 64)).astype(np.uint8)
        Image.fromarray(values).save(folder / f"{number}.png")
        box, cls = ("10,10,40,50", "cyst") if number < 4 else ("", "")
        rows.append((f"L{number}", f"P{number}", cls, f"{number}.png", box))
    table = folder / "table.csv"
    pd.DataFrame(rows, columns=["lesion", "patient", "class", "image", "box"]).to_csv(table, index=False)
    cases, slices, folds = results / "cases.csv", results / "slices", results / "seed-0/folds.csv"
    rows = {"classes": CLASSES, "of_slices": True}
    run("check_cases", results / "check_cases.record.json", rows, table=table, out=cases)
    files = {"slices": slices / "slices.csv", "images": slices / "images.npy", "labels": slices / "labels.npy"}
    run("cut_slices", slices / "record.json", SLICES, cases=cases, table=table, **files)
    record = results / "seed-0/make_folds.record.json"
    run("make_folds_segmentation", record, FOLDS, cases=files["slices"], seed=0, out=folds)
    arm, masks = results / "seed-0/segment/original/1000", []
    labels, fold = artifacts.read_array(files["labels"]), artifacts.read_csv(folds)["fold"]
    for trained in "01":
        path = arm / f"train-{trained}/masks.npy"
        artifacts.write_array(np.roll(labels[fold.astype(str) != trained], 2, axis=1), path)
        masks.append(f"{trained}={path}")
    options = {"slices": files["slices"], "labels": files["labels"], "folds": folds, "masks": masks, "out_dir": arm}
    run("score_segmenter", arm / "score_segmenter.record.json", SCORES, **options)
    return folder


def test_what_is_as_it_was_made(study):
    done = recompute(study)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:4] == [
        "cases: 1 file as computed again", "slices: 3 files as computed again", "folds: 1 file as computed again",
        "scores: 2 files as computed again",
    ]  # fmt: skip


def forged_table(name, column):
    def forge(results):
        table = artifacts.read_csv(results / name)
        table.loc[0, column] += 1
        artifacts.write_csv(table, results / name)

    return forge


def forged_label(results):
    labels = artifacts.read_array(results / "slices/labels.npy")
    labels[2, 0, 0] = 1
    artifacts.write_array(labels, results / "slices/labels.npy")


@pytest.mark.parametrize(
    ("name", "forge", "line"),
    [
        ("cases.csv", forged_table("cases.csv", "rows"), "cases.csv, row 2: expected, from the case table, rows 64"),
        ("slices/slices.csv", forged_table("slices/slices.csv", "cyst_px"), "slices/slices.csv, row 2: expected"),
        ("slices/labels.npy", forged_label, "slices/labels.npy, row 2 (slice P2-3-0): expected the image of"),
        ("seed-0/folds.csv", forged_table("seed-0/folds.csv", "fold"), "seed-0/folds.csv, row 2: expected"),
        (
            "seed-0/segment/original/1000/train-0/predictions.csv",
            forged_table("seed-0/segment/original/1000/train-0/predictions.csv", "cyst_overlap_px"),
            "row 2: expected, from seed-0/segment/original/1000/train-0/masks.npy, cyst_overlap_px",
        ),
    ],
)
def test_what_was_forged_is_named(study, name, forge, line):
    path = study / "results" / name
    content = path.read_bytes()
    try:
        forge(study / "results")
        done = recompute(study)
    finally:
        path.write_bytes(content)
    assert done.returncode == 1
    assert line in done.stderr
