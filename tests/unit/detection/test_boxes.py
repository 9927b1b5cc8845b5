"""Boxes: overlaps known by hand and by counting pixels, a picture that moves with them, masks that keep the area."""

import numpy as np
import pytest
from scipy import ndimage

from synthaug.detection import boxes


def test_overlaps_known_by_hand():
    one = [0, 0, 10, 10]
    others = [one, [5, 0, 15, 10], [10, 0, 20, 10], [2, 2, 4, 4], [3, 3, 3, 9]]
    assert boxes.iou([one], others).tolist() == [[1, 50 / 150, 0, 4 / 100, 0]]
    assert boxes.iou([[1, 1, 1, 1]], [[1, 1, 1, 1]]).tolist() == [[0]]
    assert boxes.iou(np.zeros((0, 4)), others).shape == (0, 5)


def test_overlap_is_that_of_the_pixels():
    rng = np.random.default_rng(0)
    start = rng.integers(0, 20, (2, 12, 2))
    a, b = np.concatenate([start, start + rng.integers(1, 12, (2, 12, 2))], axis=2)

    def pixels(box: np.ndarray) -> np.ndarray:
        mask = np.zeros((32, 32), bool)
        mask[box[1] : box[3], box[0] : box[2]] = True
        return mask

    counted = [[(pixels(p) & pixels(q)).sum() / (pixels(p) | pixels(q)).sum() for q in b] for p in a]
    assert boxes.iou(a, b) == pytest.approx(np.array(counted), abs=1e-12)


@pytest.mark.parametrize("flip", [False, True])
def test_boxes_move_with_the_picture(flip):
    side, zoom, shift = 64, 1.25, (0.125, -0.0625)
    box = np.array([[20.0, 24, 28, 40]])
    image = boxes.box_mask(box, side)
    if flip:
        image = image[:, ::-1]
    middle = (side - 1) / 2
    x, y = shift[0] * side, shift[1] * side
    offset = middle - (np.array([middle + y, middle + x])) / zoom
    moved = ndimage.affine_transform(image, [1 / zoom] * 2, offset, order=1)
    rows, columns = (np.flatnonzero((moved > 0.5).any(axis=axis)) for axis in (1, 0))
    found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    assert boxes.transformed(box, flip, shift, zoom, side) == pytest.approx(np.array([found]), abs=0.5)


def test_mask_keeps_the_area_at_every_size():
    box = np.array([3.3, 10.7, 12.9, 13.2])
    for side in (4, 8, 16, 32):
        scaled = box * side / 16
        assert boxes.box_mask([scaled], side).sum() == pytest.approx(boxes.areas([scaled])[0], rel=1e-6)
    fine = boxes.box_mask([box * 64], 16 * 64).reshape(16, 64, 16, 64).mean(axis=(1, 3))
    assert boxes.box_mask([box], 16) == pytest.approx(fine, abs=1e-6)


def test_mask_of_none_of_all_and_of_two():
    assert not boxes.box_mask(np.zeros((0, 4)), 8).any()
    assert (boxes.box_mask([[-5, 0, 20, 8]], 8) == 1).all()
    assert boxes.box_mask([[0, 0, 2, 2], [1, 1, 3, 3]], 4).sum() == 7


def test_clipped():
    assert boxes.clip([[-3, 2, 70, 9], [70, 70, 90, 80]], 64).tolist() == [[0, 2, 64, 9], [64, 64, 64, 64]]
