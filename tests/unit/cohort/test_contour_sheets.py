"""Contour sheets: their pages are counted, their drawing is compared with what is known, their bytes repeat."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image
from tests.helpers import forked

from synthaug.cohort import cases, contour_sheets
from synthaug.files import artifacts

SCRIPT = Path(__file__).parents[3] / "scripts" / "plot_contours.py"
PARAMS = {"intensity": {"mode": "percentile", "low": 1, "high": 99}, "duplicate_correlation": 0.9}


@pytest.fixture
def cohort(tmp_path):
    """Eleven pictures of one class and two of another; the last is a copy of the first under another patient."""
    rows = []
    for number in range(13):
        values = np.kron(np.random.default_rng(number % 12).integers(0, 255, (10, 8)), np.ones((9, 9))).astype(np.uint8)
        Image.fromarray(values).save(tmp_path / f"{number}.png")
        cls = "cyst" if number < 11 else "metastasis"
        rows.append((f"L{number:02}", f"p{number}", cls, f"{number}.png", f"20,30 50,30 50,60 {20 + number},60"))
    table = tmp_path / "table.csv"
    pd.DataFrame(rows, columns=["lesion", "patient", "class", "image", "polygon"]).to_csv(table, index=False)
    artifacts.write_csv(cases.check(table, cases.Params(["cyst", "metastasis"])), tmp_path / "cases.csv")
    return tmp_path


def run(cohort, name, params=PARAMS, start=forked.run):
    command = [sys.executable, str(SCRIPT), "--cases", str(cohort / "cases.csv"), "--table", str(cohort / "table.csv")]
    command += ["--params", json.dumps(params), "--contours", str(cohort / name / "contours.pdf")]
    command += ["--duplicates", str(cohort / name / "duplicates.csv")]
    return start(command)


def test_sheets_and_duplicates_repeat_byte_by_byte(cohort):
    for name, start in (("one", forked.run), ("two", forked.started)):
        result = run(cohort, name, start=start)
        assert result.returncode == 0, result.stderr
        assert "1 pair" in result.stderr
    for name in ("contours.pdf", "duplicates.csv"):
        assert (cohort / "one" / name).read_bytes() == (cohort / "two" / name).read_bytes()
    duplicates = artifacts.read_csv(cohort / "one" / "duplicates.csv")
    assert duplicates.to_numpy().tolist() == [["L00", "p0", "L12", "p12", 1.0]]
    pdf = (cohort / "one" / "contours.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 2 + 1 + 1  # ten lesions a page, by class, and the pair
    assert b"CreationDate" not in pdf


def test_unknown_parameter_and_damaged_image(cohort):
    assert "unexpected keyword" in run(cohort, "one", {**PARAMS, "colour": "red"}).stderr
    (cohort / "5.png").write_bytes((cohort / "5.png").read_bytes()[:40])
    result = run(cohort, "one")
    assert result.returncode == 1
    assert "5.png: expected a readable image" in result.stderr
    assert not (cohort / "one").exists() or not list((cohort / "one").iterdir())


def drawn(image, mask, **changes):
    row = {"lesion": "L1", "patient": "p1", "slice": 3, "set": "main", "diameter_px": 20.0, "diameter_mm": 16.0,
           "center_x_px": 30.0, "center_y_px": 40.0, "spacing_x_mm": 0.8}  # fmt: skip
    figure = Figure()
    contour_sheets._draw_lesion(figure, 0, contour_sheets.Lesion(pd.Series({**row, **changes}), image, mask))
    return figure


def test_close_up_is_centred_on_the_lesion_and_its_outline_fits():
    mask = np.zeros((100, 80), bool)
    mask[35:46, 20:41] = True
    figure = drawn(np.zeros((100, 80)), mask)
    close, whole = figure.axes
    assert np.mean(close.get_xlim()) == pytest.approx(30)
    assert np.mean(close.get_ylim()) == pytest.approx(40)
    line = close.lines[0].get_xydata()
    np.testing.assert_allclose([line.min(axis=0), line.max(axis=0)], [[19.5, 34.5], [40.5, 45.5]])
    bar, side = close.lines[-1].get_xdata(), np.ptp(close.get_xlim())
    assert np.ptp(bar) * side * 0.8 == pytest.approx(10)  # mm: the label says so
    assert [text.get_text() for text in close.texts] == ["10 mm"]
    assert {text.get_text() for text in whole.texts} == set("RLAP")
    assert any("slice 3, 16.0 mm (20 px)" in text.get_text() for text in figure.texts)


def test_pictures_are_measured_in_pixels_and_have_no_sides():
    mask = np.zeros((100, 80), bool)
    mask[35:46, 20:41] = True
    figure = drawn(np.zeros((100, 80)), mask, spacing_x_mm=np.nan, diameter_mm=np.nan, set="extra")
    close, whole = figure.axes
    assert [text.get_text() for text in close.texts] == ["20 px"]
    assert not whole.texts
    assert any(text.get_text() == "patient p1, 20 px, extra set" for text in figure.texts)


def test_shown_pixels_are_where_they_were():
    image = np.zeros((100, 80))
    image[90, 70] = 1
    figure = Figure()
    axes = figure.add_axes((0, 0, 1, 1))
    contour_sheets._show(axes, image, (60, 80, 40))
    picture = axes.images[0]
    left, right, bottom, top = picture.get_extent()
    shown = np.argwhere(picture.get_array() == 255)[0]
    assert left + 0.5 + shown[1] == 70
    assert top + 0.5 + shown[0] == 90
    assert (right, bottom) == (79.5, 99.5)
