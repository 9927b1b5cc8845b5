"""Bicubic interpolation against closed forms, Keys' kernel in float64, and Pillow's."""

import numpy as np
import pytest
import torch
from PIL import Image

from synthaug.imaging import bicubic

WAVES = ((0.27, 0.05, 60, 0.3), (-0.11, 0.43, 30, 1.1), (0.52, 0.38, 15, 2.0))  # rad/px along x and y, height, phase


def sampled(image, x, y, beyond="border"):
    """Sample at px, the centre of the first one 0."""
    rows, columns = image.shape
    positions = torch.from_numpy(np.stack([(2 * x + 1) / columns - 1, (2 * y + 1) / rows - 1], -1)).float()
    prepared = bicubic.prepare(torch.from_numpy(image.astype(np.float32))[None], beyond)
    return bicubic.sample(prepared, positions[None])[0].numpy()


def keys(distance):
    d = np.abs(distance)
    return np.where(d <= 1, 1.5 * d**3 - 2.5 * d**2 + 1, np.where(d < 2, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2, 0))


def convolved(image, x, y, mode):
    """Sum the 16 pixels around each position in float64, with the image padded by NumPy."""
    wide = np.pad(image.astype(np.float64), 8, mode)
    total = np.zeros(x.shape)
    for j in range(-1, 3):
        for i in range(-1, 3):
            column, row = np.floor(x).astype(int) + i, np.floor(y).astype(int) + j
            total += keys(x - column) * keys(y - row) * wide[row + 8, column + 8]
    return total


@pytest.fixture
def positions():
    """Inside an image of 20 x 13 px and up to 4 px beyond it."""
    random = np.random.default_rng(0)
    return random.uniform(-4, 23, (40, 30)), random.uniform(-4, 16, (40, 30))


@pytest.mark.parametrize(("beyond", "mode"), [("border", "edge"), ("zeros", "constant")])
def test_it_is_keys_kernel_inside_an_image_and_beyond(positions, beyond, mode):
    image = np.random.default_rng(1).normal(0, 50, (13, 20))
    np.testing.assert_allclose(sampled(image, *positions, beyond), convolved(image, *positions, mode), atol=1e-3)


def test_pixels_stay_what_they_are():
    image = np.random.default_rng(1).normal(0, 50, (13, 20))
    y, x = np.mgrid[:13, :20].astype(float)
    np.testing.assert_allclose(sampled(image, x, y), image, atol=1e-3)


def test_a_parabola_is_continued():
    """Which distinguishes a = -0.5 from every other kernel of the family."""

    def parabola(x, y):
        return 0.3 * x**2 - x * y + 0.2 * y**2 + 2 * x - 5

    y, x = np.mgrid[:20, :20].astype(float)
    across, down = np.random.default_rng(0).uniform(2, 17, (2, 30, 30))
    np.testing.assert_allclose(sampled(parabola(x, y), across, down), parabola(across, down), atol=1e-3)


def test_it_enlarges_as_pillow_does():
    image = np.random.default_rng(1).normal(100, 50, (16, 12)).astype(np.float32)
    y, x = (np.mgrid[:80, :60] + 0.5) / 5 - 0.5
    expected = np.asarray(Image.fromarray(image).resize((60, 80), Image.BICUBIC))
    inside = np.s_[10:-10, 10:-10]  # at the border Pillow leaves out what lies beyond
    np.testing.assert_allclose(sampled(image, x, y)[inside], expected[inside], atol=1e-3)


def test_a_known_image_is_followed_to_a_twentieth_of_a_gray_level():
    def waves(x, y):
        return 70 + sum(height * np.sin(u * x + v * y + phase) for u, v, height, phase in WAVES)

    def rms(found):
        return np.sqrt(np.mean((found - waves(across, down)) ** 2))

    y, x = np.mgrid[:60, :60].astype(float)
    across, down = np.random.default_rng(0).uniform(4, 55, (2, 50, 50))
    image = waves(x, y)
    grid = torch.from_numpy(np.stack([(2 * across + 1) / 60 - 1, (2 * down + 1) / 60 - 1], -1))[None]
    of_pytorch = torch.nn.functional.grid_sample(
        torch.from_numpy(image)[None, None], grid, "bicubic", align_corners=False
    )[0, 0].numpy()
    assert rms(sampled(image, across, down)) < 0.05
    assert rms(of_pytorch) > 0.5


def test_the_number_of_threads_and_the_layout_of_positions_change_nothing():
    random = np.random.default_rng(0)
    prepared = bicubic.prepare(torch.from_numpy(random.normal(0, 1, (3, 30, 30)).astype(np.float32)), "zeros")
    positions = torch.from_numpy(random.uniform(-1.1, 1.1, (3, 201, 67, 2)).astype(np.float32))
    once = bicubic.sample(prepared, positions)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert torch.equal(once, bicubic.sample(prepared, positions))
        apart = positions.movedim(-1, 0).contiguous().movedim(0, -1)
        assert torch.equal(once, bicubic.sample(prepared, apart))
    finally:
        torch.set_num_threads(before)
