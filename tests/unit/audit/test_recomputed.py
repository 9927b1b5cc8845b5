"""A table or an array that differs from what was computed again is named by its row; rounding is no difference."""

import numpy as np
import pandas as pd
import pytest

from synthaug.audit import recomputed

TABLE = pd.DataFrame({"lesion": ["01", "02", "03"], "p": [0.1, 0.2, np.nan], "note": ["a", "", "c"]})


def found(tmp_path, text, expected=TABLE, tolerance=0.0):
    (tmp_path / "t.csv").write_text(text)
    return recomputed.table(tmp_path, "t.csv", expected, "its source", tolerance=tolerance)


TEXT = "lesion,p,note\n01,0.1,a\n02,0.2,\n03,,c\n"


def test_the_same_table_is_no_problem(tmp_path):
    assert found(tmp_path, TEXT) == recomputed.Finding("t.csv")
    assert found(tmp_path, TEXT, tolerance=1e-9) == recomputed.Finding("t.csv")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (TEXT.replace("02,0.2", "02,0.3"),
         "t.csv, row 3: expected, from its source, p 0.2, found p 0.3 (the row of lesion 02, p 0.3); run again"),
        (TEXT.replace("01,", "1,"), "t.csv, row 2: expected, from its source, lesion 01, found lesion 1 (the row of "
         "lesion 1, p 0.1, note a); run again"),
        (TEXT + "04,0.5,\n", "t.csv, row 5: expected, from its source, no such row, found lesion 04, p 0.5; run again"),
        (TEXT.replace("03,,c\n", ""), "t.csv, row 4: expected, from its source, lesion 03, note c, found no such row; "
         "run again"),
        (TEXT.replace("02,0.2,\n", ""), "t.csv, row 3: expected, from its source, lesion 02, p 0.2, note empty, "
         "found lesion 03, p empty, note c (the row of lesion 03, note c), and 1 further row; run again"),
        (TEXT.replace("03,,", "03,0.0,"), "t.csv, row 4: expected, from its source, p empty, found p 0.0 (the row "
         "of lesion 03, p 0.0, note c); run again"),
        (TEXT.replace("note", "notes"), "t.csv: expected the columns lesion, p, note, found lesion, p, notes; "
         "run again"),
    ],
)  # fmt: skip
def test_the_first_row_that_differs_is_named(tmp_path, text, line):
    assert found(tmp_path, text).problem == line
    assert found(tmp_path, text, tolerance=1e-9).problem == line


def test_rounding_is_no_difference_but_a_digit_is(tmp_path):
    text = TEXT.replace("0.2", "0.2000000000001")
    assert found(tmp_path, text, tolerance=1e-9).problem is None
    assert found(tmp_path, text).problem
    assert found(tmp_path, TEXT.replace("0.2", "0.20001"), tolerance=1e-9).problem


def images(found, levels=1, parts=2):
    random = np.random.default_rng(3)
    made = random.integers(20, 230, (6, 4, 4), dtype=np.uint8)
    split = np.split(made, parts)
    return recomputed.images("i.npy", iter(split), found(made.copy()), "image {}".format, "its map", levels)


def exchanged(array, *rows):
    array[list(rows)] = array[list(reversed(rows))]
    return array


def test_images_that_differ_are_named_by_their_rows():
    assert images(lambda array: array).problem is None
    assert images(lambda array: array + np.uint8(1)).problem is None
    line = images(lambda array: array + np.uint8(2)).problem
    assert line.startswith(
        "i.npy, row 0 (image 0): expected the image of its map, found another one, up to 2 gray levels"
    )
    assert "likewise row 1, 2, 3, 4, 5; run again" in line
    assert "row 1 (image 1)" in images(lambda array: exchanged(array, 1, 4)).problem
    assert "likewise row 4;" in images(lambda array: exchanged(array, 1, 4)).problem
    assert images(lambda array: array + np.uint8(2), levels=2).problem is None


def test_one_changed_pixel_and_missing_images_are_found():
    def dot(array):
        array[5, 3, 3] ^= 8
        return array

    assert "row 5 (image 5)" in images(dot).problem
    assert (
        images(lambda array: array[:5]).problem
        == "i.npy, from row 3: expected uint8 (3, 4, 4), found uint8 (2, 4, 4); run again"
    )
    assert images(lambda array: array[:3]).problem
    assert "expected 6 images, found 12" in images(lambda array: np.concatenate([array, array])).problem
    assert images(lambda array: array.astype(float)).problem


def test_numbers_of_a_network_may_differ_by_rounding():
    right = np.array([[100.0, 2.0], [3.0, 4.0]], np.float32)
    for change, problem in ((0.005, None), (0.02, "f.npy, row 1 (lesion 1): expected the values of w, found others, ")):
        made = right.copy()
        made[1, 0] += change
        line = recomputed.arrays("f.npy", right, made, "lesion {}".format, "w").problem
        assert line is problem or line.startswith(problem)
    made[1, 0] = np.nan
    assert recomputed.arrays("f.npy", right, made, "lesion {}".format, "w").problem
    assert recomputed.arrays("f.npy", right, right[:1], "lesion {}".format, "w").problem
