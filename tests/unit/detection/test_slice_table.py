"""The slices of a cohort: those asked for, in the order asked for, each with its own image and boxes."""

import numpy as np
import pandas as pd
import pytest

from synthaug.detection import slice_table
from synthaug.files import artifacts


@pytest.fixture
def slices(tmp_path):
    table = pd.DataFrame({"slice": ["P1-1-0", "P1-1-1", "P2-2-0"], "patient": ["007", "007", "P2"]})
    rows = [("b1", "P1-1-0", 1.0), ("b2", "P1-1-0", 2.0), ("b3", "P2-2-0", 3.0)]
    boxes = pd.DataFrame(
        [[name, of, "007", "", "met", x, 0.5, x + 4, 5.0, 0] for name, of, x in rows], columns=slice_table.BOX_COLUMNS
    )
    artifacts.write_csv(table, tmp_path / "slices.csv")
    artifacts.write_csv(boxes, tmp_path / "boxes.csv")
    artifacts.write_array(
        np.arange(3, dtype=np.uint8)[:, None, None] + np.zeros((1, 8, 8), np.uint8), tmp_path / "i.npy"
    )
    return slice_table.read(tmp_path / "slices.csv", tmp_path / "boxes.csv", tmp_path / "i.npy")


def test_slices_of_some_ids(slices):
    chosen = slices.of(["P2-2-0", "P1-1-0"])
    assert chosen.side == 8
    assert chosen.table["patient"].tolist() == ["P2", "007"]
    assert chosen.images[:, 0, 0].tolist() == [2, 0]
    assert chosen.boxes["box"].tolist() == ["b3", "b1", "b2"]
    assert [each[:, 0].tolist() for each in chosen.corners()] == [[3], [1, 2]]


def test_a_slice_without_boxes_has_none(slices):
    assert [each.shape for each in slices.corners()] == [(2, 4), (0, 4), (1, 4)]
    assert slices.of(["P1-1-1"]).boxes.empty


def test_boxes_to_be_ignored_are_left_out_of_what_counts(slices):
    slices.boxes.loc[0, "ignore"] = 1
    slices.boxes.loc[2, "ignore"] = 1
    assert [each[:, 0].tolist() for each in slices.counting.corners()] == [[2], [], []]
    assert slices.counting.table is slices.table
    assert len(slices.boxes) == 3


def test_an_unknown_slice_is_named(slices):
    with pytest.raises(KeyError, match="P9"):
        slices.of(["P1-1-0", "P9"])
