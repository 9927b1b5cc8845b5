"""Detections of another tool come in as they are, in px of the resized slice; what is wrong with them is one line."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from tests.helpers import forked

from synthaug.audit import lineage
from synthaug.detection import columns, imported_detections
from synthaug.detection.imported_detections import Cohort, Params
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.terms import model_lists

SCRIPTS = Path(__file__).parents[3] / "scripts"
SLICES = pd.DataFrame(
    [(f"P{number}-1-0", f"P{number}", "main", 100.0, 20.0, 0.5, 0.25) for number in range(4)],
    columns=["slice", "patient", "set", "left", "top", "scale_x", "scale_y"],
)
FOLDS = SLICES[["slice", "patient"]].assign(fold=[0, 0, 1, 1])
HEADER = "slice,x0,y0,x1,y1,score\n"
PARAMS = Params(["cyst"], "slice", 64)


def checked(folder, text, params=PARAMS, *, choices=("0", "1")):
    path = folder / "found.csv"
    path.write_text(text)
    return imported_detections.check(dict.fromkeys(choices, path), Cohort(SLICES, FOLDS), params, "other")


def test_one_file_serves_all_folds_and_each_gets_its_test_slices(tmp_path):
    rows = "P2-1-0,1,2,11,12,0.4\nP0-1-0,0,0,9,9,0.5\nP2-1-0,-3,2,70,12,0.7\nP2-1-0,5,5,9,9,0.7\n"
    found = checked(tmp_path, HEADER + rows)
    assert list(found) == ["0", "1"]
    assert found["1"].to_csv(index=False) == (
        "slice,patient,set,class,x0,y0,x1,y1,score\nP0-1-0,P0,test,cyst,0.0,0.0,9.0,9.0,0.5\n"
    )
    assert found["0"]["score"].tolist() == [0.7, 0.7, 0.4]
    assert found["0"].iloc[0][["x0", "x1"]].tolist() == [0, 64]  # clipped to the slice


def test_boxes_on_the_original_image_follow_the_slice(tmp_path):
    """(x - left) * scale; a box in what was cut off is left out."""
    rows = "P0-1-0,110,24,150,60,0.5\nP0-1-0,10,24,50,60,0.4\n"
    params = Params(["cyst", "met"], "image", 64)
    found = checked(tmp_path, HEADER.replace("score", "score,class") + rows.replace("\n", ",met\n"), params)["1"]
    assert found[["x0", "y0", "x1", "y1"]].to_numpy().tolist() == [[5, 1, 25, 10]]
    assert found["class"].tolist() == ["met"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "expected a header and rows, found an empty file"),
        ("slice,x0,y0,x1,y1\nP0-1-0,1,1,2,2\n", "row 1: expected the columns slice, x0, y0, x1, y1, score, once each"),
        (HEADER + "P0-1-0,1,1,9,?,0.5\n", "row 2: expected five finite numbers x0, y0, x1, y1 and score, found slice"),
        (HEADER + "P0-1-0,1,1,9,9,nan\n", "row 2: expected five finite numbers"),
        (HEADER + "P0-1-0,1,1,9,9,0.5\nP0-1-1,1,1,9,9,0.5\n", "row 3: expected a slice of slices.csv, found slice "
         "P0-1-1, x0 1, y0 1, x1 9, y1 9, score 0.5; did you mean P"),
        (HEADER + "P0-1-0,.1,.2,.3,.4,0.5\n", "row 2: expected boxes in pixels, found slice P0-1-0, x0 .1"),
        (HEADER + "P0-1-0,30,30,9,9,0.5\nP1-1-0,30,30,9,9,0.5\nP0-1-0,20,20,5,5,1\n", "row 2: expected x0 below x1 and "
         "y0 below y1, found slice P0-1-0, x0 30, y0 30, x1 9, y1 9, score 0.5, likewise in 2 further rows; give "
         "corners, not a width and height"),
        (HEADER + "P0-1-0,70,1,90,9,0.5\n", "row 2: expected a box on a slice of 64 px, found"),
        (HEADER + "P0-1-0,1,1,9,9,0.5\nP0-1-0,1,1,9,9,0.5\n", "row 3: expected each detection once"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_one_line(tmp_path, text, line):
    with pytest.raises(InputError) as error:
        checked(tmp_path, text)
    first, *problems = str(error.value).splitlines()
    assert first == "imported detections of other: 1 problem"
    (problem,) = problems
    assert line in problem
    assert "found.csv" in problem


def test_a_file_of_one_choice_of_folds_has_no_slice_that_trained_the_tool(tmp_path):
    with pytest.raises(InputError, match=r"row 2: expected a test slice of these folds, found .* of fold 0; leave out"):
        checked(tmp_path, HEADER + "P0-1-0,1,1,9,9,0.5\n", choices=("0",))


def test_classes_are_asked_for_where_there_are_several(tmp_path):
    params = Params(["cyst", "met"], "slice", 64)
    with pytest.raises(InputError, match="not class"):
        checked(tmp_path, HEADER + "P0-1-0,1,1,9,9,0.5\n", params)
    with pytest.raises(InputError, match=r"row 2: expected one of the classes cyst, met, found .*class hem"):
        checked(tmp_path, "class," + HEADER + "hem,P0-1-0,1,1,9,9,0.5\n", params)


def test_a_tool_that_finds_nothing_is_an_arm_too(tmp_path):
    found = checked(tmp_path, HEADER)
    assert found["0"].empty
    assert list(found["0"]) == columns.DETECTED


def run(script, params, **options):
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), "--params", json.dumps(params)] if params else [
        sys.executable, str(SCRIPTS / f"{script}.py")]  # fmt: skip
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", *([str(value)] if not isinstance(value, list) else value)]
    return forked.run(command)


def test_from_a_file_to_the_audit_which_says_that_the_training_is_unknown(tmp_path):
    results, found = tmp_path / "results", tmp_path / "found-0.csv"
    found.write_text(HEADER + "P0-1-0,1,1,9,9,0.5\nP2-1-0,1,1,9,9,0.5\n")
    slices, folds, boxes = results / "slices.csv", results / "seed-0/folds.csv", results / "boxes.csv"
    artifacts.write_csv(SLICES, slices)
    artifacts.write_csv(FOLDS, folds)
    row = ("B1", "P0-1-0", "P0", "L1", "cyst", 1, 1, 9, 8, 0)
    columns = ["box", "slice", "patient", "lesion", "class", "x0", "y0", "x1", "y1", "ignore"]
    artifacts.write_csv(pd.DataFrame([row], columns=columns), boxes)
    arm = results / "seed-0/detect/other/0"
    files = json.dumps({"other": str(tmp_path / "found-{seed}.csv")})
    shared = {"folds": folds, "out_dir": arm}
    params = {"classes": ["cyst"], "pixels": "slice", "side": 64}
    done = run("import_detections", params, slices=slices, seed=0, arm="other", train_folds=["0", "1"], files=files,
               **shared)  # fmt: skip
    assert done.returncode == 0, done.stderr
    labelled = {
        name: [f"{fold}={arm}/train-{fold}/{name}" for fold in "01"] for name in ("detections.csv", "train_set.csv")
    }
    scoring = {"classes": ["cyst"], "iou": [0.5], "false_positives": 1}
    done = run("score_detector", scoring, boxes=boxes, detections=labelled["detections.csv"],
               train_sets=labelled["train_set.csv"], **shared)  # fmt: skip
    assert done.returncode == 0, done.stderr
    predictions = artifacts.read_csv(arm / "train-1/predictions.csv")
    cells = predictions[["slice", "boxes", "outcomes_0.5"]].to_numpy().tolist()
    assert cells == [
        ["P0-1-0", 1, "[0]"],
        ["P1-1-0", 0, "[]"],
    ]
    assert artifacts.read_csv(arm / "train-1/matches.csv")["box"].tolist() == ["B1"]
    out = results / "lineage.json"
    runs = model_lists.written(("other", "0", 0, fold) for fold in "01")
    done = run("audit_lineage", None, results=results, units=slices, unit="slice", stage="detect",
               folds=f"0={folds}", runs=runs, out=out, log=results / "log")  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = [f"seed-0/detect/other/0/train-{fold}" for fold in "01"]
    assert json.loads(out.read_text())["training unknown"] == names
    assert f"WARNING [audit_lineage] training unknown, so no test patient can be excluded: {names[0]}" in done.stderr
    assert json.loads((arm / "train-0/model.json").read_text())["training"] == lineage.UNKNOWN


def test_predictions_of_another_tool_for_training_slices_are_still_found_by_the_audit():
    known = lineage.cohort(SLICES, FOLDS, 0, "slice")
    predictions = FOLDS.assign(boxes=0)
    model = lineage.Model("detect", "other", "0", 0, "1", imported_detections.no_training(), predictions)
    leaks = lineage.model_leaks(model, known, [])
    assert leaks == [f"{model.name}: slice {name} is predicted but is no test slice" for name in ("P2-1-0", "P3-1-0")]
