import numpy as np
import pytest
from tests.helpers.augmentations import REACH

from synthaug.classification import augment, rois

PARAMS = rois.Params(
    margin=0.25, scale="replace", antialias=False, padding="edge", intensity={"mode": "window", "low": 0, "high": 100}
)


def gaussian(center_x, center_y, sigma, shape=(200, 220)):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (100 * np.exp(-((x - center_x) ** 2 + (y - center_y) ** 2) / (2 * sigma**2))).astype(np.float32)


@pytest.mark.parametrize("center", [(100.0, 90.0), (100.5, 90.0), (99.5, 90.5)])
def test_lesion_centre_is_the_geometric_centre_of_crop_and_roi(center):
    crop = rois.crop(gaussian(*center, 8), *center, 30.0, PARAMS, REACH, 0)
    np.testing.assert_allclose(crop, crop[::-1, ::-1], atol=1e-4)
    roi = augment.apply(crop, augment.matrices(augment.identity(), 30.0, PARAMS), 0, 100)[0]
    np.testing.assert_allclose(roi.astype(int), roi[::-1, ::-1].astype(int), atol=1)


def test_roi_shows_the_lesion_and_its_margin():
    # A square whose side is the ROI's field of view fills the ROI exactly; one 2 px smaller leaves a dark frame.
    image = np.zeros((200, 200), np.float32)
    image[70:130, 70:130] = 100  # 60 px wide, centred on 99.5
    maps = augment.matrices(augment.identity(), 40.0, PARAMS)  # 40 (1 + 2 x 0.25) = 60 px
    full = augment.apply(rois.crop(image, 99.5, 99.5, 40.0, PARAMS, REACH, 0), maps, 0, 100)[0]
    assert full[1:-1, 1:-1].min() > 240
    image[:71], image[129:], image[:, :71], image[:, 129:] = 0, 0, 0, 0
    framed = augment.apply(rois.crop(image, 99.5, 99.5, 40.0, PARAMS, REACH, 0), maps, 0, 100)[0]
    assert framed[0].max() < 50
    assert framed[2:-2, 2:-2].min() > 240


def test_crop_is_large_enough_for_every_augmentation_and_repeats_the_edge():
    image = gaussian(5, 5, 8)
    crop = rois.crop(image, 5.0, 5.0, 30.0, PARAMS, REACH, 0)
    half = np.sqrt(2) * (30 / 2 + 0.4 * 30) + 4
    assert min(crop.shape) >= 2 * half + 1
    np.testing.assert_array_equal(crop[0], crop[10])  # rows above the image repeat its first row


def test_lowpass_follows_scikit_image_and_leaves_small_lesions_alone():
    from skimage.transform import resize

    params = rois.Params(**{**vars(PARAMS), "antialias": True})
    small = gaussian(100, 100, 10)
    assert rois.lowpass(small, 20.0, params) is small
    # scikit-image's anti-aliased cubic reduction of the same field of view is an independent account of the ROI.
    rng = np.random.default_rng(0)
    image = rng.normal(50, 15, (320, 320)).astype(np.float32)
    crop = rois.crop(image, 159.5, 159.5, 128.0, params, REACH, 0)  # 128 x 1.5 = 192 px = 3 x 64
    maps = augment.matrices(augment.identity(), 128.0, params)
    ours = augment.apply(rois.lowpass(crop, 128.0, params), maps, 0, 100)[0] / 2.55
    theirs = resize(image[64:256, 64:256], (64, 64), order=3, anti_aliasing=True)
    assert np.abs(ours[2:-2, 2:-2] - theirs[2:-2, 2:-2]).max() < 1.5


