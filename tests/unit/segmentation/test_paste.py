"""Pasted lesions lie on tissue, beside the slice's own, whole, and are those of the slices that were given."""

import numpy as np
import pytest
from tests.helpers import made_slices

from synthaug.segmentation import paste

SIDE = 64
PARAMS = paste.Params(**made_slices.PASTE)
GROUND = 110  # gray value of tissue in every slice


def slices(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Round bodies with a bright skull on black, each with two lesions of its own gray values, which name it."""
    draws = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    body = (y - 31.5) ** 2 + (x - 31.5) ** 2 < 29**2
    images = np.where(body, GROUND, np.zeros((count, 1, 1))).astype(np.uint8)
    images[:, body & ((y - 31.5) ** 2 + (x - 31.5) ** 2 > 26**2)] = 255
    images[:, 40:42, 40:42] = 0  # noise: dark, but small
    labels = np.zeros_like(images)
    for number in range(count):
        for label, corner in ((1, (18, 18)), (2, (36, 28))):
            top, left = corner + draws.integers(-3, 4, 2)
            height, width = draws.integers(4, 9, 2)
            box = np.s_[number, top : top + height, left : left + width]
            images[box], labels[box] = 150 + 10 * number + label, label
    return images, labels


@pytest.fixture(scope="module")
def pasted():
    images, labels = slices(8, 0)
    copies = np.empty_like(images), np.empty_like(labels)
    names = [f"s{number}" for number in range(len(images))]
    drawn = paste.draw(names, np.ones(len(images), bool), PARAMS, ("paste", 0, "12"), 1)
    return images, labels, *copies, paste.write(images, labels, drawn, PARAMS, copies)


def test_each_slice_gets_one_whole_lesion_of_another(pasted):
    _, labels, new_images, new_labels, origins = pasted
    for row, origin in enumerate(origins):
        assert origin not in (row, -1)
        new = (new_labels[row] > 0) & (labels[row] == 0)
        (label,) = set(new_labels[row][new])
        theirs = labels[origin] == label
        assert new.sum() == theirs.sum()
        assert set(new_images[row][new]) == {150 + 10 * origin + label}  # the gray values of that slice's lesion
        rows, columns = (np.flatnonzero(new.any(axis)) for axis in (1, 0))
        assert (np.ptp(rows) + 1) * (np.ptp(columns) + 1) == new.sum()  # a rectangle, as all are


def test_own_lesions_and_the_background_are_not_touched(pasted):
    images, labels, new_images, new_labels, _ = pasted
    own = labels > 0
    np.testing.assert_array_equal(new_labels[own], labels[own])
    np.testing.assert_array_equal(new_images[own], images[own])
    y, x = np.mgrid[:SIDE, :SIDE]
    radius = np.hypot(y - 31.5, x - 31.5)
    assert (new_images[:, radius >= 29] == 0).all()
    assert (new_images[:, (radius < 29) & (radius > 26)] == 255).all()
    assert not new_labels[:, radius > 26].any()


def test_a_lesion_stays_near_its_own_or_its_mirrored_place(pasted):
    """24 px, 96 of 256, in a straight line, measured at the corner of the lesion's rim."""
    _, labels, _, new_labels, origins = pasted

    def corner(mask: np.ndarray) -> np.ndarray:
        return np.argwhere(mask).min(0)

    shifts = []
    for row, origin in enumerate(origins):
        new = (new_labels[row] > 0) & (labels[row] == 0)
        theirs = labels[origin] == new_labels[row][new][0]
        shifts.append(min(np.hypot(*(corner(new) - corner(each))) for each in (theirs, theirs[:, ::-1])))
    assert 8 < max(shifts) <= 24


def test_the_rim_fades_from_one_slice_into_the_other():
    """A lesion of one pixel in gray 200 goes into gray 100: over a border of 4 px, a fifth of the difference a step."""
    images = np.stack([np.full((256, 256), gray, np.uint8) for gray in (100, 200)])
    labels = np.zeros_like(images)
    labels[1, 100, 50] = 2
    copies = np.empty_like(images), np.empty_like(labels)
    drawn = paste.draw(["a", "b"], labels.any((1, 2)), PARAMS, ("paste",), 1)
    assert paste.write(images, labels, drawn, PARAMS, copies).tolist() == [1, -1]
    ((row, column),) = np.argwhere(copies[1][0])
    assert copies[1][0, row, column] == 2
    expected = [100, 120, 140, 160, 180, 200, 180, 160, 140, 120, 100]
    assert copies[0][0, row, column - 5 : column + 6].tolist() == expected
    assert copies[0][0, row - 5 : row + 6, column].tolist() == expected
    assert (copies[0][0] == 100).mean() > 0.998


def test_a_rim_takes_nothing_of_another_lesion():
    """Two lesions 2 px apart: the rim of one would show the other, which would lie there without a label."""
    image = np.full((256, 256), 100, np.uint8)
    labels = np.zeros_like(image)
    labels[50:60, 50:60], labels[50:60, 62:70] = 1, 2
    image[labels == 1], image[labels == 2] = 200, 250
    for which, gray in ((0.0, 200), (0.9, 250)):
        patch = paste.cut_out(image, labels, which, False, PARAMS)
        assert set(patch.image[patch.weights > 0]) == {100, gray}
        assert set(patch.image[patch.labels > 0]) == {gray}


def test_without_room_a_slice_is_repeated():
    images, labels = slices(3, 0)
    labels[0] = np.where(images[0] > 0, 1, 0)  # all of its tissue is lesion
    copies = np.empty_like(images), np.empty_like(labels)
    drawn = paste.draw(["a", "b", "c"], labels.any((1, 2)), PARAMS, ("paste",), 1)
    origins = paste.write(images, labels, drawn, PARAMS, copies)
    assert origins[0] == -1
    np.testing.assert_array_equal(copies[0][0], images[0])
    np.testing.assert_array_equal(copies[1][0], labels[0])


def test_slices_without_a_lesion_get_one_but_give_none():
    images, labels = slices(4, 0)
    labels[1:3] = 0
    copies = np.empty_like(images), np.empty_like(labels)
    drawn = paste.draw(list("abcd"), labels.any((1, 2)), PARAMS, ("paste",), 1)
    assert paste.write(images, labels, drawn, PARAMS, copies).tolist()[0] == 3
    assert all(set(what.donors) <= {0, 3} for what in drawn)
    assert copies[1][1].any()
    alone = paste.draw(["a"], np.ones(1, bool), PARAMS, ("paste",), 1)
    assert paste.write(images[:1], labels[:1], alone, PARAMS, (copies[0][:1], copies[1][:1])).tolist() == [-1]
