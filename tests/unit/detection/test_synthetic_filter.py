"""A box has the score of the detection that hits it; the threshold is what a share of real boxes reach."""

import numpy as np
import pandas as pd
import pytest

from synthaug.detection import synthetic_filter
from synthaug.detection.boxes import BOX


def boxes(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["slice", "class", *BOX]).assign(ignore=0)


def detections(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["slice", "class", *BOX, "score"])


TRUTH = boxes(
    ("a", "met", 0, 0, 10, 10), ("b", "met", 0, 0, 10, 10), ("b", "met", 20, 20, 30, 30), ("c", "met", 5, 5, 9, 9)
)
FOUND = detections(
    ("a", "met", 0, 0, 10, 12, 0.9),
    ("a", "met", 1, 0, 10, 10, 0.3),  # a duplicate
    ("b", "met", 0, 0, 10, 4, 0.8),  # IoU 0.4
    ("b", "met", 20, 20, 30, 30, 0.2),
    ("c", "other", 5, 5, 9, 9, 0.9),
)


def test_a_box_has_the_score_of_its_hit():
    assert synthetic_filter.scores(TRUTH, FOUND, 0.25).tolist() == [0.9, 0.8, 0.2, 0]
    assert synthetic_filter.scores(TRUTH, FOUND, 0.5).tolist() == [0.9, 0, 0.2, 0]
    assert synthetic_filter.scores(TRUTH, FOUND[:0], 0.5).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.01, 0.9), (0.25, 0.9), (0.26, 0.7), (0.5, 0.7), (0.75, 0.2), (0.76, 0), (1, 0)]
)
def test_the_threshold_is_reached_by_a_share_of_the_boxes(share, expected):
    found = np.array([0.2, 0.9, 0.0, 0.7])
    assert synthetic_filter.threshold(found, share) == expected
    assert (found >= expected).mean() >= share


def test_a_slice_is_kept_if_each_of_its_boxes_is_found():
    lowest = synthetic_filter.of_slices(TRUTH, synthetic_filter.scores(TRUTH, FOUND, 0.25))
    assert lowest.to_dict() == {"a": 0.9, "b": 0.2, "c": 0}
    assert synthetic_filter.kept(lowest, 0.9).tolist() == [True, False, False]
    assert synthetic_filter.kept(lowest, 0.2).tolist() == [True, True, False]
    assert synthetic_filter.kept(lowest, 0.0).tolist() == [True, True, False]  # a missed box is never found enough