@pytest.mark.parametrize(("diameter", "wide"), [(511.0, 1), (640.0, 3), (1024.0, 5)])
def test_a_very_large_roi_is_made_from_a_crop_of_bounded_size_and_shows_the_same(diameter, wide):
    from scipy.ndimage import gaussian_filter
    from skimage.transform import resize

    params = rois.Params(**{**vars(PARAMS), "antialias": True})
    side = round(diameter * 1.5)
    noise = np.random.default_rng(0).normal(0, 1, (side + 64, side + 64))
    image = gaussian_filter(noise, side / 64).astype(np.float32)  # detail of the size of a pixel of the ROI
    image = 50 + image / image.std() * 12
    middle = (len(image) - 1) / 2
    crop = rois.crop(image, middle, middle, diameter, params, REACH, 0)
    assert rois.reduction(diameter, params) == wide
    assert max(crop.shape) < 1500
    maps = augment.matrices(augment.identity(), diameter, params)
    ours = augment.apply(rois.lowpass(crop, diameter, params), maps, 0, 100)[0] / 2.55
    theirs = resize(image[32 : 32 + side, 32 : 32 + side], (64, 64), order=3, anti_aliasing=True)
    assert np.abs(ours[3:-3, 3:-3] - theirs[3:-3, 3:-3]).max() < 0.7
    assert theirs.std() > 5


@pytest.mark.parametrize("padding", ["edge", "constant", "reflect"])
@pytest.mark.parametrize("center", [(40.0, 12.5), (38.5, 30.0)])
def test_pixels_of_a_reduced_crop_are_means_of_squares_of_the_padded_image(padding, center):
    image = np.random.default_rng(0).normal(50, 15, (60, 81)).astype(np.float32)
    params = rois.Params(**{**vars(PARAMS), "padding": padding})
    crop = rois.crop(image, *center, 700.0, params, REACH, -60)
    values = {"constant_values": -60} if padding == "constant" else {}
    padded = np.pad(image, 1400, padding, **values).astype(float)
    (x, y), (rows, columns) = center, (3 * count for count in crop.shape)
    top, left = (round(1400 + middle - (count - 1) / 2) for middle, count in ((y, rows), (x, columns)))
    squares = padded[top : top + rows, left : left + columns].reshape(rows // 3, 3, columns // 3, 3)
    np.testing.assert_allclose(crop, squares.mean(axis=(1, 3)), atol=1e-4)


@pytest.mark.parametrize(
    ("padding", "reference"),
    [
        ("edge", {"mode": "edge"}),
        ("constant", {"mode": "constant", "constant_values": -60}),
        ("reflect", {"mode": "reflect"}),
    ],
)
@pytest.mark.parametrize("center", [(5.0, 12.5), (38.0, 3.0)])
def test_what_lies_beyond_the_image_is_as_numpy_pads(padding, reference, center):
    """The crop reaches beyond all four borders; reflected, it is mirrored more than once."""
    image = np.random.default_rng(0).normal(50, 15, (30, 41)).astype(np.float32)
    crop = rois.crop(image, *center, 50.0, rois.Params(**{**vars(PARAMS), "padding": padding}), REACH, -60)
    padded = np.pad(image, 200, **reference)
    (x, y), (rows, columns) = center, crop.shape
    top, left = (round(200 + middle - (count - 1) / 2) for middle, count in ((y, rows), (x, columns)))
    np.testing.assert_array_equal(crop, padded[top : top + rows, left : left + columns])
    assert rows > 30
    assert columns > 41


@pytest.mark.parametrize(
    ("center", "expected"),
    [
        ((50.0, 40.0), 0),
        ((14.5, 40.0), 0),  # 20 (1 + 2 x 0.25) = 30 px wide, so it begins at -0.5, the border
        ((-0.5, 40.0), 1 / 2),
        ((7.0, 40.0), 7.5 / 30),
        ((99.5, -0.5), 3 / 4),  # at a corner
    ],
)
def test_share_of_a_roi_beyond_the_image(center, expected):
    assert rois.share_beyond((80, 100), *center, 20.0, 0.25) == pytest.approx(expected)


def test_share_beyond_is_that_of_the_pixels_of_a_roi():
    """Constant padding paints the share; the rest of the image is white."""
    params = rois.Params(**{**vars(PARAMS), "padding": "constant"})
    image = np.full((300, 300), 100, np.float32)
    crop = rois.crop(image, 20.0, 40.0, 120.0, params, REACH, 0)
    roi = augment.apply(crop, augment.matrices(augment.identity(), 120.0, params), 0, 100)[0]
    share = rois.share_beyond(image.shape, 20.0, 40.0, 120.0, params.margin)
    assert (roi < 128).mean() == pytest.approx(share, abs=1 / 64)
    assert share > 0.4
