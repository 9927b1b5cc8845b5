"""Slices and label maps of images whose answer is known: discs, ramps, stripes."""

import numpy as np
import pytest
import SimpleITK as sitk

from synthaug.cohort import empty_slices
from synthaug.errors import InputError
from synthaug.segmentation import label_maps, slices

WINDOW = {"mode": "window", "low": 0, "high": 100}


def params(side, window=WINDOW):
    return slices.Params(["a", "b"], side, window, 0, None)


def disc(shape, y, x, radius):
    rows, columns = np.indices(shape)
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def centroid(weights):
    return np.array([np.average(axis, weights=weights) for axis in np.indices(weights.shape)])


@pytest.mark.parametrize(("shape", "side"), [((200, 150), 64), ((150, 200), 64), ((256, 256), 64), ((100, 90), 128)])
def test_image_and_label_map_share_one_map(shape, side):
    """A disc has its centre where the formula of the module says, in both, and its area and gray value."""
    y, x, radius = shape[0] * 0.6, shape[1] * 0.3, 20
    mask = disc(shape, y, x, radius)
    gray = slices.gray(np.where(mask, np.float32(100), np.float32(0)), params(side))
    labels = slices.labels(mask.astype(np.uint8) * 2, side)
    long = max(shape)
    padded = np.array([y, x]) + (long - np.array(shape)) // 2
    expected = (padded + 0.5) * side / long - 0.5
    np.testing.assert_allclose(centroid(gray), expected, atol=0.05)
    np.testing.assert_allclose(centroid(labels == 2), expected, atol=0.25)  # of nearest pixels
    area = np.pi * (radius * side / long) ** 2
    assert gray.sum() / 255 == pytest.approx(area, rel=0.02)
    assert np.count_nonzero(labels) == pytest.approx(area, rel=0.06)
    assert set(np.unique(labels)) == {0, 2}
    inside = disc((side, side), *expected, radius * side / long * 0.5)
    assert (gray[inside] == 255).all()
    assert (labels[inside] == 2).all()


def test_a_ramp_keeps_its_values():
    """What is linear in the image is linear after smoothing and sampling: pixel u shows (u + 1/2) L / S - 1/2."""
    ramp = np.tile(np.arange(256, dtype=np.float32), (256, 1))
    for side in (64, 128):
        made = slices.gray(ramp, params(side, {"mode": "window", "low": 0, "high": 255}))
        expected = (np.arange(side) + 0.5) * 256 / side - 0.5
        np.testing.assert_allclose(made[side // 2, 4:-4], expected[4:-4], atol=0.51)


def test_fine_stripes_do_not_alias():
    """Stripes finer than a pixel of the result become even gray; sampled alone they would be black and white."""
    stripes = np.tile(np.float32([0, 100, 100]), (255, 85))
    made = slices.gray(stripes, params(64))[8:-8, 8:-8]
    assert made.mean() == pytest.approx(170, abs=2)
    assert np.ptp(made.astype(int)) < 20


def test_a_slice_of_the_right_size_is_not_resampled():
    values = np.random.default_rng(0).uniform(-50, 150, (64, 64)).astype(np.float32)
    np.testing.assert_array_equal(slices.gray(values, params(64)), np.rint(np.clip(values, 0, 100) * 2.55))
    labels = np.random.default_rng(0).integers(0, 3, (64, 64)).astype(np.uint8)
    np.testing.assert_array_equal(slices.labels(labels, 64), labels)


def test_what_lies_beyond_is_black_and_ground():
    made = slices.gray(np.full((64, 32), 100, np.float32), params(64))
    assert (made[:, :16] == 0).all()
    assert (made[:, 48:] == 0).all()
    assert (made[:, 16:48] == 255).all()
    np.testing.assert_array_equal(slices.labels(np.ones((64, 32), np.uint8), 64) > 0, made > 0)


@pytest.mark.parametrize(("shape", "side"), [((200, 150), 64), ((31, 47), 64), ((512, 512), 128)])
def test_label_maps_are_those_of_another_library(shape, side):
    """SimpleITK's nearest neighbour on the same grid, moved so little that centres lie on no border of pixels."""
    labels = np.random.default_rng(1).integers(0, 4, shape).astype(np.uint8)
    long = max(shape)
    image = sitk.GetImageFromArray(labels)
    image.SetOrigin([float((long - length) // 2) for length in shape[::-1]])
    step, tiny = long / side, 1e-6
    origin = [(step - 1) / 2 + tiny] * 2
    found = sitk.Resample(image, [side] * 2, sitk.Transform(), sitk.sitkNearestNeighbor, origin, [step] * 2)
    np.testing.assert_array_equal(slices.labels(labels, side), sitk.GetArrayFromImage(found))


def test_size_of_pixels():
    assert slices.pixel_mm((512, 400), 0.75, 256) == 1.5
    assert np.isnan(slices.pixel_mm((512, 400), np.nan, 256))


def test_percentiles_of_a_slice_of_one_value():
    percentiles = {"mode": "percentile", "low": 1, "high": 99}
    with pytest.raises(InputError, match="percentiles 1 and 99 are both 7: expected an image with contrast"):
        slices.gray(np.full((64, 64), 7, np.float32), params(64, percentiles))


def masks():
    a, b = np.zeros((2, 6, 6), bool)
    a[1:4, 1:4], b[3:5, 3:5] = True, True
    return {"a": a, "b": b}


@pytest.mark.parametrize(("precedence", "shared"), [(["a", "b"], 1), (["b", "a"], 2)])
def test_precedence_decides_where_classes_overlap(precedence, shared):
    joined = label_maps.join(masks(), (6, 6), ["a", "b"], precedence)
    assert joined[3, 3] == shared
    assert joined[1, 1] == 1
    assert joined[4, 4] == 2
    assert np.count_nonzero(joined) == 12


def test_overlapping_classes_are_one_line():
    with pytest.raises(InputError, match=r"found 1 px in both .*; draw them apart, or list .*precedence") as error:
        label_maps.join(masks(), (6, 6), ["a", "b"], None)
    assert "\n" not in str(error.value)


def test_classes_beside_each_other_need_no_precedence():
    apart = masks()
    apart["b"] &= ~apart["a"]
    joined = label_maps.join(apart, (6, 6), ["a", "b"], None)
    np.testing.assert_array_equal(joined, apart["a"] + 2 * apart["b"])
    assert not label_maps.join({}, (6, 6), ["a", "b"], None).any()


@pytest.mark.parametrize("precedence", [["a"], ["a", "b", "c"], ["a", "a"]])
def test_precedence_names_every_class_once(precedence):
    with pytest.raises(InputError, match="precedence: expected each of the classes a, b once"):
        label_maps.join(masks(), (6, 6), ["a", "b"], precedence)


@pytest.mark.parametrize(
    ("length", "count", "blank", "expected"),
    [
        (10, 0, (), []),
        (10, 1, (), [5]),
        (10, 2, (), [2, 7]),
        (9, 3, (), [1, 4, 7]),
        (3, 5, (), [0, 1, 2]),
        (0, 2, (), []),
        (10, 2, (2,), [3, 7]),
        (3, 2, (0, 1, 2), []),
    ],
)
def test_empty_slices_are_evenly_chosen(length, count, blank, expected):
    assert empty_slices.evenly(range(length), count, blank.__contains__) == expected
