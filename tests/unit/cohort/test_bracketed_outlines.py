"""Polygons and boxes in brackets: the points that other parsers read, or a refusal."""

import ast
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthaug.cohort import annotations, bracketed_outlines
from synthaug.detection import case_boxes
from synthaug.errors import InputError

ROW = {"mask": "", "label": "", "slice": "", "polygon": "", "box": ""}
PROPERTY = settings(deadline=None, max_examples=60, derandomize=True)
HEXAGON = [(20.5, 10.0), (40, 12.5), (50, 30), (41.5, 48), (22, 45), (12, 28.5)]
SQUARE = [(1, 1), (9, 1), (9, 9), (1, 9)]


def parts(cell, kind="polygon"):
    return annotations.outline_parts({**ROW, kind: cell})


def flat(points):
    return [number for point in points for number in point]


@PROPERTY
@given(
    radius=st.floats(2, 500),
    count=st.integers(3, 40),
    form=st.sampled_from(["points", "tuples", "flat", "ring", "coco"]),
    written=st.sampled_from([json.dumps, repr, lambda value: str(value).replace(" ", "")]),
)
def test_one_polygon_in_any_form_has_the_points_that_python_reads(radius, count, form, written):
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    points = np.column_stack([radius * np.cos(angles), radius * np.sin(angles)]).tolist()
    value = {
        "points": points, "tuples": [tuple(point) for point in points], "flat": flat(points), "ring": [points],
        "coco": [flat(points)],
    }[form]  # fmt: skip
    cell = written(value)
    (found,) = parts(cell)
    np.testing.assert_array_equal(found, np.reshape(ast.literal_eval(cell), (-1, 2)))


@pytest.mark.parametrize(
    "cell",
    [
        json.dumps([flat(HEXAGON), flat(SQUARE)]),
        f"{json.dumps(HEXAGON)}; {json.dumps(SQUARE)}",
        f"{json.dumps(flat(HEXAGON))};{SQUARE}",
    ],
)
def test_several_polygons(cell):
    found = parts(cell)
    assert len(found) == 2
    np.testing.assert_array_equal(found[0], HEXAGON)
    np.testing.assert_array_equal(found[1], SQUARE)


@pytest.mark.parametrize("cell", ["[1, 2, 30.5, 40]", "(1,2,30.5,40)", "[[1, 2], [30.5, 40]]", "[[1,2,30.5,40]]",
                                  "[ 1. , +2 , 3.05e1 , 40 ]"])  # fmt: skip
def test_boxes(cell):
    (found,) = parts(cell, "box")
    np.testing.assert_array_equal(found, [[1, 2], [30.5, 40]])


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("polygon", "[1, 2, 30, 40]"),  # two points
        ("polygon", "[[1, 2], [3, 4]]"),
        ("polygon", "[[1,5, 2,5], [9,5, 2,5], [9,5, 8,5]]"),  # decimal commas
        ("polygon", "[1, 2, 3, 4, 5, 6, 7]"),
        ("polygon", "[[1, 2, 3], [9, 2, 3], [9, 9, 3]]"),  # three dimensions
        ("polygon", f"[{json.dumps(HEXAGON)}, {json.dumps(SQUARE)}]"),  # the second may be a hole
        ("polygon", f"[{json.dumps(SQUARE)}, 5]"),
        ("polygon", json.dumps([*SQUARE, 5])),
        ("polygon", "[[1 2] [9 2] [9 9]]"),
        ("polygon", "[[1, 2], [9, 2], [9, 9]"),
        ("polygon", "[[1, 2], [9, 2], [9, 9]]]"),
        ("polygon", "[[1, 2], [9, 2], [9, NaN]]"),
        ("polygon", "[[1, 2], [9, 2], [9, 1e999]]"),
        ("polygon", "[[1, 2], [9, 2], [9, true]]"),
        ("polygon", "[]"),
        ("polygon", "[" * 100000),
        ("polygon", "[[1, 1], [5, 5], [9, 9]]"),  # a line
        ("box", "[1, 2, 3]"),
        ("box", "[[1, 2, 3, 4], [1, 2, 3, 5]]"),  # two boxes
        ("box", "[30, 40, 10, 10]"),
    ],
)
def test_what_is_refused(kind, cell):
    with pytest.raises(InputError, match=rf"^{kind}: expected .*found .*; (correct the cell|draw it again)$"):
        parts(cell, kind)


def test_decimal_commas_in_one_list_are_a_zigzag():
    """Read as pairs, the whole numbers and the decimals alternate, as they do without brackets."""
    cell = "[10,5, 20,25, 60,75, 22,5, 62,25, 70,75, 12,5, 71,25]"
    for each in (cell, cell.strip("[]")):
        with pytest.raises(InputError, match="a zigzag that crosses itself"):
            annotations.drawn({**ROW, "class": "a", "polygon": each}, type("G", (), {"size": (1, 90, 90)}))


@pytest.mark.parametrize("cell", ["1,2 3,4 5,6", "10,20,30,40", "", "x,[1,2]"])
def test_other_cells_stay_as_they_are(cell):
    assert bracketed_outlines.plain("polygon", cell) == cell


def test_a_table_of_boxes_with_width_and_height_in_brackets_is_found_out(tmp_path):
    rows = [f'{n},p{n},a,i.png,"[{40 + n}, 50, 20, 10]"' for n in range(4)]
    (tmp_path / "cases.csv").write_text("\n".join(["lesion,patient,class,image,box", *rows]) + "\n")
    from PIL import Image

    Image.fromarray(np.zeros((80, 80), np.uint8)).save(tmp_path / "i.png")
    with pytest.raises(InputError, match="the other way round in 4 of 4, and all in their images as"):
        case_boxes.check(tmp_path / "cases.csv")
