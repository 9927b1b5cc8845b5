"""Case tables of boxes through the script: what is refused, in one line each, and what is read."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.helpers import forked

from synthaug.detection import case_boxes
from synthaug.errors import InputError
from synthaug.files import artifacts

SCRIPT = Path(__file__).parents[3] / "scripts" / "check_cases_detection.py"
WIDTH, HEIGHT = 120, 100
# Of pictures p0 to p5, one each.
CORNERS = np.array(
    [[60, 40, 80, 70], [70, 50, 74, 58], [40, 60, 70, 90], [80, 20, 110, 44], [62, 52, 90, 60], [50, 44, 66, 64]]
)


@pytest.fixture
def folder(tmp_path):
    for number in range(8):
        values = np.random.default_rng(number).integers(0, 255, (HEIGHT, WIDTH), dtype=np.uint8)
        Image.fromarray(values).save(tmp_path / f"p{number}.png")
    Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(tmp_path / "black.png")
    return tmp_path


def table(boxes, **more):
    """Return a case table of four columns for the corners: a row a picture, and two of pictures without lesion."""
    rows = [[f"P{n // 2}", "met", f"p{n}.png", *(f"{value:g}" for value in box)] for n, box in enumerate(boxes)]
    rows += [[f"P{n}", "", f"p{n}.png", "", "", "", ""] for n in (6, 7)]
    made = pd.DataFrame(rows, columns=["patient", "class", "image", "x0", "y0", "x1", "y1"], dtype=str)
    return made.assign(**{name: values + [""] * (len(made) - len(values)) for name, values in more.items()})


def run(folder, made):
    made.to_csv(folder / "table.csv", index=False)
    command = [sys.executable, str(SCRIPT), "--table", str(folder / "table.csv"), "--out", str(folder / "cases.csv")]
    return forked.run(
        [*command, "--params", json.dumps({"classes": ["met"], "of_slices": True, "without_blank": True})]
    )


def refused(folder, made):
    """Return the one line of the message, without the hint at the log."""
    result = run(folder, made)
    assert result.returncode == 1
    assert not (folder / "cases.csv").exists()
    return result.stderr.strip()


def test_corners_in_columns_are_read(folder):
    assert run(folder, table(CORNERS)).returncode == 0
    cases = artifacts.read_csv(folder / "cases.csv")
    assert cases["lesion"].tolist() == [f"row{number}" for number in range(2, 10)]
    assert (cases["class"] == "met").sum() == 6
    assert cases["diameter_px"].iloc[0] == pytest.approx(30, abs=2)
    assert "x0" not in cases


def test_the_same_boxes_in_one_column(folder):
    made = table(CORNERS)
    box = made[["x0", "y0", "x1", "y1"]].agg(",".join, axis=1).where(made["x0"] != "", "")
    made = made.drop(columns=["x0", "y0", "x1", "y1"]).assign(box=box, lesion=[f"row{n}" for n in range(2, 10)])
    assert run(folder, table(CORNERS)).returncode == 0
    first = (folder / "cases.csv").read_bytes()
    assert run(folder, made).returncode == 0
    assert (folder / "cases.csv").read_bytes() == first


def test_a_table_of_one_column_still_needs_its_lesions(folder):
    made = table(CORNERS).drop(columns=["x0", "y0", "x1", "y1"]).assign(box="1,2,30,40")
    assert "missing: lesion" in refused(folder, made)


def test_black_slices_without_lesion_are_left_out(folder):
    made = table(CORNERS)
    made.loc[6, "image"] = "black.png"
    result = run(folder, made)
    assert result.returncode == 0
    assert "slices without lesion that have a single value are left out: 1, rows 8" in result.stderr
    assert "row8" not in artifacts.read_csv(folder / "cases.csv")["lesion"].tolist()
    made.loc[0, "image"] = "black.png"
    assert "expected an image with contrast, found only the value 0" in refused_again(folder, made)


def refused_again(folder, made):
    (folder / "cases.csv").unlink()
    return refused(folder, made)


def changed(row, **cells):
    made = table(CORNERS)
    for name, value in cells.items():
        made.loc[row, name] = value
    return made


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (changed(1, x0="74", x1="70"), "row 3, lesion row3: box: expected \"x0,y0,x1,y1\" with x0 < x1 and y0 < y1"),
        (changed(1, x0="74", y0="58", x1="70", y1="50"), "row 3, lesion row3: box: expected \"x0,y0,x1,y1\" with x0"),
        (changed(1, x1="70"), "with x0 < x1 and y0 < y1 in pixels, found '70,50,70,58'; correct the cell"),
        (changed(2, x0="150", x1="170"), "row 4, lesion row4: box: expected x from 0 to 119 and y from 0 to 99, found"),
        (changed(2, y0="-30"), "found x from 40 to 70 and y from -30 to 90; give pixels of this image, not mm"),
        (changed(3, x0="0.2", y0="0.3", x1="0.6", y1="0.5"), "row 5, lesion row5: box: expected a lesion on slice 0"),
        (changed(0, y1=""), "found '60,40,80,'; correct the cell"),
        (table(CORNERS, ignore=["0", "yes"]), "row 3: ignore: expected 0, 1 or nothing, found 'yes'; correct the cell"),
        (pd.concat([table(CORNERS)] * 2).iloc[:9], "lesions: expected different ones, found the same pixels"),
        (changed(7, image="p6.png", patient="P6"), "found the same pixels and outline as row8 and row9 (rows 8, 9)"),
    ],
)  # fmt: skip
def test_wrong_rows_are_one_line(folder, made, message):
    found = refused(folder, made)
    assert message in found
    assert found.count("\n") <= 2  # where the table has two faults at once, each has a line


def as_sizes(boxes, centred):
    size = boxes[:, 2:] - boxes[:, :2]
    return np.hstack([boxes[:, :2] + size / 2 if centred else boxes[:, :2], size])


FRACTIONS = np.array([WIDTH, HEIGHT] * 2)
FORMS = {
    "fractions": (CORNERS / FRACTIONS, "found only numbers from 0 to 1 in all 6: fractions of the image; multiply"),
    "yolo": (as_sizes(CORNERS, True) / FRACTIONS, "fractions of the image, as centre, width and height; multiply"),
    "centres": (as_sizes(CORNERS, True), "6 of 6, and all in their images as centre, width and height; give corners"),
    "coco": (as_sizes(CORNERS, False), "in their images as upper left corner, width and height; give corners, in px"),
}


@pytest.mark.parametrize("form", FORMS)
def test_another_form_of_the_whole_table_is_named(folder, form):
    boxes, message = FORMS[form]
    if form == "coco":
        boxes = np.vstack([boxes, [[100, 80, 18, 18]]])  # as a centre, it would reach beyond the picture
        boxes = np.delete(boxes, 5, axis=0)
        boxes[0] = [100, 10, 19, 20]
        boxes[1] = [2, 90, 10, 9]
    found = refused(folder, table(boxes))
    assert message in found
    assert found.count("\n") == 0


def test_corners_exchanged_in_every_box_are_no_sizes(folder):
    """Right edges that are taken as centres reach beyond the picture, so each row is named."""
    found = refused(folder, table(CORNERS[:, [2, 3, 0, 1]]))
    assert found.count("with x0 < x1 and y0 < y1 in pixels") == 6


def test_boxes_of_small_lesions_are_no_fractions(folder):
    made = table(np.vstack([CORNERS[:5], [[0, 0, 1, 12]]]))
    made.to_csv(folder / "table.csv", index=False)
    case_boxes.check(folder / "table.csv")
    made.loc[5, "ignore"] = "2"
    made.to_csv(folder / "table.csv", index=False)
    with pytest.raises(InputError, match="row 7: ignore"):
        case_boxes.check(folder / "table.csv")
