"""Sheets of slices with boxes: which slices, their captions, and the pixels and boxes where they should be."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import forked, pdf_content

from synthaug.detection import slice_pages, slice_table
from synthaug.files import artifacts

SCRIPT = Path(__file__).parents[3] / "scripts" / "plot_boxes.py"
SIDE = 32
LINE = re.compile(rb"(\S+) (\S+) [ml]\b")


@pytest.fixture
def folder(tmp_path):
    names = [f"P{number}-1-0" for number in range(11)]
    table = pd.DataFrame({"slice": names, "patient": [name[:-4] for name in names], "set": "main"})
    table["boxes"] = [2] + [1] * 8 + [0, 0]
    rows = [[f"{name}-1", name, name[:-4], "", "met", 4.0, 8.0, 20.0, 24.5, 0] for name in names[:9]]
    rows.insert(1, [f"{names[0]}-2", names[0], "P0", "", "cyst", 1.0, 1.0, 3.0, 3.0, 1])
    images = np.random.default_rng(0).integers(0, 255, (11, SIDE, SIDE), dtype=np.uint8)
    artifacts.write_csv(table, tmp_path / "slices.csv")
    artifacts.write_csv(pd.DataFrame(rows, columns=slice_table.BOX_COLUMNS), tmp_path / "boxes.csv")
    artifacts.write_array(images, tmp_path / "images.npy")
    return tmp_path


def run(folder, name="boxes.pdf"):
    command = [sys.executable, str(SCRIPT)]
    for option in ("slices.csv", "images.npy", "boxes.csv"):
        command += [f"--{option.split('.')[0]}", str(folder / option)]
    assert forked.run([*command, "--out", str(folder / name)]).returncode == 0
    return (folder / name).read_bytes()


def test_pages_captions_and_pictures(folder):
    pdf = run(folder)
    pages = pdf_content.pages(pdf)
    texts = [[text for _, _, text in pdf_content.texts(page)] for page in pages]
    assert [each[0] for each in texts] == [
        "Slices with boxes: 1 to 8 of 9", "Slices with boxes: 9 to 9 of 9", "Slices without lesion: 1 to 2 of 2",
    ]  # fmt: skip
    assert texts[0][1] == slice_pages.LEGEND
    assert texts[0][2:4] == ["P0-1-0", "patient P0, 1 met, 1 cyst"]
    assert texts[2][2:4] == ["P9-1-0", "patient P9, no lesion"]
    assert [len(pdf_content.placed(page)) for page in pages] == [16, 2, 4]
    np.testing.assert_array_equal(pdf_content.images(pdf)[0], artifacts.read_array(folder / "images.npy")[0])
    assert run(folder, "again.pdf") == pdf


def test_boxes_lie_on_the_right_picture_where_they_should(folder):
    page = pdf_content.pages(run(folder))[0]
    left, right = pdf_content.placed(page)[:2]
    corners = [(float(x), float(y)) for x, y in LINE.findall(page)]
    px = right[2] / SIDE
    top = right[1] + right[3]
    expected = [(right[0] + x * px, top - y * px) for x, y in ((4, 8), (20, 8), (20, 24.5), (4, 24.5), (4, 8))]
    for point in expected:
        assert min(np.hypot(point[0] - x, point[1] - y) for x, y in corners) < 0.05
    assert all(x > left[0] + left[2] for x, y in corners if y > top - right[3] and x < right[0] + right[2])


def test_no_more_slices_than_fit_are_drawn(folder, monkeypatch):
    monkeypatch.setattr(slice_pages, "MOST", 4)
    slices = slice_table.read(folder / "slices.csv", folder / "boxes.csv", folder / "images.npy")
    slice_pages.write(slices, folder / "few.pdf")
    pages = pdf_content.pages((folder / "few.pdf").read_bytes())
    assert pdf_content.texts(pages[0])[0][2] == "Slices with boxes: 1 to 4 of 4 drawn, 9 in all"
    assert [len(pdf_content.placed(page)) for page in pages] == [8, 4]
