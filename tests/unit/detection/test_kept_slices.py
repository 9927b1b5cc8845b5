"""A reader's list of kept slices: what is kept is what the list says, and each fault of it is one line."""

import numpy as np
import pytest

from synthaug.detection import kept_slices, marked_pictures
from synthaug.errors import InputError

SIDE = 16


@pytest.fixture
def images():
    """Four slices of each choice of training folds of one seed, all different."""
    random = np.random.default_rng(0)
    return {("0", folds): random.integers(0, 256, (4, SIDE, SIDE), dtype=np.uint8) for folds in ("12", "02")}


def written(folder, table):
    path = folder / "kept.csv"
    table.to_csv(path, index=False)
    return path


def test_what_is_kept_is_what_the_list_says(images, tmp_path):
    table = kept_slices.table(images)
    assert list(table) == ["seed", "folds", "sample", "image", "kept"]
    assert table["image"].is_unique
    table.loc[[1, 3, 4], "kept"] = "0"
    # The order of rows and columns, and a column of the reader's own, change nothing.
    shuffled = table.assign(remark="").sample(frac=1, random_state=0)[["kept", "remark", *list(table)[:4]]]
    found = kept_slices.read(written(tmp_path, shuffled), images, "cpggan")
    assert found["0", "12"].to_dict("list") == {"sample": [0, 1, 2, 3], "kept": [1, 0, 1, 0]}
    assert found["0", "02"].to_dict("list") == {"sample": [0, 1, 2, 3], "kept": [0, 1, 1, 1]}


def changed(row, **values):
    def change(table):
        for name, value in values.items():
            table.loc[row, name] = value
        return table

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda t: t.drop(columns="image"),
            "row 1: expected each of seed, folds, sample, image, kept once; check image",
        ),
        (changed(1, kept="2"), "row 3: kept: expected 1 or 0, found 2; correct the cell"),
        (changed(1, kept="yes"), "row 3: kept: expected 1 or 0, found yes; correct the cell"),
        (changed(2, sample="9"), "row 4: expected a slice of this generator, found seed 0, train-12, sample 9; remove"),
        (changed(2, seed="1"), "row 4: expected a slice of this generator, found seed 1, train-12, sample 2; remove"),
        (changed(1, sample="0"), "row 3: expected each slice once, found seed 0, train-12, sample 0 again; keep one"),
        (
            lambda t: t.drop(index=[5, 6]),
            "expected all 8 slices, 2 are missing, first seed 0, train-02, sample 1; list",
        ),
        (lambda t: t.assign(kept=["0"] * 4 + ["1"] * 4), "expected a slice to keep, found none of seed 0, train-12;"),
        (lambda t: t.head(0), "expected all 8 slices, 8 are missing"),
    ],
)
def test_each_fault_of_a_list_is_one_line(images, tmp_path, change, expected):
    path = written(tmp_path, change(kept_slices.table(images)))
    with pytest.raises(InputError) as caught:
        kept_slices.read(path, images, "cpggan")
    (line,) = str(caught.value).splitlines()
    assert line.startswith(str(path))
    assert expected in line


def test_a_list_of_slices_that_were_made_anew_is_refused(images, tmp_path):
    """Sample 2 of another training is another slice, of which the reader has said nothing."""
    path = written(tmp_path, kept_slices.table(images))
    images["0", "12"][2, 0, 0] ^= 1
    with pytest.raises(InputError) as caught:
        kept_slices.read(path, images, "cpggan")
    (line,) = str(caught.value).splitlines()
    assert "row 4: image: expected " in line
    assert "which seed 0, train-12, sample 2 is now" in line
    assert line.endswith("list the slices anew with snakemake list_slices, and look at them")


def test_a_list_that_is_not_there_is_said_with_its_key(images, tmp_path):
    with pytest.raises(InputError, match="found no file; check kept_slices: cpggan in the config"):
        kept_slices.read(tmp_path / "none.csv", images, "cpggan")


def test_a_picture_shows_the_slice_and_beside_it_where_its_boxes_are():
    image = np.full((SIDE, SIDE), 100, np.uint8)
    picture = np.asarray(marked_pictures.marked(image, [np.array([4, 4, 8, 10])]))
    factor = 32
    assert picture.shape == (SIDE * factor, 2 * SIDE * factor, 3)
    assert (picture[:, : SIDE * factor] == 100).all()
    rows, columns = np.nonzero((picture[:, SIDE * factor :] != 100).any(axis=2))
    assert (rows.min(), rows.max()) == (4 * factor, 10 * factor)
    assert (columns.min(), columns.max()) == (4 * factor, 8 * factor)
