import numpy as np
from scipy import ndimage

from synthaug.imaging import free_places


def test_places_where_a_shape_fits_are_those_of_a_plain_search():
    draws = np.random.default_rng(1)
    taken = ndimage.binary_dilation(draws.random((20, 20)) < 0.03)
    shape = draws.random((4, 3)) < 0.7
    expected = [[not (taken[r : r + 4, c : c + 3] & shape).any() for c in range(18)] for r in range(17)]
    found = free_places.fits(taken, shape)
    assert 0 < found.sum() < found.size
    np.testing.assert_array_equal(found, expected)


def test_air_and_bone_are_no_tissue_but_noise_is():
    image = np.full((32, 32), 100, np.uint8)
    image[:, :8], image[:, 28:], image[16, 16] = 0, 255, 0
    expected = np.zeros((32, 32), bool)
    expected[:, :8] = expected[:, 28:] = True
    np.testing.assert_array_equal(free_places.other_than_tissue(image, [20, 250], 2), expected)
    expected[16, 16] = True
    np.testing.assert_array_equal(free_places.other_than_tissue(image, [20, 250], 1), expected)
