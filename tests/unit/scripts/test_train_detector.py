"""The script trains every arm for as many steps, learns nothing from test and validation slices, and finds boxes."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tests.helpers import forked, made_boxes

from synthaug.audit import lineage
from synthaug.detection import detector, slice_table, stored_detector, validation_patients
from synthaug.errors import InputError
from synthaug.files import artifacts

SCRIPTS = Path(__file__).parents[3] / "scripts"
SETTINGS = {
    **made_boxes.DETECTOR,
    "floor": 1e-5,
    "augmentation": made_boxes.AUGMENTATION,
    "validation": 0.25,
    "judged_at": None,
}
FILES = {"detections.csv", "anchors.csv", "train_set.csv", "history.csv", "weights.safetensors", "model.json"}
SIZES = {"real": "0", "fresh": "0", "paste": "0", "cpggan": "50", "cpggan-filtered": "50"}


def run(cohort: Path, out: Path, arm: str, *further: str, size=None, **changes):
    command = [
        sys.executable, SCRIPTS / "train_detector.py",
        "--units", cohort / "slices.csv", "--boxes", cohort / "boxes.csv", "--images", cohort / "images.npy",
        "--folds", cohort / "folds.csv", "--seed", "0", "--train-folds", "12", "--arm", arm,
        "--size", size or SIZES[arm], "--params", json.dumps(SETTINGS | changes), "--out-dir", out,
        "--record", out / "record.json", "--log", out / "log.txt", *further,
    ]  # fmt: skip
    return forked.run(command)


def succeed(*arguments, **settings) -> None:
    done = run(*arguments, **settings)
    assert done.returncode == 0, done.stderr


def synthetic(cohort: Path) -> list[str]:
    return ["--synthetic", f"12={cohort}/cpggan", "--filters", f"12={cohort}/filter.csv"]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    """Twelve patients with three slices each in three folds, and twenty synthetic slices, of which half are kept."""
    folder = tmp_path_factory.mktemp("cohort")
    made_boxes.cohort(folder)
    images, boxes = made_boxes.slices(20, 7, 32)
    index = pd.DataFrame({"sample": range(20), "slice": "s003", "generator": "cpggan", "flip": 0})
    artifacts.write_csv(index, folder / "cpggan/index.csv")
    artifacts.write_csv(boxes.rename(columns={"slice": "sample"}), folder / "cpggan/boxes.csv")
    artifacts.write_array(images, folder / "cpggan/images.npy")
    kept = pd.DataFrame({"sample": range(20), "score": 0.5, "kept": np.arange(20) % 2})
    artifacts.write_csv(kept, folder / "filter.csv")
    return folder


@pytest.fixture(scope="module")
def trained(cohort) -> Path:
    for arm, size in SIZES.items():
        succeed(cohort, cohort / "detect" / arm / size, arm, *synthetic(cohort))
    return cohort / "detect"


def folder(trained: Path, arm: str) -> Path:
    return trained / arm / SIZES[arm] / "train-12"


def lists(cohort: Path) -> tuple[slice_table.Slices, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    slices = slice_table.read(cohort / "slices.csv", cohort / "boxes.csv", cohort / "images.npy")
    folds = artifacts.read_csv(cohort / "folds.csv")
    learned, held = validation_patients.split(folds, slices.boxes, 0.25, train_folds="12", seed=0, master_seed=1)
    return slices, learned, held, folds[folds["fold"] == 0]


def test_every_arm_has_its_files_and_the_same_steps_and_anchors(cohort, trained):
    real = len(lists(cohort)[1])
    added = {"real": 0, "fresh": 0, "paste": real, "cpggan": real // 2, "cpggan-filtered": real // 2}
    weights = set()
    for arm in SIZES:
        found = folder(trained, arm)
        assert {path.name for path in found.iterdir()} == FILES, arm
        model = artifacts.read_json(found / "model.json")
        assert (model["steps"], model["images"]) == (4, real + added[arm])
        assert artifacts.read_csv(found / "history.csv")["steps"].tolist() == [3, 4]
        anchors = artifacts.read_csv(found / "anchors.csv")
        pd.testing.assert_frame_equal(anchors, artifacts.read_csv(folder(trained, "real") / "anchors.csv"))
        assert anchors.columns.tolist() == ["anchor", "width", "height"]
        weights.add((found / "weights.safetensors").read_bytes())
    assert len(weights) == len(SIZES)
    ranks = artifacts.read_csv(folder(trained, "cpggan-filtered") / "train_set.csv").query("source == 'synthetic'")
    assert ranks["rank"].tolist() == list(range(1, real, 2))  # the filter keeps the odd ones


def test_detections_are_those_of_the_stored_detector_on_test_and_validation_slices(cohort, trained):
    slices, learned, held, tested = lists(cohort)
    table = artifacts.read_csv(folder(trained, "real") / "detections.csv")
    assert table.columns.tolist() == ["slice", "patient", "set", "class", "x0", "y0", "x1", "y1", "score"]
    found = stored_detector.load(folder(trained, "real"), torch.device("cpu"))
    sizes = artifacts.read_csv(folder(trained, "real") / "anchors.csv")
    np.testing.assert_array_equal(found.network.anchors, sizes[["width", "height"]])
    for name, rows in (("validation", held), ("test", tested)):
        mine = table[table["set"] == name]
        assert set(mine["slice"]) <= set(rows["slice"])
        assert not set(mine["slice"]) & set(learned["slice"])
        expected = detector.detect(found, slices.of(rows["slice"].tolist()).images, torch.device("cpu"))
        expected["slice"] = rows["slice"].to_numpy()[expected["slice"]]
        pd.testing.assert_frame_equal(mine[expected.columns].reset_index(drop=True), expected, check_dtype=False)
        patient = dict(zip(rows["slice"], rows["patient"], strict=True))
        assert mine["patient"].tolist() == mine["slice"].map(patient).tolist()
        assert len(mine) > len(rows)
    assert table["slice"].is_monotonic_increasing


def test_nothing_is_learned_from_test_and_validation_slices(cohort, trained, tmp_path):
    """With other pixels and boxes there, the detector is the same; beside another choice of folds, too."""
    slices, _, held, tested = lists(cohort)
    for name in ("slices.csv", "folds.csv"):
        artifacts.write_csv(artifacts.read_csv(cohort / name), tmp_path / name)
    others = set(held["slice"]) | set(tested["slice"])
    images = np.array(slices.images)
    images[slices.table["slice"].isin(others)] = 255
    artifacts.write_array(images, tmp_path / "images.npy")
    boxes = slices.boxes.copy()
    elsewhere = boxes["slice"].isin(others)
    boxes.loc[elsewhere, ["x0", "y0", "x1", "y1"]] = [1.0, 1.0, 31.0, 3.0]
    artifacts.write_csv(boxes, tmp_path / "boxes.csv")
    succeed(tmp_path, tmp_path / "out", "paste", "--train-folds", "02", "12")
    for name in ("weights.safetensors", "train_set.csv", "history.csv", "anchors.csv"):
        new, before = tmp_path / "out/train-12" / name, folder(trained, "paste") / name
        assert new.read_bytes() == before.read_bytes(), name
    assert set(artifacts.read_csv(tmp_path / "out/train-02/detections.csv").query("set == 'test'")["patient"]) == {
        f"P{number:02d}" for number in (1, 4, 7, 10)
    }


def test_the_best_checkpoint_is_judged_by_validation_slices(cohort, tmp_path):
    at = {"iou": 0.25, "false_positives": 1}
    succeed(cohort, tmp_path / "out", "real", checkpoint="best", judged_at=at, evaluate_every=2)
    history = artifacts.read_csv(tmp_path / "out/train-12/history.csv")
    assert history["steps"].tolist() == [2, 4]
    assert history["sensitivity"].between(0, 1).all()


def test_the_audit_passes_and_names_planted_slices(cohort, trained):
    units, folds = (artifacts.read_csv(cohort / name) for name in ("slices.csv", "folds.csv"))
    known = lineage.cohort(units, folds, 0, "slice")
    _, learned, held, tested = lists(cohort)
    of_generator = artifacts.read_csv(folder(trained, "real") / "train_set.csv").query("source == 'slice'")
    cpggan = lineage.Generator("cpggan", "all", 0, "12", "all", of_generator)
    planted = {"slice s000 of test patient P00": tested["slice"].iloc[0]}
    validating = held["slice"].iloc[0]
    planted[f"slice {validating} of validation patient"] = validating
    for arm in ("real", "fresh", "paste"):
        table = artifacts.read_csv(folder(trained, arm) / "train_set.csv")
        model = lineage.Model("detect", arm, SIZES[arm], 0, "12", table, tested)
        lineage.check({0: known}, [cpggan], [model])
        row = table.index[table["source"].isin(["slice", "pool"])][-1]  # of the arm paste a lesion's donor
        for expected, name in planted.items():
            leaky = table.copy()
            leaky.loc[row, "slice"] = name
            with pytest.raises(InputError, match=f"detect/{arm}/0/train-12: {expected}"):
                lineage.check({0: known}, [cpggan], [lineage.Model("detect", arm, "0", 0, "12", leaky, tested)])
    assert set(learned["slice"]) == set(of_generator["slice"])


@pytest.mark.parametrize(
    ("arm", "further", "changes", "expected"),
    [
        ("cpggan", [], {}, "--synthetic: expected FOLDS=DIR for the arm cpggan and each of --train-folds, missing 12"),
        ("cpggan", ["--synthetic", "12={}/cpggan"], {"size": "200"}, "synthetic slices: expected 36, 200 per 100"),
        ("real", [], {"validation": 0.99}, "training folds 1, 2: expected a box to learn from, found none"),
        ("real", [], {"learning_rate": 1e30, "ema": 0.0, "burn_in": 0}, "detector: expected finite losses"),
    ],
)
def test_what_cannot_be_is_one_line(cohort, tmp_path, arm, further, changes, expected):
    done = run(cohort, tmp_path / "out", arm, *[text.format(cohort) for text in further], **changes)
    assert done.returncode == 1
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out/train-12/weights.safetensors").exists()
