"""Crops, and boxes that follow them: a bright rectangle of known place, measured in the picture that comes out."""

import numpy as np
import pytest

from synthaug.detection import crops, preprocessing
from synthaug.detection.boxes import box_mask

WINDOW = {"mode": "window", "low": 0, "high": 100}
SHAPE = (180, 140)
ORGAN = (20, 30, 110, 150)  # x0, y0, x1, y1
BOX = np.array([40.0, 60.0, 68.0, 96.0])


def scene():
    """A slice with an organ of 40 and a lesion of 100 in the air, and where the organ is."""
    organ = np.zeros(SHAPE, bool)
    organ[ORGAN[1] : ORGAN[3], ORGAN[0] : ORGAN[2]] = True
    image = 40 * organ.astype(np.float32)
    image[60:96, 40:68] = 100
    return image, organ


def measured(image, level):
    """Return the edges of what is brighter than ``level``, to fractions of a pixel: where half of a pixel is."""
    edges = []
    for axis in (0, 1):
        profile = np.clip((image.max(axis=axis).astype(float) - level) / (image.max() - level), 0, 1)
        inside = np.flatnonzero(profile > 0.5)
        edges.append((inside[0], inside[-1] + 1))
    return [edges[0][0], edges[1][0], edges[0][1], edges[1][1]]


@pytest.mark.parametrize("side", [64, 128, 256])
@pytest.mark.parametrize("crop", crops.CROPS)
@pytest.mark.parametrize("organ", ["none", "morphology"])
def test_boxes_follow_the_picture(crop, side, organ):
    image, mask = scene()
    params = preprocessing.Params(["a"], side, WINDOW, organ, crop, 0)
    made = preprocessing.prepare(image[None], mask[None], params)
    (box,) = made.crop.moved(BOX, side)
    assert made.images.shape == (1, side, side)
    assert made.images.dtype == np.uint8
    assert measured(made.images[0], 102) == pytest.approx(box, abs=1.0)
    lesion = box_mask([box], side) > 0.99
    assert (made.images[0][lesion] > 170).all()
    (organ_box,) = made.crop.moved(np.array(ORGAN, float), side)
    assert made.kept_px[0] == pytest.approx((organ_box[2] - organ_box[0]) * (organ_box[3] - organ_box[1]), rel=0.05)


def test_what_each_crop_shows():
    _, organ = scene()
    assert crops.of(organ, "none") == crops.Crop(-20, 0, 180, 180)
    square = crops.of(organ, "square")
    assert square == crops.Crop(65 - 63, 90 - 63, 126, 126)  # 120 px and 2 %, three whole px, on either side
    stretch = crops.of(organ, "stretch")
    assert stretch == crops.Crop(20 - 2, 30 - 3, 94, 126)
    assert square.scale(63) == (0.5, 0.5)
    assert stretch.scale(63) == (63 / 94, 0.5)
    assert crops.of(np.zeros(SHAPE, bool), "square") == crops.of(organ, "none")


def test_specks_do_not_widen_a_crop():
    _, organ = scene()
    speckled = organ.copy()
    speckled[2, 3] = speckled[170:172, 130] = True
    assert crops.of(speckled, "square") == crops.of(organ, "square")


def test_fine_stripes_do_not_alias():
    stripes = np.tile(np.float32([0, 100, 100]), (255, 85))
    made = crops.Crop(0, 0, 255, 255).resized(stripes, 64, 0)[8:-8, 8:-8]
    assert made.mean() == pytest.approx(200 / 3, abs=1)
    assert made.std() < 3


def test_a_crop_of_its_own_size_is_the_picture():
    image = np.random.default_rng(0).uniform(0, 1, (64, 64)).astype(np.float32)
    np.testing.assert_array_equal(crops.Crop(0, 0, 64, 64).resized(image, 64, 0), image)
    moved = crops.Crop(10, -5, 64, 64).resized(image, 64, 7)
    np.testing.assert_array_equal(moved[5:, :54], image[:59, 10:])
    assert (moved[:5] == 7).all()
    assert (moved[:, 54:] == 7).all()


@pytest.mark.parametrize(("organ", "expected"), [("morphology", 0), ("none", 230)])
def test_what_is_not_the_organ_becomes_black(organ, expected):
    image, mask = scene()
    image[100:110, 125:135] = 90  # beside the organ
    params = preprocessing.Params(["a"], 256, WINDOW, organ, "none", 0)
    made = preprocessing.prepare(image[None], mask[None], params)
    column, row = made.crop.moved(np.array([130.0, 105.0] * 2), 256)[0][:2].astype(int)
    assert made.images[0][row, column] == expected


def test_percentiles_are_those_of_the_organ():
    """With much air and half of it cut off, black and white are still the darkest and the brightest of the organ."""
    image, mask = scene()
    image[mask] = np.linspace(40, 100, mask.sum(), dtype=np.float32)
    params = preprocessing.Params(["a"], 256, {"mode": "percentile", "low": 0, "high": 100}, "none", "none", 0)
    made = preprocessing.prepare(image[None], mask[None], params)
    middle = made.crop.moved(np.array([70.5, 90.5] * 2), 256)[0].astype(int)
    expected = (image[90, 70] - 40) / 60 * 255
    assert made.images[0][middle[1], middle[0]] == pytest.approx(expected, abs=3)


@pytest.mark.parametrize(
    ("box", "removed", "expected"),
    [
        ((40, 60, 60, 80), True, 1),
        ((10, 60, 30, 80), True, 0.5),
        ((10, 60, 30, 80), False, 1),
        ((-100, 60, -80, 80), False, 0),
        ((115, 60, 125, 80), False, 1),
        ((126, 60, 130, 80), False, 0.5),
        ((112, 60, 125, 80), True, 0),
    ],
)
def test_share_of_a_box_that_is_left(box, removed, expected):
    """The organ reaches from x 20 to 110, the crop from 2 to 128."""
    _, organ = scene()
    crop = crops.of(organ, "square")
    assert preprocessing.share_left(np.array(box, float), organ, crop, 64, removed) == pytest.approx(expected, abs=1e-9)
