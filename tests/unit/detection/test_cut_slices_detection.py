"""From case tables to slices with boxes, through the scripts: what each row of a small cohort gives is known."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from PIL import Image
from tests.helpers import forked

from synthaug.detection import slice_table
from synthaug.detection.boxes import BOX

SCRIPTS = Path(__file__).parents[3] / "scripts"
CLASSES = ["met", "cyst"]
SHAPE = (12, 64, 48)
LEFT = (64 - 48) // 2  # where a slice begins in its square


def noise(seed, shape=SHAPE):
    return np.random.default_rng(seed).uniform(20, 100, shape).astype(np.float32)


def volume(path, values):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.5, 0.5, 2))
    sitk.WriteImage(image, str(path))


@pytest.fixture
def folder(tmp_path):
    """P1: a volume with a mask of two labels on slices 3 to 6. P2: three pictures. P3: a volume with boxes."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[3:6, 10:20, 12:18] = 1
    mask[5:7, 40:50, 20:30] = 2
    volume(tmp_path / "v1.nii.gz", noise(1))
    volume(tmp_path / "m1.nii.gz", mask)
    volume(tmp_path / "v3.nii.gz", noise(3))
    for number in (1, 2, 3):
        Image.fromarray(noise(number, SHAPE[1:]).astype(np.uint8)).save(tmp_path / f"p{number}.png")
    return tmp_path


V3 = {"image": "v3.nii.gz"}
ROWS = [
    {"lesion": "A", "patient": "P1", "class": "met", "image": "v1.nii.gz", "mask": "m1.nii.gz", "label": "1"},
    {"lesion": "B", "patient": "P1", "class": "cyst", "image": "v1.nii.gz", "mask": "m1.nii.gz", "label": "2"},
    {"lesion": "C", "patient": "P2", "class": "met", "image": "p1.png", "polygon": "10,10 19,10 19,24 10,24"},
    {"lesion": "D", "patient": "P2", "class": "met", "image": "./p1.png", "box": "29.5,10,40,19.25", "ignore": "1"},
    {"lesion": "E", "patient": "P2", "class": "met", "image": "p3.png", "box": "30,11,41,20"},
    {"lesion": "F", "patient": "P2", "image": "p2.png"},
    {"lesion": "G", "patient": "P3", "class": "met", **V3, "slice": "4", "box": "2,2,12,12", "finding": "x"},
    {"lesion": "H", "patient": "P3", "class": "met", **V3, "slice": "5", "box": "3,2,12,12", "finding": "x"},
    {"lesion": "I", "patient": "P3", **V3, "slice": "9"},
]  # fmt: skip


def run(folder, rows=None, **settings):
    table = pd.DataFrame([{"site": "s" + row["patient"], **row} for row in rows or ROWS]).fillna("")
    table.to_csv(folder / "table.csv", index=False)
    command = [sys.executable, str(SCRIPTS / "check_cases_detection.py"), "--table", str(folder / "table.csv")]
    rows = {"classes": CLASSES, "of_slices": True, "without_blank": True}
    command += ["--params", json.dumps(rows), "--out", str(folder / "cases.csv")]
    result = forked.run(command)
    if result.returncode:
        return result
    values = {"classes": CLASSES, "side": 64, "intensity": {"mode": "window", "low": 0, "high": 100},
              "organ": "none", "crop": "none", "empty_slices": 1} | settings  # fmt: skip
    command = [sys.executable, str(SCRIPTS / "cut_slices_detection.py"), "--cases", str(folder / "cases.csv")]
    command += ["--table", str(folder / "table.csv"), "--params", json.dumps(values)]
    command += ["--slices", str(folder / "slices.csv"), "--images", str(folder / "images.npy")]
    return forked.run([*command, "--boxes", str(folder / "boxes.csv")])


def made(folder):
    return slice_table.read(folder / "slices.csv", folder / "boxes.csv", folder / "images.npy")


