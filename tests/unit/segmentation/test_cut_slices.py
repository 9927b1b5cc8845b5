"""From case tables to slices, through the scripts: what each row of a small cohort gives is known."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from PIL import Image
from tests.helpers import forked

from synthaug.files import artifacts

SCRIPTS = Path(__file__).parents[3] / "scripts"
CLASSES = ["cyst", "tumour"]
SHAPE = (12, 64, 48)
BOX = np.zeros(SHAPE[1:], bool)
BOX[10:20, 10:20] = True
LEFT = (64 - 48) // 2  # where a slice begins in its square


def volume(path, values):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.5, 0.5, 2))
    sitk.WriteImage(image, str(path))


def noise(seed, shape=SHAPE):
    return np.random.default_rng(seed).uniform(0, 100, shape).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    """P1: a volume with a mask of two labels on slices 3 to 6. P2: two pictures. P3: a volume without any lesion."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[3:6, BOX] = 1
    mask[5:7, 40:50, 20:30] = 2
    first = noise(1)
    first[2] = 0  # blank
    volume(tmp_path / "v1.nii.gz", first)
    volume(tmp_path / "m1.nii.gz", mask)
    volume(tmp_path / "v3.nii.gz", noise(3))
    for number in (1, 2):
        Image.fromarray(noise(number, SHAPE[1:]).astype(np.uint8)).save(tmp_path / f"p{number}.png")
    return tmp_path


ROWS = [
    {"lesion": "A", "patient": "P1", "class": "cyst", "image": "v1.nii.gz", "mask": "m1.nii.gz", "label": "1"},
    {"lesion": "B", "patient": "P1", "class": "tumour", "image": "v1.nii.gz", "mask": "m1.nii.gz", "label": "2"},
    {"lesion": "C", "patient": "P2", "class": "cyst", "image": "p1.png", "polygon": "10,10 19,10 19,19 10,19"},
    {"lesion": "D", "patient": "P2", "class": "cyst", "image": "./p1.png", "polygon": "15,10 29,10 29,19 15,19"},
    {"lesion": "E", "patient": "P2", "image": "p2.png"},
    {"lesion": "F", "patient": "P3", "image": "v3.nii.gz", "set": "extra"},
]


def run(folder, rows=None, **settings):
    table = pd.DataFrame([{"site": "s" + row["patient"], **row} for row in rows or ROWS]).fillna("")
    table.to_csv(folder / "table.csv", index=False)
    command = [sys.executable, str(SCRIPTS / "check_cases.py"), "--table", str(folder / "table.csv")]
    command += ["--params", json.dumps({"classes": CLASSES, "of_slices": True}), "--out", str(folder / "cases.csv")]
    result = forked.run(command)
    if result.returncode:
        return result
    values = {"classes": CLASSES, "side": 64, "intensity": {"mode": "window", "low": 0, "high": 100},
              "empty_slices": 2, "precedence": None} | settings  # fmt: skip
    command = [sys.executable, str(SCRIPTS / "cut_slices.py"), "--cases", str(folder / "cases.csv")]
    command += ["--table", str(folder / "table.csv"), "--params", json.dumps(values)]
    for name in ("slices.csv", "images.npy", "labels.npy"):
        command += [f"--{name.split('.')[0]}", str(folder / name)]
    return forked.run(command)


def made(folder):
    images, labels = (artifacts.read_array(folder / f"{name}.npy") for name in ("images", "labels"))
    return artifacts.read_csv(folder / "slices.csv"), images, labels


def test_every_slice_of_the_cohort(folder):
    assert run(folder).returncode == 0
    table, images, labels = made(folder)
    assert table["slice"].tolist() == [
        "P1-1-01", "P1-1-03", "P1-1-04", "P1-1-05", "P1-1-06", "P1-1-10", "P2-2-0", "P2-3-0", "P3-4-03", "P3-4-09",
    ]  # fmt: skip
    known = table.set_index("slice")
    assert known["cyst_px"].tolist() == [0, 100, 100, 100, 0, 0, 200, 0, 0, 0]
    assert known["tumour_px"].tolist() == [0, 0, 0, 100, 100, 0, 0, 0, 0, 0]
    assert known["set"].tolist() == ["main"] * 8 + ["extra"] * 2
    assert known["site"].tolist() == ["sP1"] * 6 + ["sP2"] * 2 + ["sP3"] * 2
    assert known.loc["P1-1-05", ["patient", "volume", "index", "rows", "columns"]].tolist() == ["P1", 1, 5, 64, 48]
    assert known.loc["P1-1-05", "pixel_mm"] == 0.5
    assert np.isnan(known.loc["P2-2-0", "pixel_mm"])
    assert images.dtype == labels.dtype == np.uint8
    assert images.shape == labels.shape == (10, 64, 64)
    expected = np.zeros((64, 64), np.uint8)
    expected[:, LEFT : LEFT + 48][BOX] = 1
    expected[40:50, LEFT + 20 : LEFT + 30] = 2
    np.testing.assert_array_equal(labels[3], expected)
    np.testing.assert_array_equal(images[3][:, LEFT : LEFT + 48], np.rint(noise(1)[5] * 2.55))


