from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from tests.helpers import augmentations
from tests.helpers.augmentations import PAPER, REACH

from synthaug import seeding
from synthaug.classification import augment, augmentation_draws, gray_values, rois

PARAMS = rois.Params(
    margin=0.25, scale="replace", antialias=False, padding="edge", intensity={"mode": "window", "low": 0, "high": 255}
)
DIAMETER = 40.0


@pytest.fixture
def crop():
    noise = np.random.default_rng(1).normal(0, 1, (400, 400))
    image = 128 + 400 * ndimage.gaussian_filter(noise, 4)
    return rois.crop(image.astype(np.float32), 200.0, 199.5, DIAMETER, PARAMS, REACH, 0)


def rendered(crop, *, rotation=0.0, flip="none", shift=(0.0, 0.0), surround=np.nan):
    table = augment.identity()
    table.loc[0] = [rotation, flip, *shift, surround]
    return augment.apply(crop, augment.matrices(table, DIAMETER, PARAMS), 0, 255)[0].astype(float)


def test_flips_and_right_angles_are_exact(crop):
    roi = rendered(crop)
    np.testing.assert_allclose(rendered(crop, flip="up-down"), roi[::-1], atol=1)
    np.testing.assert_allclose(rendered(crop, flip="left-right"), roi[:, ::-1], atol=1)
    np.testing.assert_allclose(rendered(crop, flip="both"), roi[::-1, ::-1], atol=1)
    np.testing.assert_allclose(rendered(crop, rotation=180.0), roi[::-1, ::-1], atol=1)
    quarter = rendered(crop, rotation=90.0)
    assert min(np.abs(quarter - np.rot90(roi, k)).max() for k in (1, 3)) <= 1


def test_shift_moves_the_image_by_native_pixels(crop):
    # The ROI shows 60 native px on 64: a shift of 3.75 px is exactly 4 ROI px.
    np.testing.assert_allclose(rendered(crop, shift=(3.75, 0))[:, 4:], rendered(crop)[:, :-4], atol=1)
    np.testing.assert_allclose(rendered(crop, shift=(0, -3.75))[:-4], rendered(crop)[4:], atol=1)


@pytest.mark.parametrize(("mode", "margin"), [("replace", 0.1), ("add", 0.35)])
def test_scale_replaces_or_adds_margin(mode, margin):
    params = rois.Params(**{**vars(PARAMS), "scale": mode})
    table = augment.identity().assign(surround=0.1)
    half = np.linalg.norm(augment.matrices(table, DIAMETER, params)[0, :, 0])
    assert half == pytest.approx(DIAMETER * (1 + 2 * margin) / 2)


def test_one_map_matches_a_float64_spline_reference(crop):
    # A smooth image: the bicubic sampling of the composed map against scipy's cubic spline of the same map.
    table = augmentation_draws.draw(seeding.stream(3, "z"), DIAMETER, PAPER).head(60)
    maps = augment.matrices(table, DIAMETER, PARAMS)
    ours = augment.apply(crop, maps, 0, 255).astype(float)
    unit = (np.arange(64) + 0.5) / 32 - 1
    x, y = np.meshgrid(unit, unit)
    center = (np.array(crop.shape) - 1) / 2
    for image, (a, b) in zip(ours, maps, strict=True):
        columns, rows = a[0] * x + a[1] * y + a[2] + center[1], b[0] * x + b[1] * y + b[2] + center[0]
        reference = ndimage.map_coordinates(crop.astype(np.float64), [rows, columns], order=3, mode="nearest")
        assert np.abs(image - np.clip(reference, 0, 255)).max() < 3


WIDE = {
    "shifts": {"number": 7, "diameters": 0.5, "px": None},
    "scales": {"number": 5, "diameters": [0.5, 1.5]},
    "rotations": {"number": 30, "degrees": [-180, 180]},
}


@pytest.mark.parametrize("choice", [PAPER, replace(PAPER, **WIDE)], ids=["paper", "wide"])
@pytest.mark.parametrize("scale", ["replace", "add"])
def test_every_sampling_position_lies_inside_the_crop(choice, scale):
    params, reach = replace(PARAMS, scale=scale), augmentations.reach(choice)
    for diameter in (12.0, 40.0, 137.0):
        crop = rois.crop(np.zeros((512, 512), np.float32), 200.0, 199.5, diameter, params, reach, 0)
        table = augmentation_draws.draw(seeding.stream(0, "w", str(diameter)), diameter, choice)
        maps = augment.matrices(table, diameter, params)
        corners = np.array([[x, y, 1] for x in (-1, 1) for y in (-1, 1)], dtype=float)
        furthest = np.abs(np.einsum("nij,kj->nki", maps, corners)).max(axis=(0, 1))
        assert (furthest + 2 <= np.array(crop.shape[::-1]) / 2).all()


def test_crop_of_the_papers_reach_holds_what_it_always_held():
    """sqrt(2) (d/2 + 0.4 d + 4 px), rounded up, and 2 px of interpolation on each side."""
    for diameter, half in ((12.0, 23), (40.0, 59), (137.0, 183)):
        image = np.zeros((8, 8), np.float32)
        assert rois.crop(image, 4.0, 4.0, diameter, PARAMS, REACH, 0).shape == (2 * half + 1, 2 * half + 1)


def test_positive_angles_turn_anticlockwise(crop):
    """What lies above the lesion comes to lie left of it."""
    image = np.zeros_like(crop)
    middle = crop.shape[0] // 2
    image[middle - 20 : middle - 14, middle - 3 : middle + 3] = 255
    y, x = ndimage.center_of_mass(rendered(image, rotation=90.0))
    assert x < 20
    assert y == pytest.approx(31.5, abs=2)


def test_gray_values_change_after_sampling_whatever_the_number_of_maps(crop):
    """The change of the 0-255 image, made at once for all images, is that of `apply`, which takes a few at a time."""
    table = augmentation_draws.draw(
        seeding.stream(3, "z"), DIAMETER, replace(PAPER, **augmentations.PRESETS["ultrasound"])
    ).head(100)
    maps = augment.matrices(table, DIAMETER, PARAMS)
    plain = augment.apply(crop, maps, 0, 255)
    ours = augment.apply(crop, maps, 0, 255, table, seeding.stream(3, "noise")).astype(float)
    changed = table["gain"].notna().to_numpy()
    assert 5 < changed.sum() < 30
    np.testing.assert_array_equal(ours[~changed], plain[~changed])
    expected = gray_values.changed(plain.astype(np.float32) / 255, table, seeding.stream(3, "noise")) * 255
    np.testing.assert_allclose(ours[changed], expected[changed], atol=2.5)  # rounded before the change instead of after
    assert np.abs(ours[changed] - plain[changed]).mean() > 5