def test_every_slice_and_box_of_the_cohort(folder):
    assert run(folder).returncode == 0
    slices = made(folder)
    assert slices.table["slice"].tolist() == [
        "P1-1-03", "P1-1-04", "P1-1-05", "P1-1-06", "P1-1-08", "P2-2-0", "P2-3-0", "P2-4-0",
        "P3-5-04", "P3-5-05", "P3-5-09",
    ]  # fmt: skip
    known = slices.table.set_index("slice")
    assert known["boxes"].tolist() == [1, 1, 2, 1, 0, 1, 1, 0, 1, 1, 0]  # without the one to be ignored, on P2-2-0
    assert known["cyst_boxes"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert known.loc["P1-1-05", ["patient", "volume", "index", "rows", "columns"]].tolist() == ["P1", 1, 5, 64, 48]
    assert known.loc["P1-1-05", ["left", "top", "scale_x", "scale_y", "pixel_mm"]].tolist() == [-LEFT, 0, 1, 1, 0.5]
    assert np.isnan(known.loc["P2-2-0", "pixel_mm"])
    assert list(known.columns[-1:]) == ["site"]  # and not what is of a box alone
    assert slices.images.dtype == np.uint8
    np.testing.assert_array_equal(slices.images[2][:, LEFT : LEFT + 48], np.rint(noise(1)[5] * 2.55))
    of = slices.boxes.set_index("box")
    assert of["lesion"].tolist() == ["A", "A", "A", "B", "B", "C", "D", "E", "P3-x", "P3-x"]
    assert of["ignore"].tolist() == [0] * 6 + [1] + [0] * 3
    corners = of[BOX].to_numpy() - [LEFT, 0, LEFT, 0]
    assert corners[0].tolist() == [12, 10, 18, 20]
    assert corners[3].tolist() == [20, 40, 30, 50]
    assert corners[5].tolist() == [10, 10, 20, 25]
    assert corners[6].tolist() == [29.5, 10, 40, 19.25]
    assert (
        slices.boxes["slice"].to_numpy() == np.repeat(known.index, known["boxes"] + (known.index == "P2-2-0"))
    ).all()
    assert (slices.counting.boxes["slice"].to_numpy() == np.repeat(known.index, known["boxes"])).all()


def test_it_repeats_byte_by_byte(folder):
    contents = []
    for _ in range(2):
        assert run(folder, side=32, crop="square", organ="morphology").returncode == 0
        contents.append([(folder / name).read_bytes() for name in ("slices.csv", "images.npy", "boxes.csv")])
    assert contents[0] == contents[1]


@pytest.mark.parametrize("crop", ["none", "square", "stretch"])
@pytest.mark.parametrize("organ", ["none", "morphology"])
def test_the_table_says_where_a_box_came_from(folder, organ, crop):
    """A picture of a bright organ with a brighter lesion in it: the box leads back to it, and lies on it."""
    image = np.zeros((90, 120), np.float32)
    image[20:80, 30:100] = 60
    image[40:52, 50:70] = 250
    Image.fromarray(image.astype(np.uint8)).save(folder / "p4.png")
    row = {"lesion": "L", "patient": "P9", "class": "met", "image": "p4.png", "box": "50,40,70,52"}
    assert (
        run(
            folder, [row], side=128, organ=organ, crop=crop, intensity={"mode": "window", "low": 0, "high": 255}
        ).returncode
        == 0
    )
    slices = made(folder)
    known, box = slices.table.iloc[0], slices.boxes[BOX].to_numpy()[0]
    back = box / np.array([known["scale_x"], known["scale_y"]] * 2) + np.array([known["left"], known["top"]] * 2)
    assert back == pytest.approx([50, 40, 70, 52], abs=1e-3)
    rows, columns = (np.flatnonzero((slices.images[0] > 155).any(axis=axis)) for axis in (1, 0))
    assert [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1] == pytest.approx(box, abs=1)


def test_a_box_that_is_cut_away_takes_its_slice_along(folder):
    """The organ ends at 40 px with a skin of 1 px: of the box, from 36 to 60 px, 3 columns are left."""
    image = np.full((64, 64), 2, np.float32)
    image[10:54, 10:40] = 120
    for number in (4, 5):
        Image.fromarray((image + number).astype(np.uint8)).save(folder / f"p{number}.png")
    rows = [
        {"lesion": "K", "patient": "P9", "class": "met", "image": "p4.png", "box": "20,20,30,30"},
        {"lesion": "L", "patient": "P9", "class": "met", "image": "p5.png", "box": "36,20,60,30"},
    ]
    result = run(folder, rows, organ="morphology")
    assert result.returncode == 0
    message = (
        "slice P9-2-0 is left out: of the box of lesion L (row 3) only 12 % is left by organ: morphology and crop: none"
    )
    assert message in result.stderr
    assert made(folder).table["slice"].tolist() == ["P9-1-0"]
    result = run(folder, rows[1:], organ="morphology")
    assert "slices: expected at least one, found none that keeps its boxes; choose organ: none" in result.stderr
    assert run(folder, rows, organ="none").returncode == 0
    assert len(made(folder).table) == 2


def test_only_the_slices_that_are_cut_are_read(folder, monkeypatch):
    """Whatever organ and crop, but for deepbet: the volume of 12 slices is read three times for three slices."""
    from steps import boxed_slices
    from synthaug.detection import preprocessing
    from synthaug.files import artifacts
    from synthaug.imaging import volumes

    rows = [row for row in ROWS if row["patient"] == "P3"]
    assert run(folder, rows).returncode == 0
    read = []
    original = volumes.Source.slice
    monkeypatch.setattr(volumes.Source, "slice", lambda self, index: read.append(index) or original(self, index))
    monkeypatch.setattr(volumes.Source, "volume", None)
    params = preprocessing.Params(CLASSES, 32, {"mode": "percentile", "low": 1, "high": 99}, "morphology", "square", 0)
    boxed_slices.cut(artifacts.read_csv(folder / "cases.csv"), folder / "table.csv", params)
    assert read == [4, 5, 9]


def changed(name, **cells):
    return [{**row, **cells} if row["lesion"] == name else row for row in ROWS]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (changed("F", image="p1.png"), "expected nothing on slice 0, found met drawn there by another row; delete one"),
        ([*ROWS, {**ROWS[3], "lesion": "Z"}], "found the same pixels and outline as D and Z"),
        ([*ROWS, {**ROWS[3], "lesion": "Z", "image": "copy.png", "box": "5,40,15,50"}],
         "patient P2: expected different slices, found the same pixels in p1.png and copy.png; list the slice once"),
        (changed("D", ignore="maybe"), "row 5: ignore: expected 0, 1 or nothing, found 'maybe'"),
        (changed("G", slice=""), "slice: expected the slice of the box, found an empty cell"),
        (changed("A", label="3"), "label: expected one of 1, 2, the labels of m1.nii.gz, found 3"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line(folder, rows, message):
    (folder / "copy.png").write_bytes((folder / "p1.png").read_bytes())
    result = run(folder, rows)
    assert result.returncode == 1
    assert message in result.stderr
    assert not (folder / "slices.csv").exists()


def test_separate_parts_with_one_label_are_warned_of(folder):
    """Three slices show lesion A in two parts, at 2 px of distance, so its box is that of both; B has a speck."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[3:6, 10:20, 12:18] = mask[3:6, 10:20, 20:26] = 1
    mask[5:7, 40:50, 20:30] = 2
    mask[5, 60, 40] = 2
    volume(folder / "m1.nii.gz", mask)
    result = run(folder, ROWS[:2])
    assert result.returncode == 0
    message = "lesion A (row 2): on 3 slices, such as P1-1-03, separate parts have one box; if they are several lesions"
    assert message in result.stderr
    assert "lesion B" not in result.stderr
    assert made(folder).boxes[BOX].iloc[0].tolist() == [LEFT + 12, 10, LEFT + 26, 20]
