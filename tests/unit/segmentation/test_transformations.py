"""Slices and label maps are moved alike, in the direction that the words say, and gray values by closed forms."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import ndimage
from tests.helpers import made_slices

from synthaug.segmentation import transformations

NONE = transformations.draw(np.random.default_rng(0), 1, {})


def changed(**values) -> pd.DataFrame:
    return NONE.assign(**values)


def apply(image, label, table):
    images, labels = transformations.apply(torch.from_numpy(image)[None], torch.from_numpy(label)[None], table)
    return images[0].numpy(), labels[0].numpy()


@pytest.fixture(scope="module")
def pair():
    images, labels = made_slices.discs(1, 3, 64)
    return images[0], labels[0]


def test_nothing_drawn_changes_nothing(pair):
    for found, given in zip(apply(*pair, NONE), pair, strict=True):
        np.testing.assert_array_equal(found, given)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"rotation_deg": 90.0}, np.rot90),  # anticlockwise
        ({"rotation_deg": 180.0}, lambda array: array[::-1, ::-1]),
        ({"left_right": True}, np.fliplr),
        ({"up_down": True}, np.flipud),
        ({"left_right": True, "rotation_deg": 90.0}, lambda array: np.rot90(np.fliplr(array))),
        ({"scale": 2.0}, lambda array: np.kron(array, np.ones((2, 2), array.dtype))[32:96, 32:96]),
    ],
)
def test_direction(pair, values, expected):
    image, label = apply(*pair, changed(**values))
    np.testing.assert_array_equal(label, expected(pair[1]))
    if "scale" not in values:
        np.testing.assert_array_equal(image, expected(pair[0]))


def test_shear_moves_rows_against_each_other():
    """10 px of 256: in a slice of 256 px the top row goes 5 px to the left, and the bottom row 5 px to the right."""
    label = np.zeros((256, 256), np.uint8)
    label[:, 120:136] = 1
    _, found = apply(label, label, changed(shear_px=10.0))
    centres = (found * np.arange(256)).sum(1) / found.sum(1)
    np.testing.assert_allclose(centres, 127.5 + 10 * (np.arange(256) - 127.5) / 256, atol=0.51)
    assert (found.sum(1) == 16).all()


@pytest.mark.parametrize("side", [64, 128])
def test_lengths_scale_with_the_side(side):
    """A step blurred by 8 px of 256 is a normal distribution function of as wide a deviation."""
    image = np.zeros((side, side), np.uint8)
    image[:, side // 2 :] = 200
    found, _ = apply(image, image, changed(blur_px=8.0))
    steps = np.diff(found[side // 2].astype(float)) / 200
    place = np.arange(side - 1)
    centre = (steps * place).sum()
    assert np.sqrt((steps * (place - centre) ** 2).sum()) == pytest.approx(8 * side / 256, rel=0.05)


@pytest.mark.parametrize("seed", range(4))
def test_an_image_that_is_its_own_label_map_stays_so(seed):
    """Whatever moves and bends it: the image is above half of its gray value where the label is, within a pixel."""
    _, labels = made_slices.discs(8, seed, 64)
    labels = (labels > 0).astype(np.uint8)
    chances = {
        "rotation_deg": {"probability": 1.0, "range": [-180, 180]},
        "scale": {"probability": 1.0, "range": [0.7, 1.4]},
        "shear_px": {"probability": 1.0, "range": [-20, 20]},
        "bend_px": {"probability": 0.5, "range": [2, 5]},
        "left_right": 0.5,
    }
    table = transformations.draw(np.random.default_rng(seed), 8, chances)
    found, moved = transformations.apply(torch.from_numpy(200 * labels), torch.from_numpy(labels), table)
    image, label = (found > 100).numpy(), moved.numpy().astype(bool)
    assert label.any((1, 2)).sum() >= 7
    for one, other in zip(image, label, strict=True):
        differ = one ^ other
        rim = ndimage.binary_dilation(other) & ~ndimage.binary_erosion(other)
        assert not (differ & ~rim).any()
    areas = labels.sum((1, 2)) * table["scale"].to_numpy() ** 2
    straight = (table["bend_px"] == 0).to_numpy() & ~label[:, [0, -1]].any((1, 2)) & ~label[:, :, [0, -1]].any((1, 2))
    np.testing.assert_allclose(label.sum((1, 2))[straight], areas[straight], rtol=0.1)


def test_labels_are_never_mixed_nor_torn():
    """Between 1 and 3 lies no 2, and a full disc has no hole."""
    y, x = np.mgrid[:64, :64]
    label = np.where((y - 30) ** 2 + (x - 30) ** 2 < 225, np.where(x < 30, 1, 3), 0).astype(np.uint8)
    table = transformations.draw(np.random.default_rng(0), 32, made_slices.TRADITIONAL)
    _, found = transformations.apply(*(torch.from_numpy(np.repeat(label[None], 32, axis=0)) for _ in range(2)), table)
    assert set(np.unique(found)) == {0, 1, 3}
    for each in found.numpy() > 0:
        np.testing.assert_array_equal(ndimage.binary_fill_holes(each), each)


@pytest.mark.parametrize(
    ("values", "formula"),
    [
        ({"brightness": 1.5}, lambda gray: 1.5 * gray),
        ({"gamma": 0.5}, np.sqrt),
        ({"contrast": 0.5}, lambda gray: (gray + gray.mean()) / 2),
    ],
)
def test_gray_values(pair, values, formula):
    image, label = apply(*pair, changed(**values))
    np.testing.assert_allclose(image, 255 * np.clip(formula(pair[0] / 255), 0, 1), atol=0.51)
    np.testing.assert_array_equal(label, pair[1])


def test_noise_has_its_deviation_and_is_that_of_its_seed():
    image = np.full((64, 64), 128, np.uint8)
    found = [apply(image, image, changed(noise=0.08, seed=seed))[0].astype(float) for seed in (1, 1, 2)]
    assert found[0].std() == pytest.approx(0.08 * 255, rel=0.05)
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_draws_lie_in_their_ranges_and_happen_as_often_as_they_should():
    table = transformations.draw(np.random.default_rng(0), 20_000, {**made_slices.TRADITIONAL, "up_down": 0.25})
    for name, chance in made_slices.TRADITIONAL.items():
        low, high = chance["range"]
        drawn = table[name][table[name] != transformations.NEUTRAL[name]]
        assert len(drawn) / len(table) == pytest.approx(chance["probability"], abs=0.015), name
        assert drawn.between(low, high).all()
        assert drawn.mean() == pytest.approx((low + high) / 2, abs=0.02 * (high - low) + 1e-9)
        assert drawn.max() - drawn.min() >= 0.99 * (high - low)
    assert table["up_down"].mean() == pytest.approx(0.25, abs=0.015)
    assert (table["gamma"] == 1).all()
    assert not table["left_right"].any()


def test_one_chance_moves_no_draw_of_another():
    with_gamma = {**made_slices.TRADITIONAL, "gamma": {"probability": 1.0, "range": [0.7, 1.5]}}
    one, other = (transformations.draw(np.random.default_rng(0), 9, c) for c in (made_slices.TRADITIONAL, with_gamma))
    pd.testing.assert_frame_equal(one.drop(columns="gamma"), other.drop(columns="gamma"))
