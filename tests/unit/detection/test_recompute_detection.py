"""A small run of the detection's first and last steps is computed again as it is; what is forged is named."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.helpers import forked

from synthaug.detection.boxes import BOX
from synthaug.files import artifacts
from synthaug.terms import model_lists

SCRIPTS = Path(__file__).parents[3] / "scripts"
CLASSES = ["met"]
SLICES = {"classes": CLASSES, "side": 32, "intensity": {"mode": "window", "low": 0, "high": 255}, "organ": "none",
          "crop": "square", "empty_slices": 0}  # fmt: skip
FOLDS = {"classes": CLASSES, "folds": 2, "master_seed": 1}
SCORES = {"classes": CLASSES, "iou": [0.25, 0.5], "false_positives": 1}
STATISTICS = {"master_seed": 1, "folds": 2, "bootstrap": 20, "confidence": 0.95,
              "measures": {**SCORES, "score": 0.1}}  # fmt: skip
POINT = {"group": 100, "synthetic": 0, "classes": 1, "plateau": 0}
VERDICTS = {"smallest_gain": 0.03, "primary": "cpggan", "operating_point": "fixed"}


def run(script, record, params, **options):
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), "--record", str(record)]
    command += ["--params", json.dumps(params)] if params else []
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", *([str(value)] if not isinstance(value, list) else value)]
    result = forked.run(command)
    assert result.returncode == 0, result.stderr


def recompute(study):
    command = [sys.executable, str(SCRIPTS / "recompute_results_detection.py")]
    return forked.run([*command, "--results", str(study / "results"), "--table", str(study / "table.csv")])


def detect(slices, boxes, folds, arm, moved):
    """Write what two networks of an arm have found: the boxes, ``moved`` px aside, and one false positive a slice."""
    labelled = {"detections": [], "train_sets": []}
    for trained in "01":
        test = folds[folds["fold"].astype(str) != trained]
        found = boxes[boxes["slice"].isin(test["slice"])].assign(score=0.8)
        found[["x0", "x1"]] += moved
        wrong = test.assign(**{"class": "met", "x0": 0.0, "y0": 0.0, "x1": 3.0, "y1": 3.0, "score": 0.6})
        rows = pd.concat([found, wrong])[["slice", "patient", "class", *BOX, "score"]].assign(set="test")
        rows = rows.sort_values(["slice", "score"], ascending=[True, False])
        folder = arm / f"train-{trained}"
        artifacts.write_csv(rows, folder / "detections.csv")
        artifacts.write_csv(pd.DataFrame(columns=["source", "slice", "rank", "generator"]), folder / "train_set.csv")
        labelled["detections"].append(f"{trained}={folder}/detections.csv")
        labelled["train_sets"].append(f"{trained}={folder}/train_set.csv")
    return labelled


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Six patients with a picture each, one of them without lesion, and two arms as far as the comparisons."""
    folder = tmp_path_factory.mktemp("study")
    results, rows = folder / "results", []
    for number in range(6):
        values = np.random.default_rng(number).integers(0, 256, (64, 64)).astype(np.uint8)
        Image.fromarray(values).save(folder / f"{number}.png")
        box, cls = ("10,10,40,50", "met") if number < 5 else ("", "")
        rows.append((f"L{number}", f"P{number}", cls, f"{number}.png", box))
    table = folder / "table.csv"
    pd.DataFrame(rows, columns=["lesion", "patient", "class", "image", "box"]).to_csv(table, index=False)
    cases, slices, folds = results / "cases.csv", results / "slices", results / "seed-0/folds.csv"
    rows = {"classes": CLASSES, "of_slices": True, "without_blank": True}
    run("check_cases_detection", results / "check_cases.record.json", rows, table=table, out=cases)
    files = {"slices": slices / "slices.csv", "images": slices / "images.npy", "boxes": slices / "boxes.csv"}
    run("cut_slices_detection", slices / "record.json", SLICES, cases=cases, table=table, **files)
    record = results / "seed-0/make_folds.record.json"
    run("make_folds_detection", record, FOLDS, cases=files["slices"], seed=0, out=folds)
    tables = [artifacts.read_csv(path) for path in (files["slices"], files["boxes"], folds)]
    runs = []
    for name, size, moved in (("real", "0", 8), ("cpggan", "100", 1)):
        arm = results / f"seed-0/detect/{name}/{size}"
        options = detect(*tables, arm, moved)
        options |= {"boxes": files["boxes"], "folds": folds, "out_dir": arm}
        run("score_detector", arm / "score_detector.record.json", SCORES, **options)
        runs += [(name, size, 0, trained) for trained in "01"]
    evaluate(results, runs)
    return folder


