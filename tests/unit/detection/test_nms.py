"""Suppression leaves what a plain implementation leaves."""

import numpy as np
import pytest

from synthaug.detection import nms


def overlap(one, other) -> float:
    """Return the IoU of two boxes of whole px, by their pixels."""
    pixels = [{(x, y) for x in range(x0, x1) for y in range(y0, y1)} for x0, y0, x1, y1 in (one, other)]
    return len(pixels[0] & pixels[1]) / len(pixels[0] | pixels[1])


def plainly(boxes, scores, classes, iou, most) -> list[int]:
    left, stays = sorted(range(len(boxes)), key=lambda place: (-scores[place], place)), []
    while left:
        first = left.pop(0)
        stays.append(first)
        left = [p for p in left if classes[p] != classes[first] or overlap(boxes[p], boxes[first]) <= iou]
    return stays[:most]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("iou", "most"), [(0.45, 300), (0.2, 300), (0.45, 7)])
def test_as_a_plain_implementation(seed, iou, most):
    draws = np.random.default_rng(seed)
    corner = draws.integers(0, 12, (60, 2))
    boxes = np.concatenate([corner, corner + draws.integers(2, 9, (60, 2))], 1)
    scores, classes = draws.integers(0, 20, 60) / 20, draws.integers(0, 2, 60)  # with ties
    expected = plainly(boxes.tolist(), scores, classes, iou, most)
    assert 5 < len(expected) < 55
    assert nms.kept(boxes, scores, classes, iou, most).tolist() == expected


def test_an_overlap_of_just_the_threshold_stays():
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 5, 10]])
    assert nms.kept(boxes, np.array([0.9, 0.8]), np.zeros(2, int), 0.5, 300).tolist() == [0, 1]
    assert nms.kept(boxes, np.array([0.9, 0.8]), np.zeros(2, int), 0.49, 300).tolist() == [0]


def test_nothing_gives_nothing():
    assert len(nms.kept(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), 0.45, 300)) == 0
