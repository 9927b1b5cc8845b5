"""A classifier comes back from its files as it was; radiomic values are those of known images."""

import numpy as np
import pytest
import torch

from synthaug.quality import embedding

torch.set_num_threads(1)
NAMES = embedding.RADIOMIC_NAMES
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 64, 64), dtype=np.uint8)


def test_radiomic_values_of_a_checkerboard():
    board = np.indices((64, 64)).sum(axis=0) % 2 * 240
    values = dict(zip(NAMES, embedding.radiomic(board[None].astype(np.uint8))[0], strict=True))
    assert values["mean"] == 120
    assert values["sd"] == 120
    assert values["skewness"] == pytest.approx(0, abs=1e-9)
    assert values["kurtosis"] == pytest.approx(-2)  # two values, equally often
    assert values["entropy"] == pytest.approx(1)  # bit
    assert values["contrast 1 px"] == pytest.approx(15**2 / 2)  # levels 0 and 15; diagonal neighbours are equal


def test_radiomic_ignores_flips_and_quarter_turns_and_stands_constant_images():
    changed = np.stack([IMAGES[0], IMAGES[0][::-1], np.rot90(IMAGES[0]), IMAGES[0].T])
    values = embedding.radiomic(changed)
    np.testing.assert_allclose(values, np.tile(values[0], (4, 1)))
    assert np.isfinite(embedding.radiomic(np.full((1, 64, 64), 7, np.uint8))).all()
    assert embedding.radiomic(IMAGES[:0]).shape == (0, len(NAMES))


def test_scales():
    reference = np.random.default_rng(1).normal(3, 2, (200, 4))
    scores = embedding.standardise(reference, reference)
    np.testing.assert_allclose(scores.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scores.std(axis=0), 1)
    assert embedding.standardise(np.full((1, 4), 1e6), reference).max() == embedding.MOST
    constant = np.ones((3, 2))
    np.testing.assert_array_equal(embedding.standardise(constant + 1, constant), 1)
    assert np.mean(embedding.unit_scale(reference, reference) ** 2) == pytest.approx(1)
    assert np.isfinite(embedding.unit_scale(np.zeros((2, 3)), np.zeros((2, 3)))).all()