def test_it_repeats_byte_by_byte(folder):
    contents = []
    for _ in range(2):
        assert run(folder).returncode == 0
        contents.append([(folder / name).read_bytes() for name in ("slices.csv", "images.npy", "labels.npy")])
    assert contents[0] == contents[1]


def test_no_further_slices_are_asked_for(folder):
    assert run(folder, empty_slices=0).returncode == 0
    assert made(folder)[0]["slice"].tolist() == [f"P1-1-0{n}" for n in (3, 4, 5, 6)] + ["P2-2-0", "P2-3-0"]


def test_a_polygon_says_nothing_of_other_slices(folder):
    outline = {"class": "cyst", "polygon": "10,10 19,10 19,19 10,19", "image": "v3.nii.gz", "patient": "P3"}
    rows = [
        {"lesion": "A", "slice": "4", **outline},
        {"lesion": "B", "slice": "7", "patient": "P3", "image": "v3.nii.gz"},
    ]
    assert run(folder, rows).returncode == 0
    assert made(folder)[0][["slice", "cyst_px"]].to_numpy().tolist() == [["P3-1-04", 100], ["P3-1-07", 0]]


def test_a_label_that_no_row_names_is_warned_of(folder):
    result = run(folder, ROWS[:1])
    assert result.returncode == 0
    assert "m1.nii.gz: no row names the label 2: taken as nothing there" in result.stderr
    assert made(folder)[0]["tumour_px"].sum() == 0


def test_a_slice_that_would_lose_its_lesion_is_left_out(folder):
    mask = np.zeros(SHAPE, np.uint8)
    mask[3, 8, 8] = 1  # in the centre of no larger pixel
    mask[4:6, 8:12, 8:12] = 1
    volume(folder / "m1.nii.gz", mask)
    result = run(folder, ROWS[:1], side=16)
    assert result.returncode == 0
    assert "slice P1-1-03 is left out: nothing of the 1 px of cyst is left where it is reduced" in result.stderr
    assert made(folder)[0].query("cyst_px > 0")["slice"].tolist() == ["P1-1-04", "P1-1-05"]
    assert "P1-1-03" not in made(folder)[0]["slice"].tolist()
    mask[4:] = 0
    volume(folder / "m1.nii.gz", mask)
    result = run(folder, ROWS[:1], side=16, empty_slices=0)
    assert "slices: expected at least one, found none that keeps its lesions when reduced" in result.stderr


def without(name, **cells):
    return [{**row, **cells} if row["lesion"] == name else row for row in ROWS]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (without("A", image="none.nii.gz"), "none.nii.gz: expected a file or folder, found nothing"),
        (without("A", mask="m2.nii.gz"), "m2.nii.gz: expected a file or folder, found nothing"),
        (without("A", mask="p1.png"), "p1.png: mask and image do not match: expected a volume, found a 2-D picture"),
        (without("C", mask="m1.nii.gz", polygon="", label="1"), "mask and image do not match: expected a 2-D picture"),
        (without("C", mask="small.png", polygon=""), "mask and image do not match: expected size (1, 64, 48)"),
        (without("A", **{"class": "abscess"}), "class: expected one of cyst, tumour, found 'abscess'"),
        (without("A", label="3"), "label: expected one of 1, 2, the labels of m1.nii.gz, found 3; correct it"),
        (without("D", **{"class": "tumour"}), "found 50 px in both"),
        (without("E", image="p1.png"), "lesion E: expected nothing on slice 0, found cyst drawn there by another row"),
        (without("E", image="flat.png"), "flat.png: expected an image with contrast, found only the value 7"),
    ],
)
def test_what_cannot_be_is_one_line(folder, rows, message):
    Image.fromarray(np.full(SHAPE[1:], 7, np.uint8)).save(folder / "flat.png")
    Image.fromarray(np.ones((32, 32), np.uint8)).save(folder / "small.png")
    result = run(folder, rows)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr.split("ERROR")[-1]
    assert not (folder / "slices.csv").exists()
