"""Anchors are the clusters that boxes were made of."""

import numpy as np
import pytest

from synthaug.detection import anchors
from synthaug.errors import InputError

KNOWN = np.array([[6, 6], [6, 14], [15, 7], [20, 20], [18, 40], [45, 20], [40, 44], [60, 90], [100, 95]], float)


def test_known_clusters_are_found():
    draws = np.random.default_rng(0)
    sizes = np.repeat(KNOWN, draws.integers(20, 60, len(KNOWN)), axis=0)
    sizes = draws.permutation(sizes * draws.uniform(0.95, 1.05, sizes.shape))
    found = anchors.clustered(sizes, 9, np.random.default_rng(1))
    np.testing.assert_allclose(found, KNOWN[np.argsort(KNOWN.prod(1))], rtol=0.02)
    assert anchors.mean_iou(sizes, found) > 0.94


def test_the_result_is_one_of_k_means_with_this_distance():
    """Every centre is the mean of the boxes that are most like it: the IoU counts, and not the distance in px."""
    draws = np.random.default_rng(2)
    sizes = np.exp(draws.normal(3, 0.7, (300, 2)))
    found = anchors.clustered(sizes, 5, np.random.default_rng(0))
    shared = np.minimum(sizes[:, None, 0], found[:, 0]) * np.minimum(sizes[:, None, 1], found[:, 1])
    nearest = (shared / (sizes.prod(1)[:, None] + found.prod(1) - shared)).argmax(1)
    np.testing.assert_allclose(found, [sizes[nearest == cluster].mean(0) for cluster in range(5)])
    assert (np.diff(found.prod(1)) > 0).all()
    euclidean = np.linalg.norm(sizes[:, None] - found, axis=2).argmin(1)
    assert (nearest != euclidean).mean() > 0.02


def test_more_anchors_fit_better():
    sizes = np.exp(np.random.default_rng(3).normal(3, 0.7, (300, 2)))
    fits = [anchors.mean_iou(sizes, anchors.clustered(sizes, count, np.random.default_rng(0))) for count in (1, 3, 9)]
    assert fits[0] < fits[1] < fits[2]


def test_fewer_sizes_than_anchors():
    found = anchors.clustered(np.array([[4.0, 4], [8, 9], [4, 4]]), 9, np.random.default_rng(0))
    assert found.shape == (9, 2)
    assert {tuple(size) for size in found} == {(4.0, 4.0), (8.0, 9.0)}


def test_no_box_is_one_line():
    with pytest.raises(
        InputError, match=r"^anchors: expected a box among the training slices, found none; add lesions"
    ):
        anchors.clustered(np.zeros((0, 2)), 9, np.random.default_rng(0))
