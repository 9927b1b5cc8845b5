import numpy as np
import pandas as pd
import pytest
from skimage import exposure

from synthaug.classification import gray_values

RANDOM = np.random.default_rng


def table(*rows: tuple[float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=gray_values.COLUMNS)


@pytest.fixture
def images():
    return RANDOM(0).uniform(0, 1, (3, 64, 64)).astype(np.float32)


@pytest.mark.parametrize(("gain", "gamma"), [(1.0, 2.0), (0.5, 1.0), (0.8, 0.6)])
def test_gain_and_gamma_are_those_of_scikit_image(images, gain, gamma):
    ours = gray_values.changed(images, table(*[(gain, gamma, 0.0)] * 3), RANDOM(1))
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, exposure.adjust_gamma(images, gamma, gain), atol=1e-6)


def test_values_stay_within_black_and_white(images):
    bright = gray_values.changed(images, table(*[(3.0, 1.0, 0.0)] * 3), RANDOM(1))
    np.testing.assert_allclose(bright, np.minimum(3 * images, 1), atol=1e-6)
    noisy = gray_values.changed(images, table(*[(1.0, 1.0, 0.9)] * 3), RANDOM(1))
    assert (noisy.min(), noisy.max()) == (0, 1)


def test_noise_has_its_standard_deviation_and_is_each_images_own():
    gray = np.full((2, 200, 200), 0.5, np.float32)
    noise = gray_values.changed(gray, table((1.0, 1.0, 0.05), (1.0, 1.0, 0.1)), RANDOM(1)) - 0.5
    np.testing.assert_allclose(noise.std(axis=(1, 2)), [0.05, 0.1], rtol=0.02)
    np.testing.assert_allclose(noise.mean(axis=(1, 2)), 0, atol=0.002)
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.02


def test_only_images_with_a_change_are_changed(images):
    changes = table((np.nan,) * 3, (2.0, 1.0, 0.0), (np.nan,) * 3)
    found = gray_values.changed(images, changes, RANDOM(1))
    np.testing.assert_array_equal(found[[0, 2]], images[[0, 2]])
    assert found[1].mean() > images[1].mean()
