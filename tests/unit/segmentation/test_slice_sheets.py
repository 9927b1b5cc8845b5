"""The sheets show what they are given, in the classes' colours; slices are chosen by rule, and bytes repeat."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from synthaug.cohort import example_slices
from synthaug.report import figure_style
from synthaug.segmentation import slice_sheets

CLASSES = ["a", "b"]
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (5, 32, 32)).astype(np.uint8)
LABELS = np.zeros((5, 32, 32), np.uint8)
LABELS[:, 8:12, 10:20] = 2


def shown(figure):
    return [np.asarray(axes.get_images()[0].get_array()) for axes in figure.axes]


def test_pairs_stand_side_by_side():
    figure = slice_sheets.pairs(LABELS, IMAGES, IMAGES[::-1], list("vwxyz"), CLASSES)
    images = shown(figure)
    assert len(images) == 15
    for place in range(5):
        mask, real, synthetic = images[3 * place : 3 * place + 3]
        np.testing.assert_array_equal(real, IMAGES[place])
        np.testing.assert_array_equal(synthetic, IMAGES[::-1][place])
        colour = np.rint(255 * np.array(to_rgb(figure_style.class_colour(CLASSES, "b"))))
        np.testing.assert_array_equal(mask[LABELS[place] == 2], np.tile(colour, (40, 1)))
        assert not mask[LABELS[place] == 0].any()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["b"]  # a is on no mask


def test_predictions_stand_beside_the_truth():
    other = np.where(np.roll(LABELS, 6, axis=1) > 0, 1, 0).astype(np.uint8)
    predicted = {"original": LABELS, "lcgan": other}
    dsc = {"original": [1.0] * 5, "lcgan": [0.25] * 5}
    figure = slice_sheets.predictions(IMAGES, LABELS, predicted, dsc, ["best: v"] * 5, CLASSES)
    assert len(figure.axes) == 20
    texts = [axes.get_xlabel() for axes in figure.axes[:4]]
    assert texts == ["best: v", "", "DSC 1.00", "DSC 0.25"]
    lines = [axes.get_lines() for axes in figure.axes[:4]]
    assert list(map(len, lines)) == [0, 1, 1, 1]
    for line, top, cls in ((lines[1][0], 8, "b"), (lines[3][0], 14, "a")):
        assert line.get_color() == figure_style.class_colour(CLASSES, cls)
        x, y = line.get_data()
        assert [x.min(), x.max(), y.min(), y.max()] == [9.5, 19.5, top - 0.5, top + 3.5]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == CLASSES


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (np.s_[40:50, 20:60], (9.5, 14.5, 60)),  # centred on (40, 45)
        (np.s_[0:2, 88:90], (59.5, -0.5, 30)),  # moved into the slice, a third of it
        (np.s_[0:90, 0:90], (-0.5, -0.5, 90)),
    ],
)
def test_close_ups_show_all_that_is_drawn(place, expected):
    mask = np.zeros((90, 90), bool)
    mask[place] = True
    assert slice_sheets.close_up(mask) == pytest.approx(expected)


def test_sheets_repeat_byte_by_byte():
    contents = []
    for _ in range(2):
        figure = slice_sheets.pairs(LABELS, IMAGES, IMAGES, list("vwxyz"), CLASSES)
        figure_style.settle(figure)
        file = io.BytesIO()
        figure.savefig(file, format="png")
        contents.append(file.getvalue())
    assert contents[0] == contents[1]


def test_worst_median_and_best_of_different_patients():
    scores = pd.Series(np.linspace(0, 1, 30), index=[f"S{n:02}" for n in range(30)])
    patients = pd.Series([f"P{n // 3}" for n in range(30)], index=scores.index)
    chosen = example_slices.by_score(scores, patients, 2)
    assert chosen == {"worst": ["S00", "S03"], "median": ["S14", "S15"], "best": ["S29", "S26"]}
    assert list(chosen) == ["worst", "median", "best"]


def test_no_slice_is_shown_twice_where_there_are_few():
    scores = pd.Series([0.1, 0.2, 0.3, 0.4], index=list("wxyz"))
    patients = pd.Series(["P0"] * 4, index=scores.index)
    chosen = example_slices.by_score(scores, patients, 2)
    assert chosen == {"worst": ["w", "x"], "best": ["z", "y"], "median": []}


def test_random_examples_are_of_as_many_patients_as_there_are():
    names = pd.Series([f"S{n}" for n in range(40)])
    patients = pd.Series([f"P{n % 4 if n < 30 else 0}" for n in range(40)])
    for number, most in ((4, 1), (8, 2)):
        places = example_slices.at_random(names, patients, number, np.random.default_rng(1))
        assert len(set(places)) == number
        assert patients[places].value_counts().max() == most
