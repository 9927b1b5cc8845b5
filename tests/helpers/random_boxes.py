"""Boxes of random sizes and places, and anchors for them."""

import numpy as np
import torch

from synthaug.detection import box_lists

ANCHORS = torch.tensor([[5.0, 6], [8, 12], [12, 9], [16, 16], [14, 26], [25, 20], [30, 30], [44, 28], [48, 56]])


def random_boxes(count: int, most: int, side: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes, float64 (count, most, 4), on slices of ``side`` px, with labels, some of them empty or ignored."""
    draws = np.random.default_rng(seed)
    size = np.exp(draws.uniform(np.log(3), np.log(side / 2), (count, most, 2)))
    corner = draws.uniform(0, side - size)
    labels = draws.integers(box_lists.IGNORED_LABEL, 2, (count, most))
    return np.concatenate([corner, corner + size], -1), labels
