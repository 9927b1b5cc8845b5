"""Boxes go where their lesions go, in the direction that the words say, and what is cut away is not learned."""

import numpy as np
import pandas as pd
import pytest
import torch

from synthaug.detection import box_lists, transformations

SIDE = 64
NONE = transformations.draw(np.random.default_rng(0), 1, {})


def painted(given: np.ndarray) -> torch.Tensor:
    """Return black slices, each with its boxes, whole px, in white."""
    images = np.zeros((len(given), SIDE, SIDE), np.uint8)
    for image, boxes in zip(images, given.astype(int), strict=True):
        for x0, y0, x1, y1 in boxes:
            image[y0:y1, x0:x1] = 255
    return torch.from_numpy(images)


def bounds(image: np.ndarray) -> np.ndarray:
    """Return the box around all that is brighter than half of white, to a fraction of a pixel by the edges' grays."""
    found = []
    for axis in (1, 0):
        profile = image.max(axis) / 255
        first, last = np.flatnonzero(profile > 0.5)[[0, -1]]
        found.append((first + 1 - profile[first] if first else 0.0, last + profile[last]))
    return np.array(found)[::-1].T.ravel()


def one_box(*box: float) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    given = np.array([[box]], np.float32)
    return painted(given), given, np.zeros((1, 1), int)


def apply(given, table, rows=(0,), most=1):
    images, boxes, labels = transformations.apply(*given, table, np.array(rows), most)
    return images.numpy(), boxes, labels


def test_nothing_drawn_changes_nothing():
    given = one_box(10, 20, 30, 28)
    for found, expected in zip(apply(given, NONE), given, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"left_right": True}, (34, 20, 54, 28)),
        ({"up_down": True}, (10, 36, 30, 44)),
        ({"shift_x": 0.25, "shift_y": -0.125}, (26, 12, 46, 20)),  # to the right and up
        ({"zoom": 1.5}, (-1, 14, 29, 26)),  # about the centre, 32
        ({"zoom": 0.5}, (21, 26, 31, 30)),
        ({"left_right": True, "shift_x": 0.125, "zoom": 0.5}, (41, 26, 51, 30)),  # mirrored, enlarged, then moved
    ],
)
def test_direction(values, expected):
    images, boxes, labels = apply(one_box(10, 20, 30, 28), NONE.assign(**values))
    np.testing.assert_allclose(boxes[0, 0], np.clip(expected, 0, SIDE))
    np.testing.assert_allclose(bounds(images[0]), np.clip(expected, 0, SIDE), atol=0.6)
    assert labels.tolist() == [[0]]


@pytest.mark.parametrize("seed", range(3))
def test_boxes_stay_around_their_lesions(seed):
    """Whatever is drawn: around what is bright on a slice lies its box, within a pixel."""
    draws = np.random.default_rng(seed)
    corner = draws.integers(4, 44, (24, 1, 2))
    given = np.concatenate([corner, corner + draws.integers(6, 16, (24, 1, 2))], -1).astype(np.float32)
    changes = {
        "zoom": {"probability": 1.0, "range": [0.6, 1.6]}, "shift_x": {"probability": 1.0, "range": [-0.2, 0.2]},
        "shift_y": {"probability": 1.0, "range": [-0.2, 0.2]}, "left_right": 0.5, "up_down": 0.5,
    }  # fmt: skip
    table = transformations.draw(draws, 24, changes)
    images, boxes, labels = apply((painted(given), given, np.zeros((24, 1), int)), table, range(24))
    whole = labels[:, 0] == 0
    assert whole.sum() > 12
    for image, box in zip(images[whole], boxes[whole, 0], strict=True):
        np.testing.assert_allclose(bounds(image), box, atol=1.0)


def test_a_mosaic_shows_four_slices_with_the_boxes_of_each():
    draws = np.random.default_rng(0)
    corner = draws.integers(10, 40, (12, 2, 2))
    given = np.concatenate([corner, corner + draws.integers(8, 16, (12, 2, 2))], -1).astype(np.float32)
    labels = np.array([[0, 1]] * 12)
    table = transformations.draw(draws, 12, {"mosaic": {"probability": 1.0, "range": [0.5, 1.0]}})
    images, boxes, found = apply((painted(given), given, labels), table, range(12), 8)
    seen = 0
    for row in range(12):
        tiles = list(transformations.tiles(table, row, SIDE))
        assert len({tile.region for tile in tiles}) == 4
        assert sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (tile.region for tile in tiles)) == SIDE**2
        assert row in [tile.source for tile in tiles]
        shown = np.zeros((SIDE, SIDE), bool)
        for x0, y0, x1, y1 in boxes[row][found[row] != box_lists.EMPTY]:
            shown[round(y0) : round(y1), round(x0) : round(x1)] = True
        assert (shown != (images[row] > 127)).mean() < 0.03  # rims of rounding
        seen += (found[row] >= 0).sum()
    assert seen > 24
    assert set(found[found >= 0]) == {0, 1}


@pytest.mark.parametrize(
    ("shift_px", "left", "expected"),
    [(44, 10, 0), (51, 3, 0), (52, 2, box_lists.IGNORED_LABEL), (54, 0, box_lists.EMPTY)],  # px of 10 that are left
)
def test_what_is_cut_away_is_ignored_or_gone(shift_px, left, expected):
    _, boxes, labels = apply(one_box(10, 16, 20, 48), NONE.assign(shift_x=shift_px / SIDE))
    assert labels.tolist() == [[expected]]
    left = [10 + shift_px, 16, 10 + shift_px + left, 48] if left else [0, 0, 0, 0]
    np.testing.assert_allclose(boxes[0, 0], left)


def test_ignored_and_missing_boxes_stay_so():
    given = painted(np.zeros((1, 1, 4))), np.array([[[4.0, 4, 9, 9], [0, 0, 0, 0]]]), np.array([[-2, -1]])
    _, boxes, labels = apply(given, NONE.assign(left_right=True), most=2)
    assert labels.tolist() == [[box_lists.IGNORED_LABEL, box_lists.EMPTY]]
    assert boxes.tolist() == [[[55, 4, 60, 9], [0, 0, 0, 0]]]


def test_gray_values_are_changed_and_one_chance_moves_no_draw_of_another():
    given = one_box(10, 20, 30, 28)
    images, _, _ = apply(given, NONE.assign(brightness=0.5))
    np.testing.assert_allclose(images, given[0].numpy() / 2, atol=0.51)
    one = transformations.draw(np.random.default_rng(0), 9, {"zoom": {"probability": 1.0, "range": [0.5, 2]}})
    other = transformations.draw(np.random.default_rng(0), 9, {})
    pd.testing.assert_frame_equal(one.drop(columns="zoom"), other.drop(columns="zoom"))
    assert transformations.places(3, {}) == 3
    assert transformations.places(3, {"mosaic": {}}) == 12
