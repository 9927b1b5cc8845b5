"""A detector's anchors are computed again; those in which a test patient's boxes had a part are named."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import forked, made_boxes

from steps.recomputing import box_anchors, job
from synthaug import seeding
from synthaug.audit import recorded_run
from synthaug.detection import anchors
from synthaug.detection.boxes import BOX
from synthaug.detection.measures import Detection
from synthaug.files import artifacts

SCRIPTS = Path(__file__).parents[3] / "scripts"
PARAMS = made_boxes.DETECTOR | {"augmentation": made_boxes.AUGMENTATION, "validation": 0.2, "judged_at": None}
SCORES = {"classes": made_boxes.CLASSES, "iou": [0.5], "false_positives": 1}
TRAINED = "seed-0/detect/real/0/train-12"


def run(script: str, *options: object) -> None:
    done = forked.run([sys.executable, SCRIPTS / f"{script}.py", *options])
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A detector of the folds 1 and 2, trained and scored."""
    folder = tmp_path_factory.mktemp("results")
    slices, arm, folds = folder / "slices", folder / "seed-0/detect/real/0", folder / "seed-0/folds.csv"
    artifacts.write_csv(made_boxes.cohort(slices), folds)
    files = ["--units", slices / "slices.csv", "--boxes", slices / "boxes.csv", "--images", slices / "images.npy"]
    run("train_detector", *files, "--folds", folds, "--seed", "0", "--train-folds", "12", "--arm", "real",
        "--size", "0", "--params", json.dumps(PARAMS), "--out-dir", arm)  # fmt: skip
    run("score_detector", "--boxes", slices / "boxes.csv", "--folds", folds,
        "--detections", f"12={arm}/train-12/detections.csv", "--train-sets", f"12={arm}/train-12/train_set.csv",
        "--params", json.dumps(SCORES), "--out-dir", arm, "--record", arm / "score_detector.record.json")  # fmt: skip
    return folder


@pytest.fixture
def results(trained, tmp_path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "results"))


def found(results: Path) -> list:
    task = job.Task(Detection, stage="detect", units="slices/slices.csv", truth="")
    return list(box_anchors.clustered(job.Context(task, recorded_run.Run(results), results)))


def test_those_of_the_boxes_that_were_learned_are_right(results):
    (finding,) = found(results)
    assert finding.problem is None
    assert finding.file == f"{TRAINED}/anchors.csv"


def test_a_test_patient_in_the_anchors_is_found(results):
    """Anchors of all boxes, also those of the test fold: nothing else in the folder differs."""
    boxes = artifacts.read_csv(results / "slices/boxes.csv")
    corners = boxes[BOX].to_numpy(float)
    random = seeding.stream(PARAMS["master_seed"], "anchors", 0, "12")
    leaking = anchors.clustered(corners[:, 2:] - corners[:, :2], 9, random).astype(np.float32)
    table = pd.DataFrame(leaking, columns=["width", "height"]).rename_axis("anchor").reset_index()
    artifacts.write_csv(table, results / TRAINED / "anchors.csv")
    (finding,) = found(results)
    assert f"{TRAINED}/anchors.csv, row " in finding.problem
    assert f"from {TRAINED}/train_set.csv and slices/boxes.csv" in finding.problem


def test_detections_of_another_tool_have_no_anchors(results):
    (results / TRAINED / "anchors.csv").unlink()
    assert found(results) == []
