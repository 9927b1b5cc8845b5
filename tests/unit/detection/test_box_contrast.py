"""Contrast of boxes on heads whose halves are alike, so that it is known."""

import numpy as np
import pytest

from synthaug.detection import box_contrast

SIDE = 40
RANDOM = np.random.default_rng(0)


def head(middle: float = 20.0) -> np.ndarray:
    """Return a head that is mirrored about x = ``middle``: gray values, int (40, 40)."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    return np.where(np.hypot(x - middle, y - 20) < 14, 100 + 3 * np.abs(x - middle).astype(int), 0)


def test_a_square_lesion_adds_what_it_is_brighter():
    image = head()
    image[15:20, 10:16] += 40
    boxes = np.array([[10.0, 15, 16, 20]])
    assert box_contrast.contrasts(image.astype(np.uint8), boxes) == pytest.approx([40], abs=0.5)
    darker = head()
    darker[15:20, 10:16] -= 40
    assert box_contrast.contrasts(darker.astype(np.uint8), boxes) == pytest.approx([-40], abs=0.5)


def test_a_head_that_is_not_central_is_mirrored_about_its_own_middle():
    assert box_contrast.middle(head(23.0).astype(np.uint8)) == pytest.approx(23)
    boxes = np.array([[27.5, 15, 30.25, 20]])
    assert box_contrast.contrasts(head(23.0).astype(np.uint8), boxes) == pytest.approx([0], abs=1e-9)


def test_boxes_without_a_place_to_compare_are_left_out():
    image = head().astype(np.uint8)
    across, left, right = [17.0, 15, 22, 20], [8.0, 10, 12, 14], [29.0, 9, 33, 13]
    assert len(box_contrast.contrasts(image, np.array([across]))) == 0
    assert len(box_contrast.contrasts(image, np.array([left]))) == 1
    assert len(box_contrast.contrasts(image, np.array([left, right]))) == 0  # each lies where the other is mirrored
    assert len(box_contrast.contrasts(head(26.0).astype(np.uint8), np.array([[8.0, 15, 11, 20]]))) == 0  # beyond 40
    assert len(box_contrast.contrasts(image, np.zeros((0, 4)))) == 0
    assert box_contrast.middle(np.zeros((SIDE, SIDE), np.uint8)) == 20


def test_fractions_of_pixels_count_by_their_area():
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[:, 10] = 200
    assert box_contrast.mean(image, np.array([10.5, 3, 12, 8])) == pytest.approx(200 * 0.5 / 1.5)


def test_a_row_counts_patients_and_gives_their_spread():
    """Two patients with a contrast of 20 and 60: resamples have 20, 40 or 60."""
    images, boxes = [], [np.array([[10.0, 15, 16, 20]])] * 4
    for more in (20, 20, 60, 60):
        images.append(head())
        images[-1][15:20, 10:16] += more
    slices = box_contrast.ContrastSlices(np.array(images, np.uint8), boxes, np.array(["A", "A", "B", "B"]))
    found = box_contrast.row("real", slices, 0.95, np.random.default_rng(1))
    assert list(found) == box_contrast.COLUMNS
    assert (found["slices"], found["boxes"], found["compared"], found["brighter"]) == (4, 4, 4, 1.0)
    assert [found[name] for name in ("contrast", "low", "high")] == pytest.approx([40, 20, 60], abs=0.5)


def test_nothing_to_compare_is_missing_and_not_zero():
    slices = box_contrast.ContrastSlices(np.zeros((1, SIDE, SIDE), np.uint8), [np.zeros((0, 4))], np.array(["A"]))
    found = box_contrast.row("real", slices, 0.95, RANDOM)
    assert found["compared"] == 0
    assert np.isnan([found[name] for name in ("contrast", "low", "high", "brighter")]).all()


def test_boxes_of_another_slice_show_what_the_place_alone_does():
    boxes = [np.array([[10.0, 15, 16, 20]]), np.array([[26.0, 24, 30, 30]])]
    images = np.array([head(), head()])
    for image, ((x0, y0, x1, y1),) in zip(images, boxes, strict=True):
        image[int(y0) : int(y1), int(x0) : int(x1)] += 40
    slices = box_contrast.ContrastSlices(images.astype(np.uint8), boxes, np.array(["0", "1"]))
    own, other = (box_contrast.row("", each, 0.95, RANDOM) for each in (slices, box_contrast.exchanged(slices)))
    assert own["contrast"] == pytest.approx(40, abs=0.5)
    assert other["contrast"] == pytest.approx(0, abs=0.5)
