import numpy as np
import pytest
from scipy import ndimage

from synthaug import seeding
from synthaug.classification import augment, rois

PARAMS = rois.Params(margin=0.25, scale="replace", antialias=False, intensity={"mode": "window", "low": 0, "high": 255})
DIAMETER = 40.0


@pytest.fixture
def crop():
    noise = np.random.default_rng(1).normal(0, 1, (400, 400))
    image = 128 + 400 * ndimage.gaussian_filter(noise, 4)
    return rois.crop(image.astype(np.float32), 200.0, 199.5, DIAMETER, PARAMS)


def rendered(crop, *, rotation=0.0, flip="none", shift=(0.0, 0.0), surround=np.nan):
    table = augment.identity()
    table.loc[0] = [rotation, flip, *shift, surround]
    return augment.apply(crop, augment.matrices(table, DIAMETER, PARAMS), 0, 255)[0].astype(float)


def test_counts_are_the_papers():
    assert augment.PER_LESION == 30 * (1 + 3 + 7 + 5) == 480
    table = augment.draw(seeding.stream(0, "x"), 25.0)
    assert len(table) == 480
    assert table["rotation_deg"].nunique() == 30
    kinds = table.assign(
        flipped=table["flip"] != "none", moved=table["shift_x_px"] != 0, scaled=table["surround"].notna()
    )
    counts = kinds.groupby("rotation_deg")[["flipped", "moved", "scaled"]].sum()
    assert (counts == [3, 7, 5]).all().all()
    assert (kinds[["flipped", "moved", "scaled"]].sum(axis=1) <= 1).all()


@pytest.mark.parametrize(("diameter", "reach"), [(12.0, 1.2), (40.0, 4.0), (120.0, 4.0)])
def test_ranges_are_the_papers(diameter, reach):
    table = augment.draw(seeding.stream(0, "y"), diameter)
    assert table["rotation_deg"].between(0, 180).all()
    shifts = table[["shift_x_px", "shift_y_px"]].to_numpy()
    assert np.abs(shifts).max() <= reach
    assert np.abs(shifts).max() > 0.9 * reach
    assert table["surround"].dropna().between(0.1, 0.4).all()


def test_draws_replay_and_differ_between_lesions():
    first = augment.draw(seeding.stream(0, "pool", "a"), 25.0)
    assert first.equals(augment.draw(seeding.stream(0, "pool", "a"), 25.0))
    assert not first.equals(augment.draw(seeding.stream(0, "pool", "b"), 25.0))


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
    # A smooth image: the torch bicubic sampling of the composed map against scipy's cubic spline of the same map.
    table = augment.draw(seeding.stream(3, "z"), DIAMETER).head(60)
    maps = augment.matrices(table, DIAMETER, PARAMS)
    ours = augment.apply(crop, maps, 0, 255).astype(float)
    unit = (np.arange(64) + 0.5) / 32 - 1
    x, y = np.meshgrid(unit, unit)
    center = (np.array(crop.shape) - 1) / 2
    for image, (a, b) in zip(ours, maps, strict=True):
        columns, rows = a[0] * x + a[1] * y + a[2] + center[1], b[0] * x + b[1] * y + b[2] + center[0]
        reference = ndimage.map_coordinates(crop.astype(np.float64), [rows, columns], order=3, mode="nearest")
        assert np.abs(image - np.clip(reference, 0, 255)).max() < 3


def test_every_sampling_position_lies_inside_the_crop():
    for diameter in (12.0, 40.0, 137.0):
        crop = rois.crop(np.zeros((512, 512), np.float32), 200.0, 199.5, diameter, PARAMS)
        maps = augment.matrices(augment.draw(seeding.stream(0, "w", str(diameter)), diameter), diameter, PARAMS)
        corners = np.array([[x, y, 1] for x in (-1, 1) for y in (-1, 1)], dtype=float)
        reach = np.abs(np.einsum("nij,kj->nki", maps, corners)).max(axis=(0, 1))
        assert (reach + 2 <= np.array(crop.shape[::-1]) / 2).all()
