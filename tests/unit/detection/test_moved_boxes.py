"""Boxes move together, no further than allowed and never out of the organ; the first ones do not depend on how many."""

import numpy as np
import pytest

from synthaug.detection import boxes, moved_boxes

SIDE = 40
PARAMS = moved_boxes.Params(flip=0.5, shift=0.1, zoom=0.2)
EVERYWHERE = np.ones((SIDE, SIDE), bool)
TWO = np.array([[10.0, 12.0, 16.0, 20.0], [22.0, 18.0, 30.0, 22.0]])


def moved(corners: list[np.ndarray], inside: np.ndarray = EVERYWHERE, params: moved_boxes.Params = PARAMS) -> list:
    return list(moved_boxes.moved(corners, inside, params, np.random.default_rng(0)))


def test_all_boxes_of_a_slice_move_as_the_index_says():
    found = moved([TWO] * 400)
    for each in found:
        placed = boxes.transformed(TWO, each.flip, (each.shift_x, each.shift_y), each.zoom, SIDE)
        np.testing.assert_allclose(each.corners, placed, atol=1e-3)
    drawn = np.array([(each.flip, each.shift_x, each.shift_y, each.zoom) for each in found])
    assert drawn[:, 0].mean() == pytest.approx(0.5, abs=0.08)
    for values, middle, most in zip(drawn[:, 1:].T, (0, 0, 1), (0.1, 0.1, 0.2), strict=True):
        # Uniform: mean, least, most and standard deviation.
        assert values.mean() == pytest.approx(middle, abs=0.02)
        assert (values.min(), values.max()) == pytest.approx((middle - most, middle + most), abs=0.01)
        assert values.std() == pytest.approx(most / 3**0.5, rel=0.1)


def test_a_centre_that_leaves_the_organ_is_drawn_again():
    left = EVERYWHERE.copy()
    left[:, SIDE // 2 :] = False
    for centre, shift in ((18.0, 0.2), (8.0, 0.1)):  # a shift takes the first one out, a flip the second one
        one = np.array([[centre - 3, 10.0, centre + 3, 16.0]])
        found = moved([one] * 300, left, moved_boxes.Params(flip=0.5, shift=shift, zoom=0.0))
        centres = np.array([each.corners[0, [0, 2]].mean() for each in found])
        assert centres.max() < SIDE / 2
        assert centres.max() == pytest.approx(min(centre + shift * SIDE, SIDE / 2), abs=0.3)
        assert any(each.flip for each in found) == (centre == 18)
    # Where there is no organ at all they stay where they are.
    nowhere = np.zeros_like(EVERYWHERE)
    (stayed,) = moved([TWO], nowhere)
    assert stayed == moved_boxes.Moved(stayed.corners, False, 0.0, 0.0, 1.0)
    assert np.array_equal(stayed.corners, TWO)


def test_a_box_at_the_edge_is_cut_off():
    (found,) = moved([np.array([[0.0, 0.0, 8.0, 8.0]])], params=moved_boxes.Params(flip=0, shift=0.0, zoom=0.0))
    assert found.corners.tolist() == [[0, 0, 8, 8]]
    many = moved([np.array([[0.0, 0.0, 8.0, 8.0]])] * 50)
    assert all((each.corners >= 0).all() and (each.corners <= SIDE).all() for each in many)
    assert any(each.corners[0, 0] == 0 and each.corners[0, 2] < 6 for each in many)


def test_the_organ_is_where_slices_are_bright_on_average():
    draws = np.random.default_rng(0)
    images = draws.integers(0, 12, (30, SIDE, SIDE))
    y, x = np.mgrid[:SIDE, :SIDE]
    disc = (x - 20) ** 2 + (y - 18) ** 2 < 100
    images[:, disc] += draws.integers(60, 180, (30, 1))
    assert np.array_equal(moved_boxes.organ(images.astype(np.uint8)), disc)


def test_each_slice_gives_its_boxes_equally_often_and_the_first_ones_stay():
    many = moved_boxes.sources(7, 30, np.random.default_rng(1))
    assert np.array_equal(moved_boxes.sources(7, 11, np.random.default_rng(1)), many[:11])
    for first in range(0, 28, 7):
        assert sorted(many[first : first + 7]) == list(range(7))
    assert many[:7].tolist() != many[7:14].tolist()
