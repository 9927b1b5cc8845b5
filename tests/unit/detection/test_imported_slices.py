"""Imported slices with boxes are taken over as they are; every fault planted in a folder is named, all at once."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.helpers import forked

from synthaug.detection import imported_slices
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.generators import imported_files

SIDE = 16
CLASSES = ["a", "b"]
SLICES = pd.DataFrame({"slice": [f"S{k}" for k in range(8)], "patient": [f"P{k}" for k in range(8)]})
FOLDS = SLICES.assign(fold=[0, 0, 1, 1, 1, 1, 1, 1])
WANTED = {"1": imported_slices.Wanted(3, frozenset(["P7"]))}
ROWS = ["0.png,a,1,2,5.5,9", "2.png,b,-3,4,20,8", "0.png,b,0,0,16,16", "3.png,a,1,1,2,2"]
HEADER = "image,class,x0,y0,x1,y1"


def noise(count, key=0):
    return np.random.default_rng(key).integers(0, 256, (count, SIDE, SIDE)).astype(np.uint8)


@pytest.fixture
def cohort():
    return imported_files.Cohort(SLICES, "slice", FOLDS, noise(8, 1), seed=0)


@pytest.fixture
def folder(tmp_path):
    """Four clean images, the second without a box, of a generator that has seen P3."""
    at = tmp_path / "made"
    at.mkdir()
    for number, image in enumerate(noise(4)):
        Image.fromarray(image).save(at / f"{number}.png")
    (at / "boxes.csv").write_text("\n".join([HEADER, *ROWS]) + "\n")
    (at / "patients.csv").write_text("patient\nP3\n")
    return at


def problems(folder, cohort):
    with pytest.raises(InputError) as error:
        imported_slices.check({"1": folder}, cohort, WANTED, CLASSES, "ldm")
    first, *lines = str(error.value).split("\n  ")
    assert first == f"imported images of ldm: {len(lines)} problem" + "s" * (len(lines) > 1)
    return lines


@pytest.mark.parametrize("array", [False, True])
def test_the_first_slices_have_their_boxes(folder, cohort, array):
    if array:
        for path in folder.glob("*.png"):
            path.unlink()
        np.save(folder / "images.npy", noise(4))
        (folder / "boxes.csv").write_text("\n".join([HEADER, *ROWS]).replace(".png", "") + "\n")
    source = imported_slices.check({"1": folder}, cohort, WANTED, CLASSES, "ldm")["1"]
    np.testing.assert_array_equal(source.images, noise(4)[:3])
    assert source.boxes.to_dict("split")["data"] == [
        [0, "a", 1, 2, 5.5, 9], [0, "b", 0, 0, 16, 16], [2, "b", 0, 4, 16, 8],
    ]  # fmt: skip
    assert source.patients == ["P3"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("9.png,a,1,1,2,2", "an image of the folder, found image 9.png, class a, x0 1, y0 1, x1 2, y1 2"),
        ("1.png,c,1,1,2,2", "one of the classes a, b, found image 1.png, class c, x0 1, y0 1, x1 2, y1 2"),
        ("1.png,a,1,1,2,two", "four finite numbers x0, y0, x1 and y1, found image 1.png, class a, x0 1, y0 1"),
        ("1.png,a,1,1,nan,2", "four finite numbers x0, y0, x1 and y1, found"),
        ("1.png,a,5,1,2,2", "x0 below x1 and y0 below y1, found image 1.png, class a, x0 5, y0 1"),
        ("1.png,a,2,1,2,2", "x0 below x1 and y0 below y1, found"),
        ("1.png,a,16,1,19,2", "a box on an image of 16 px, found image 1.png, class a, x0 16, y0 1, x1 19, y1 2"),
    ],
)
def test_each_wrong_box_is_one_line(folder, cohort, row, expected):
    (folder / "boxes.csv").write_text("\n".join([HEADER, *ROWS, row, row]) + "\n")
    (line,) = problems(folder, cohort)
    assert line.startswith(f"{folder}/boxes.csv, row 6: expected {expected}")
    assert ", likewise in 1 further row;" in line


def test_fractions_of_the_side_are_one_line(folder, cohort):
    (folder / "boxes.csv").write_text(f"{HEADER}\n0.png,a,0.1,0.2,0.5,0.9\n1.png,a,0,0,1,1\n")
    (line,) = problems(folder, cohort)
    assert "expected boxes in pixels" in line
    assert line.endswith("; multiply fractions by 16")


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda at: (at / "boxes.csv").unlink(), "boxes.csv: expected a table of boxes, found no file"),
        (lambda at: (at / "boxes.csv").write_text(f"{HEADER}\n"), "boxes: expected a row for each, found the header"),
        (lambda at: (at / "boxes.csv").write_text("image,x0\n0.png,1\n"), "boxes.csv, row 1: expected the columns"),
        (lambda at: Image.new("RGB", (SIDE, SIDE)).save(at / "1.png"), "found 3 color channels in 1.png"),
        (lambda at: [(at / f"{k}.png").unlink() for k in (1, 3)], "expected at least 3 images, found 2; make more"),
        (lambda at: (at / "patients.csv").write_text("patient\nP0\n"), "patient P0: expected no patient that is"),
        (
            lambda at: (at / "patients.csv").write_text("patient\nP7\n"),
            "row 2: patient P7: expected nobody of the validation, found one, drawn for seed 0; train the generator",
        ),
    ],
)
def test_each_other_fault_is_named(folder, cohort, damage, expected):
    damage(folder)
    assert expected in problems(folder, cohort)[0]


def test_the_script_writes_what_sampling_writes(folder, cohort, tmp_path):
    """Six slices are trained on, one of them of a patient who validates: the largest size, 60 %, takes three."""
    artifacts.write_csv(SLICES, tmp_path / "slices.csv")
    artifacts.write_csv(FOLDS.assign(validation=[0] * 7 + [1]), tmp_path / "folds.csv")
    artifacts.write_array(cohort.images, tmp_path / "images.npy")
    boxes = SLICES.assign(box=SLICES["slice"], ignore=0, x0=1, y0=1, x1=5, y1=5, lesion="", **{"class": "a"})
    artifacts.write_csv(boxes, tmp_path / "boxes.csv")
    params = {"classes": CLASSES, "synthetic": 60, "validation": 0.2, "master_seed": 1}
    command = [sys.executable, str(Path(__file__).parents[3] / "scripts/import_slices_detection.py")]
    for name in ("units=slices.csv", "images=images.npy", "boxes=boxes.csv", "folds=folds.csv"):
        option, file = name.split("=")
        command += [f"--{option}", str(tmp_path / file)]
    command += ["--seed", "0", "--generator", "ldm", "--train-folds", "1", "--params", json.dumps(params)]
    command += ["--folders", json.dumps({"ldm": str(folder)})]
    command += ["--synthetic-dir", str(tmp_path / "out"), "--generator-dir", str(tmp_path / "trained")]
    done = forked.run(command)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out/train-1/all"
    assert len(artifacts.read_array(out / "images.npy")) == 3
    index = artifacts.read_csv(out / "index.csv", numbers=("sample", "zoom"))
    assert index[["sample", "slice", "generator", "zoom"]].to_dict("split")["data"] == [
        [place, "", "ldm", 1.0] for place in range(3)
    ]
    assert artifacts.read_csv(out / "boxes.csv")["sample"].tolist() == [0, 0, 2]
    assert artifacts.read_csv(tmp_path / "trained/train-1/all/train_set.csv")["slice"].tolist() == ["S3"]
    assert artifacts.read_json(tmp_path / "trained/train-1/all/model.json")["imported"] is True
