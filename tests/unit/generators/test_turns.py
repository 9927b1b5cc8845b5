import itertools

import numpy as np
import pytest
import torch

from synthaug.generators import turns


def test_the_bits_give_the_eight_symmetries_of_a_square():
    image = np.arange(9.0).reshape(3, 3)
    bits = np.array([*itertools.product([0, 1], repeat=turns.LABELS)], np.float32)
    found = turns.apply(torch.from_numpy(image).expand(8, 1, 3, 3), torch.from_numpy(bits)).numpy()[:, 0]
    expected = [np.rot90(each, k) for each in (image, image.T) for k in range(4)]
    assert {each.tobytes() for each in found} == {np.ascontiguousarray(each).tobytes() for each in expected}
    assert np.array_equal(found[0], image)
    assert np.array_equal(found[4], image[:, ::-1])  # mirrored alone


@pytest.mark.parametrize(("probability", "expected"), [(0, 0), (0.4, 0.35), (1, 0.875)])
def test_images_are_turned_as_often_as_asked_for(probability, expected):
    """Of those that may be turned, one in eight stays as it is."""
    bits = turns.drawn(np.random.default_rng(0), (50, 100), probability)
    assert bits.shape == (50, 100, turns.LABELS)
    assert bits.any(axis=2).mean() == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(5000))
