"""Positions, targets and predicted boxes agree with the formulas of the paper, written out one by one."""

import numpy as np
import pytest
import torch
from tests.helpers.random_boxes import ANCHORS, random_boxes

from synthaug.detection import box_lists, boxes, targets, yolov3
from synthaug.detection.positions import Positions


@pytest.mark.parametrize("input_px", [None, 128])
def test_predicted_boxes_are_the_papers(input_px):
    """b_x = sigmoid(t_x) + c_x and b_w = p_w exp(t_w), in cells of a side of 8, 16 and 32 px, or half of these."""
    where = Positions(64, ANCHORS, input_px)
    cells = [8, 4, 2] if input_px is None else [16, 8, 4]
    predictions = torch.randn(2, len(where), 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected, position = [], 0
    for scale, count in enumerate(cells):
        stride = 64 / count
        for row in range(count):
            for column in range(count):
                for number in range(3):
                    _, tx, ty, tw, th, _ = predictions[1, position].tolist()
                    width, height = (ANCHORS[3 * scale + number].numpy() * np.exp([tw, th])).tolist()
                    x, y = (stride * (cell + 1 / (1 + np.exp(-t))) for cell, t in ((column, tx), (row, ty)))
                    expected.append([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
                    position += 1
    assert len(where) == position
    np.testing.assert_allclose(where.boxes(predictions)[1].numpy(), expected, rtol=1e-6)


def test_what_is_to_be_predicted_gives_the_box():
    """Of each box that is learned: predicting its targets at its position is predicting the box."""
    given, labels = random_boxes(20, 3, 64, 0)
    where = Positions(64, ANCHORS)
    found = targets.targets(given, labels, where)
    predictions = torch.zeros(20, len(where), 6, dtype=torch.float64)
    learned = found.weight > 0
    assert 20 < learned.sum() < (labels >= 0).sum() + 1
    for row, place in np.argwhere(learned):
        values = torch.from_numpy(found.values[row, place].astype(float))
        at = predictions[row, found.position[row, place]]
        at[yolov3.CENTRE], at[yolov3.SIZE] = torch.logit(values[:2], eps=1e-9), values[2:]
    made = where.boxes(predictions).numpy()
    for row, place in np.argwhere(learned):
        np.testing.assert_allclose(made[row, found.position[row, place]], given[row, place], atol=1e-3)


def test_a_box_goes_to_the_anchor_most_like_it():
    """The best of nine boxes of the anchors' sizes about the same centre, by the IoU of boxes on a slice."""
    given, labels = random_boxes(60, 1, 128, 1)
    where = Positions(128, ANCHORS)
    position = targets.targets(given, np.zeros_like(labels), where).position[:, 0]
    centre = given.reshape(-1, 2, 2).mean(1)
    seen = set()
    for row, place in enumerate(position):
        half = ANCHORS.numpy().astype(float) / 2
        best = int(boxes.iou(given[row], np.concatenate([centre[row] - half, centre[row] + half], 1))[0].argmax())
        cells = (16, 8, 4)[best // 3]
        column, line = np.floor(centre[row] * cells / 128).astype(int)
        assert place == (0, 768, 960)[best // 3] + 3 * (line * cells + column) + best % 3
        seen.add(best)
    assert len(seen) >= 7


def test_one_position_has_one_box_and_ignored_ones_have_none():
    box = [10.0, 10, 20, 20]
    given = np.array([[box, [10.5, 10.5, 20.5, 20.5], box, [0, 0, 64, 64]]])
    labels = np.array([[box_lists.IGNORED_LABEL, 0, 0, box_lists.EMPTY]])
    where = Positions(64, ANCHORS)
    found = targets.targets(given, labels, where)
    assert (found.weight > 0).tolist() == [[False, True, False, False]]
    assert (found.position == len(where)).tolist() == [[True, False, True, True]]
    assert found.weight[0, 1] == pytest.approx(2 - 100 / 64**2)


def test_a_centre_on_the_border_lies_in_the_last_cell():
    where = Positions(64, ANCHORS)
    position, inside = where.of(np.array([0, 8]), np.array([[64.0, 64], [64, 0]]))
    assert position.tolist() == [3 * 63, 3 * (64 + 16 + 1) + 2]
    np.testing.assert_allclose(inside, [[1, 1], [1, 0]])