def evaluate(results, runs):
    at = results / "evaluation"
    record = at / "collect_predictions.record.json"
    predictions, points = at / "predictions.csv", at / "operating_points.csv"
    run(
        "collect_predictions",
        record,
        None,
        results=results,
        stage="detect",
        runs=model_lists.written(runs),
        out=predictions,
    )
    tables = {name: at / f"{name}.csv" for name in ("seeds", "variances", "references")}
    run("compute_metrics_detection", at / "compute_metrics.record.json", STATISTICS | POINT, predictions=predictions,
        operating_points=points, out=at / "metrics.csv", **tables)  # fmt: skip
    run("compare_arms_detection", at / "compare_arms.record.json", STATISTICS | VERDICTS, predictions=predictions,
        operating_points=points, out=at / "comparisons.csv")  # fmt: skip
    drawn = {"operating_point": "fixed", "arms": ["real", "cpggan"], "shown": ["cpggan"]}
    files = {"png": at / "a.png", "svg": at / "a.svg", "predictions": predictions, "operating_points": points}
    run("compute_subgroups_detection", at / "a.record.json", STATISTICS | drawn | {"generators": ["cpggan"]},
        cases=results / "slices/slices.csv", out=at / "subgroups.csv", **files)  # fmt: skip
    files |= {"power": at / "simulated_power.csv", "curve": at / "learning_curve.csv"}
    run("estimate_study_size_detection", at / "b.record.json", STATISTICS | drawn | {"smallest_gain": 0.03},
        out=at / "study_size.csv", **files)  # fmt: skip


def test_the_arm_that_finds_more_is_measured_so(study):
    """Boxes 8 px aside of 15 x 20 px are none of IoU 0.5, but of 0.25; those 1 px aside are."""
    metrics = artifacts.read_csv(study / "results/evaluation/metrics.csv").set_index(["arm", "size", "metric", "seed"])
    for arm, size, high in (("real", "0", 0), ("cpggan", "100", 1), ("real", "fixed", 0), ("cpggan", "fixed", 1)):
        assert metrics.loc[(arm, size, "sensitivity at equal false positives", "all"), "value"] == 1
        assert metrics.loc[(arm, size, "sensitivity at 1/8 false positives a slice, IoU 0.5", "all"), "value"] == high
        false = metrics.loc[(arm, size, "-false positives a slice from score 0.1, IoU 0.25", "all"), "value"]
        assert false == -1
    points = artifacts.read_csv(study / "results/evaluation/operating_points.csv")
    assert set(points[["arm", "size"]].apply(tuple, axis=1)) == {("real", "0"), ("cpggan", "100")}
    rows = artifacts.read_csv(study / "results/evaluation/comparisons.csv")
    assert set(rows["against"]) == {"over real", "fixed"}
    row = rows[(rows["against"] == "fixed") & (rows["metric"] == "AP, IoU 0.5")].iloc[0]
    assert row["delta"] == 1
    levels = artifacts.read_csv(study / "results/evaluation/subgroups.csv")["level"]
    assert {"all slices", "none"} < set(levels)


def test_what_is_as_it_was_made(study):
    done = recompute(study)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:8] == [
        "cases: 1 file as computed again", "slices: 3 files as computed again", "folds: 1 file as computed again",
        "matches: 8 files as computed again", "anchors: 0 files as computed again",
        "all predictions: 1 file as computed again", "metrics: 5 files as computed again",
        "comparisons: 1 file as computed again",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "column", "line"),
    [
        ("slices/boxes.csv", "x0", "slices/boxes.csv, row 2: expected, from cases and images, x0 "),
        ("seed-0/detect/cpggan/100/train-0/predictions.csv", "boxes", "row 2: expected, from "
         "seed-0/detect/cpggan/100/train-0/detections.csv, boxes "),
        ("seed-0/detect/real/0/train-1/matches.csv", "overlap", "matches.csv, row 2: expected, from seed-0"),
        ("evaluation/metrics.csv", "value", "evaluation/metrics.csv, row 2: expected, from evaluation/predictions.csv"),
    ],
)  # fmt: skip
def test_what_was_forged_is_named(study, name, column, line):
    path = study / "results" / name
    content = path.read_bytes()
    try:
        table = artifacts.read_csv(path)
        table.loc[0, column] += 1
        artifacts.write_csv(table, path)
        done = recompute(study)
    finally:
        path.write_bytes(content)
    assert done.returncode == 1
    assert line in done.stderr
