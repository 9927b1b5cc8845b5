"""Moved masks stay within their bounds and the frame, and keep their classes; the same draws give the same masks."""

import numpy as np
import pytest
from tests.helpers import painted_discs

from synthaug.segmentation import moved_masks

NONE = {"copies": 1, "shift": 0.0, "turn": 0.0, "scale": 0.0}


def ellipse(side: int = 64) -> np.ndarray:
    """An upright ellipse of half axes 6 and 12 px at (32, 32), and a small disc of another class within."""
    y, x = np.mgrid[:side, :side] - 32
    labels = ((x / 6) ** 2 + (y / 12) ** 2 <= 1).astype(np.uint8)
    labels[x**2 + y**2 <= 9] = 2
    return labels


def copies(labels: np.ndarray, count: int = 200, **bounds) -> list[np.ndarray]:
    params = moved_masks.Params(**NONE | bounds)
    return [moved_masks.moved(labels, params, np.random.default_rng(seed)) for seed in range(count)]


def centres(masks: list[np.ndarray]) -> np.ndarray:
    return np.array([np.argwhere(mask).mean(axis=0) for mask in masks])


def test_without_bounds_nothing_moves():
    assert all(np.array_equal(mask, ellipse()) for mask in copies(ellipse(), 3))


def test_shifts_are_those_of_the_bound():
    away = centres(copies(ellipse(), shift=0.1)) - 32
    assert np.abs(away).max() <= 6.4 + 0.5  # the nearest pixel
    assert np.abs(away).max() > 5
    assert np.abs(away.mean(axis=0)).max() < 1


def test_scales_are_those_of_the_bound():
    areas = np.array([np.count_nonzero(mask) for mask in copies(ellipse(), scale=0.2)])
    ratio = np.sqrt(areas / np.count_nonzero(ellipse()))
    assert ratio.min() == pytest.approx(0.8, abs=0.04)
    assert ratio.max() == pytest.approx(1.2, abs=0.04)


def test_turns_are_those_of_the_bound():
    angles = []
    for mask in copies(ellipse(), turn=20.0):
        spread = np.cov(np.argwhere(mask).T)  # rows, columns
        angles.append(np.degrees(np.arctan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1]) / 2))
    assert np.abs(angles).max() <= 21
    assert max(angles) > 15
    assert min(angles) < -15


def test_classes_stay_what_and_where_they_are():
    for mask in copies(ellipse(), 50, turn=20.0, scale=0.2, shift=0.1):
        assert set(np.unique(mask)) == {0, 1, 2}
        assert np.linalg.norm(np.argwhere(mask == 2).mean(axis=0) - np.argwhere(mask).mean(axis=0)) < 1.5


def test_nothing_leaves_the_frame():
    corner = np.roll(ellipse(), (-20, -26), (0, 1))  # touches the border
    areas = {np.count_nonzero(mask) for mask in copies(corner, shift=0.2)}
    assert areas == {np.count_nonzero(corner)}
    full = np.ones((64, 64), np.uint8)
    assert all(np.array_equal(mask, full) for mask in copies(full, 3, shift=0.2, turn=20.0))
    pixel = np.zeros((64, 64), np.uint8)
    pixel[5, 9] = 1
    assert all(np.count_nonzero(mask) for mask in copies(pixel, scale=0.5))


def test_a_mask_without_lesions_stays():
    empty = np.zeros((32, 32), np.uint8)
    assert np.array_equal(copies(empty, 1, shift=0.2)[0], empty)


def test_the_same_stream_draws_the_same_mask():
    (labels,) = painted_discs.label_maps(1, 0)
    once, twice = (copies(labels, 4, shift=0.1, turn=10.0, scale=0.1) for _ in range(2))
    assert np.array_equal(once, twice)
    assert not np.array_equal(once[0], once[1])
