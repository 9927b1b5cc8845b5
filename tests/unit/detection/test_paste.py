"""Pasted lesions are soft ellipses of other slices, on tissue, beside the slice's own boxes, with a box that fits."""

import numpy as np
import pytest
from tests.helpers import made_boxes

from synthaug.detection import box_lists, boxes, paste

SIDE = 64
PARAMS = paste.Params(**made_boxes.PASTE)
GROUND = 110  # gray value of tissue in every slice


def slices(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Round bodies with a bright skull on black, each with two boxes full of a gray value of their own."""
    draws = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] - 31.5
    images = np.where(y**2 + x**2 < 29**2, GROUND, np.zeros((count, 1, 1))).astype(np.uint8)
    images[:, (y**2 + x**2 < 29**2) & (y**2 + x**2 > 26**2)] = 255
    images[:, 40:42, 40:42] = 0  # noise: dark, but small
    given, labels = np.zeros((count, 3, 4)), np.array([[0, 1, box_lists.EMPTY]] * count)
    for number in range(count):
        for place, corner in enumerate(((18, 18), (28, 36))):
            left, top = corner + draws.integers(-3, 4, 2)
            width, height = draws.integers(4, 12, 2)
            given[number, place] = left, top, left + width, top + height
            images[number, top : top + height, left : left + width] = 150 + 10 * (number % 8) + place
    return images, given, labels


def write(images, given, labels, params=PARAMS):
    copies = np.empty_like(images)
    ids = [f"s{number}" for number in range(len(images))]
    return copies, *paste.write(images, given, labels, ids, params, ("paste", 0, "12"), 1, copies)


@pytest.fixture(scope="module")
def pasted():
    given = slices(8, 0)
    return *given, *write(*given)


def test_each_slice_gets_the_ellipse_in_a_box_of_another(pasted):
    images, given, _, copies, new_boxes, new_labels, origins = pasted
    for row, origin in enumerate(origins):
        assert origin not in (row, -1)
        label, box = new_labels[row, 0], new_boxes[row, 0]
        np.testing.assert_array_equal(box[2:] - box[:2], given[origin, label, 2:] - given[origin, label, :2])
        x0, y0, x1, y1 = box.astype(int)
        changed = copies[row] != images[row]
        assert not np.delete(np.delete(changed, np.s_[y0:y1], 0), np.s_[x0:x1], 1).any()
        y, x = np.mgrid[y0:y1, x0:x1] + 0.5
        radius = np.hypot((x - (x0 + x1) / 2) / ((x1 - x0) / 2), (y - (y0 + y1) / 2) / ((y1 - y0) / 2))
        theirs, part, before = 150 + 10 * origin + label, copies[row, y0:y1, x0:x1], images[row, y0:y1, x0:x1]
        assert (part[radius <= 1 - PARAMS.border] == theirs).all()
        assert (part[radius >= 1] == before[radius >= 1]).all()
        share = (1 - radius) / PARAMS.border
        rim = (share > 0) & (share < 1)
        np.testing.assert_allclose(part[rim], (share * theirs + (1 - share) * before)[rim], atol=0.51)


def test_own_boxes_and_what_is_no_tissue_are_left_alone(pasted):
    images, given, _, copies, new_boxes, _, _ = pasted
    for row in range(len(images)):
        assert not boxes.iou(new_boxes[row], given[row, :2]).any()
    y, x = np.mgrid[:SIDE, :SIDE] - 31.5
    skull = y**2 + x**2 > 26**2
    np.testing.assert_array_equal(copies[:, skull], images[:, skull])


def test_lesions_go_to_many_places_and_are_mirrored_half_of_the_time():
    images, given, labels = slices(40, 1)
    images[0] = images[1]
    images[0, :, :32][images[0, :, :32] == GROUND] = 90  # not symmetric
    box = np.array([18.0, 18, 25, 23])
    plain, mirrored = (paste.cut_out(np.tri(SIDE, dtype=np.uint8), box, flip, 0.3) for flip in (False, True))
    np.testing.assert_array_equal(plain.image[:, ::-1], mirrored.image)
    np.testing.assert_array_equal(mirrored.box, [0, 0, 7, 5])
    part = paste.cut_out(images[0], np.array([18.25, 18, 24.75, 23]), True, 0.3)
    np.testing.assert_array_equal(part.box, [0.25, 0, 6.75, 5])
    new_boxes = write(images, given, labels)[1][:, 0]
    assert len({tuple(corner) for corner in new_boxes[:, :2]}) > 30
    assert np.ptp(new_boxes[:, 0]) > 20
    assert np.ptp(new_boxes[:, 1]) > 20


def test_boxes_that_overlap_or_are_ignored_are_no_lesions_to_paste():
    _, given, labels = slices(4, 0)
    labels[0, 0] = box_lists.IGNORED_LABEL
    given[1, 0] = given[1, 1] + 2
    labels[3] = box_lists.EMPTY
    assert paste.lesions(given, labels).tolist() == [[0, 1], [2, 0], [2, 1]]


@pytest.mark.parametrize("box", [(20.0, 20.0, 20.35, 20.35), (19.5, 19.5, 20.5, 20.5)])
def test_a_box_without_the_centre_of_any_pixel_gives_no_lesion(box):
    """Pasted it would change nothing, and yet be taught as a lesion."""
    images, given, labels = slices(2, 0)
    labels[0, 1] = labels[1, 0] = labels[1, 1] = box_lists.EMPTY
    given[0, 0] = box
    assert not paste.lesions(given, labels).size
    copies, _, new_labels, origins = write(images, given, labels)
    assert (new_labels == box_lists.EMPTY).all()
    assert (origins == -1).all()
    np.testing.assert_array_equal(copies, images)
    given[0, 0] = 20, 20, 21, 21  # around the centre of one
    assert paste.lesions(given, labels).tolist() == [[0, 0]]
    assert (write(images, given, labels)[0][1] != images[1]).sum() == 1


def test_without_room_or_donor_a_slice_is_repeated():
    images, given, labels = slices(3, 0)
    given[0, 0] = 0, 0, SIDE, SIDE  # a box all over it
    copies, new_boxes, new_labels, origins = write(images, given, labels)
    assert origins[0] == -1
    assert new_labels[0, 0] == box_lists.EMPTY
    np.testing.assert_array_equal(copies[0], images[0])
    assert (origins[1:] > 0).all()  # its own lesions overlap, so it gives none
    alone = write(images[1:2], given[1:2], labels[1:2])
    assert alone[3].tolist() == [-1]
    assert not new_boxes[0].any()


def test_slices_without_a_box_get_one():
    images, given, labels = slices(4, 0)
    labels[2] = box_lists.EMPTY
    _, _, new_labels, origins = write(images, given, labels)
    assert new_labels[2, 0] >= 0
    assert 2 not in origins
