"""Everything that is wrong with a set is told at once, and what the user should know of patients and borders."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from tests.helpers.case_tables import made, mask, picture, script

from synthaug.cohort.formats import found, patient_names


def colour(path, seed):
    """Write a picture with a red mark."""
    picture(path, seed)
    pixels = np.array(Image.open(path).convert("RGB"))
    pixels[5:9, 5:15] = (255, 0, 0)
    Image.fromarray(pixels).save(path)


def test_masks_of_another_size_are_told_together(tmp_path):
    for number in range(1, 6):
        picture(tmp_path / f"set/a/x{number}.png", number)
        mask(tmp_path / f"set/a/x{number}_mask.png", (10, 10, 30, 30))
    for number in (2, 4):
        with Image.open(tmp_path / f"set/a/x{number}_mask.png") as other:
            other.resize((40, 30)).save(tmp_path / f"set/a/x{number}_mask.png")
    colour(tmp_path / "set/a/x1.png", 1)
    colour(tmp_path / "set/a/x2.png", 2)
    (tmp_path / "set/masks").mkdir()
    mask(tmp_path / "set/masks/lost.png", (1, 1, 5, 5))
    done = script(tmp_path / "set", tmp_path / "out", "--patients", "image", "--class", "a")
    assert done.returncode == 1
    head, *lines = done.stderr.strip().splitlines()
    assert head.endswith("set: 5 problems")
    names = ["lost.png", "x2_mask.png", "x4_mask.png", "x1.png", "x2.png"]
    assert all(sum(f"/{name}:" in line for line in lines) == 1 for name in names)
    assert all("expected" in line and "found" in line for line in lines)
    assert not (tmp_path / "out").exists()


def test_many_problems_are_counted(tmp_path):
    folder = tmp_path / "set"
    for number in range(60):
        picture(folder / f"images/{number}.png", number, (20, 20))
        (folder / "labels").mkdir(exist_ok=True)
        (folder / f"labels/{number}.txt").write_text("0 0.5 0.5 9 0.4\n" if number < 57 else "0 0.5 0.5 0.4 0.4\n")
    done = script(folder, tmp_path / "out", "--patients", "image", "--task", "detection")
    lines = done.stderr.strip().splitlines()
    assert lines[0].endswith("57 problems")
    assert len(lines) == 1 + found.MOST + 1
    assert lines[-1].strip() == "and 37 more"


def test_what_the_check_would_refuse_is_told_and_the_table_written(tmp_path):
    """Coloured pictures, and masks of names that nothing is read of before: the rows are there to be deleted."""
    for number in range(6):
        picture(tmp_path / f"set/images/p{number}_0.png", number)
        mask(tmp_path / f"set/drawn/p{number}_0.png", (10, 10, 40, 40))
    for number in (1, 3):
        colour(tmp_path / f"set/images/p{number}_0.png", number)
    Image.new("L", (40, 30), 255).save(tmp_path / "set/drawn/p5_0.png")
    options = ["--image", "images/{patient}_{image}.png", "--mask", "drawn/{patient}_{image}.png", "--class", "cyst"]
    done = script(tmp_path / "set", tmp_path / "out", *options)
    assert done.returncode == 0
    assert "3 problems that check_data would refuse" in done.stderr
    said = [line for line in done.stderr.splitlines() if "row " in line]
    assert [line.split("row ")[1][:1] for line in said] == ["3", "5", "7"]
    assert "found colours in 40 of 4800 px, x 5 to 14 and y 5 to 8" in said[0]
    assert "expected size (1, 60, 80) (z, y, x), found (1, 30, 40)" in said[2]
    assert ".out." not in done.stderr  # the folder it was written in at first
    assert len((tmp_path / "out/cases.csv").read_text().splitlines()) == 7


def test_what_the_check_would_refuse_is_left_out_if_the_user_says_so(tmp_path):
    for number in range(30):
        picture(tmp_path / f"set/{'ab'[number % 2]}/p{number}_0.png", number)
    for number in range(25):
        colour(tmp_path / f"set/{'ab'[number % 2]}/p{number}_0.png", number)
    options = ["--patients", "(p[0-9]+)_", "--incomplete", "skip"]
    done = script(tmp_path / "set", tmp_path / "out", *options)
    assert done.returncode == 0
    assert "25 problems whose rows were left out" in done.stderr
    assert "would refuse" not in done.stderr
    table = pd.read_csv(tmp_path / "out/cases.csv")
    assert sorted(table["patient"]) == [f"p{number}" for number in range(25, 30)]
    lines = (tmp_path / "out/problems.txt").read_text().splitlines()
    assert len(lines) == 25
    assert all(line.startswith("row ") and "found colours in" in line for line in lines)
    for number in range(25, 30):
        colour(tmp_path / f"set/{'ab'[number % 2]}/p{number}_0.png", number)
    done = script(tmp_path / "set", tmp_path / "none", *options)
    assert "expected a row that can be used, found none" in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_missing_rule_for_patients_is_said_before_any_mask_is_read(tmp_path):
    for number in range(4):
        picture(tmp_path / f"set/a/P{number // 2}_{number}.png", number)
        (tmp_path / f"set/a/P{number // 2}_{number}_mask.png").write_bytes(b"not a picture")
    done = script(tmp_path / "set", tmp_path / "out")
    (line,) = done.stderr.strip().splitlines()
    assert "patients: expected a rule for whose each image is, found none (a/P0_0.png); give PATIENTS=" in line
    assert "Names look as if they said it" in line


def test_images_that_no_file_names_are_said(tmp_path):
    coco(tmp_path / "set", [[10, 10, 20, 20]] * 4)
    picture(tmp_path / "set/more.png", 9)
    done = script(tmp_path / "set", tmp_path / "out", "--patients", "image", "--task", "detection")
    assert "1 images are named by no file of annotations and were left out, such as more.png" in done.stderr


def test_files_of_pascal_voc_are_known_as_not_read(tmp_path):
    picture(tmp_path / "set/a.png", 1)
    (tmp_path / "set/a.xml").write_text("<annotation><filename>a.png</filename></annotation>")
    done = script(tmp_path / "set", tmp_path / "out", "--patients", "image", "--task", "detection")
    assert "found XML files, which are not read; export the annotations as COCO or YOLO" in done.stderr


def coco(folder, boxes):
    """Write a COCO file with one image, 80 x 60 px, a box."""
    images, annotations = [], []
    for number, box in enumerate(boxes, start=1):
        picture(folder / f"s{number}.png", number)
        images.append({"id": number, "file_name": f"s{number}.png", "width": 80, "height": 60})
        annotations.append({"id": number, "image_id": number, "category_id": number % 2, "bbox": box})
    content = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "cyst"}, {"id": 0, "name": "mass"}],
    }
    (folder / "a.json").write_text(json.dumps(content))


def test_boxes_most_of_which_lie_beyond_their_image(tmp_path):
    coco(tmp_path / "set", [[10, 10, 20, 20], [70, 10, 30, 20], [60, 10, 30, 20], [10, 50, 20, 30]])
    done = script(tmp_path / "set", tmp_path / "out", "--patients", "image", "--task", "detection")
    assert "2 problems" in done.stderr
    assert "annotation 2 of s2.png: expected a box within 80 x 60 px, found x 70 to 100 and y 10 to 30" in done.stderr
    assert "annotation 4 of s4.png" in done.stderr


def test_boxes_that_are_corners(tmp_path):
    """As x, y, width and height the first and third reach beyond the image."""
    coco(tmp_path / "set", [[30, 10, 60, 40], [5, 5, 20, 20], [20, 20, 70, 45]])
    done = script(tmp_path / "set", tmp_path / "out", "--patients", "image", "--task", "detection")
    assert "found them beyond their images in 2 of 3, and within as x0, y0, x1, y1" in done.stderr


@pytest.mark.parametrize(
    ("paths", "rule", "patients"),
    [
        (["P0012_03.png", "P0012_04.png", "P0013_01.png"], "(P[0-9]+)_", 2),
        (["a/scan_P1_1.png", "a/scan_P1_2.png", "b/scan_P22_1.png"], "(P[0-9]+)_", 2),
        (["0142_20.png", "0142_21.png", "0074_20.png"], "([0-9]+)_", 2),
        (["P1/1.dcm.png", "P1/2.png", "P2/1.png"], "(P[0-9]+)/", 2),
        (["a-12-1.png", "a-12-2.png", "b-7-1.png"], "([0-9]+)-", 2),
        (["x7b_1.png", "x7b_2.png", "y12_1.png"], "([A-Za-z0-9]*[0-9][A-Za-z0-9]*)_", 2),
    ],
)
def test_names_that_hold_a_patient(paths, rule, patients):
    hint = patient_names.hint(paths, {"a", "b"})
    assert (hint.rule, hint.patients) == (rule, patients)
    assert hint.example[1:] == (paths[0], paths[1])


@pytest.mark.parametrize(
    "paths",
    [
        ["benign/benign (1).png", "benign/benign (2).png", "malignant/malignant (1).png"],  # numbers of a class each
        ["img_1.png", "img_2.png", "img_3.png"],
        ["2020_1.png", "2020_2.png"],  # all share it
        ["grade1/a.png", "grade1/b.png", "grade2/c.png"],  # classes
        ["1.png"],
        [],
    ],
)
def test_names_that_hold_none(paths):
    assert patient_names.hint(paths, {"benign", "malignant", "grade1", "grade2"}) is None


def folders(root):
    for place, cls in enumerate(["cyst", "mass"]):
        for number in range(4):
            picture(root / f"{cls}/P00{number // 2 + 12}_{number}.png", 10 * place + number)
    return root


def test_patients_in_names_are_never_passed_over(tmp_path):
    root = folders(tmp_path / "set")
    expected = "if that is a patient, give PATIENTS='(P[0-9]+)_', which finds 2 patients"
    assert expected in script(root, tmp_path / "out", "--format", "folders").stderr  # no rule: refused with the hint
    found = made(root, "--patients", "image")
    assert expected in found.said
    assert "table: set-classification/cases.csv # patients: one an image, as PATIENTS=image said" in text(found)
    assert found.table["patient"].nunique() == 8


def text(found):
    return (found.folder / "config.yaml").read_text()


def test_patients_with_two_classes(tmp_path):
    found = made(folders(tmp_path / "set"), "--patients", "(P[0-9]+)_")
    assert "2 patients have images of two classes or more, such as P0012, cyst and mass" in found.said
    assert "# patients: what PATIENTS='(P[0-9]+)_' finds in the images' paths" in text(found)
    assert "names look as if" not in found.said


def test_padding_is_to_be_decided_where_rois_reach_beyond(tmp_path):
    """With a margin of a quarter, the ROI of a box of 20 px reaches 15 px from its centre."""
    coco(tmp_path / "set", [[40, 20, 20, 20], [0, 20, 20, 20], [62, 20, 18, 18]])
    found = made(tmp_path / "set", "--patients", "image")
    assert "padding: edge # DECIDE: edge, constant or reflect; 2 ROIs reach beyond their image" in text(found)
    assert yaml.safe_load(text(found))["rois"]["padding"] == "edge"
    coco(tmp_path / "inner", [[40, 20, 20, 20]] * 2)
    assert "padding" not in text(made(tmp_path / "inner", "--patients", "image"))
