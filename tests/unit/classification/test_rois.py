import numpy as np
import pytest
from tests.helpers.augmentations import REACH

from synthaug.classification import augment, rois

PARAMS = rois.Params(margin=0.25, scale="replace", antialias=False, intensity={"mode": "window", "low": 0, "high": 100})


def gaussian(center_x, center_y, sigma, shape=(200, 220)):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (100 * np.exp(-((x - center_x) ** 2 + (y - center_y) ** 2) / (2 * sigma**2))).astype(np.float32)


@pytest.mark.parametrize("center", [(100.0, 90.0), (100.5, 90.0), (99.5, 90.5)])
def test_lesion_centre_is_the_geometric_centre_of_crop_and_roi(center):
    crop = rois.crop(gaussian(*center, 8), *center, 30.0, PARAMS, REACH)
    np.testing.assert_allclose(crop, crop[::-1, ::-1], atol=1e-4)
    roi = augment.apply(crop, augment.matrices(augment.identity(), 30.0, PARAMS), 0, 100)[0]
    np.testing.assert_allclose(roi.astype(int), roi[::-1, ::-1].astype(int), atol=1)


def test_roi_shows_the_lesion_and_its_margin():
    # A square whose side is the ROI's field of view fills the ROI exactly; one 2 px smaller leaves a dark frame.
    image = np.zeros((200, 200), np.float32)
    image[70:130, 70:130] = 100  # 60 px wide, centred on 99.5
    maps = augment.matrices(augment.identity(), 40.0, PARAMS)  # 40 (1 + 2 x 0.25) = 60 px
    full = augment.apply(rois.crop(image, 99.5, 99.5, 40.0, PARAMS, REACH), maps, 0, 100)[0]
    assert full[1:-1, 1:-1].min() > 240
    image[:71], image[129:], image[:, :71], image[:, 129:] = 0, 0, 0, 0
    framed = augment.apply(rois.crop(image, 99.5, 99.5, 40.0, PARAMS, REACH), maps, 0, 100)[0]
    assert framed[0].max() < 50
    assert framed[2:-2, 2:-2].min() > 240


def test_crop_is_large_enough_for_every_augmentation_and_repeats_the_edge():
    image = gaussian(5, 5, 8)
    crop = rois.crop(image, 5.0, 5.0, 30.0, PARAMS, REACH)
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
    crop = rois.crop(image, 159.5, 159.5, 128.0, params, REACH)  # 128 x 1.5 = 192 px = 3 x 64
    maps = augment.matrices(augment.identity(), 128.0, params)
    ours = augment.apply(rois.lowpass(crop, 128.0, params), maps, 0, 100)[0] / 2.55
    theirs = resize(image[64:256, 64:256], (64, 64), order=3, anti_aliasing=True)
    assert np.abs(ours[2:-2, 2:-2] - theirs[2:-2, 2:-2]).max() < 1.5
