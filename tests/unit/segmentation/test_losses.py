"""The losses are PyTorch's, and the formula on areas that are counted."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from synthaug.segmentation import losses


def test_cross_entropy_is_that_of_pytorch():
    logits, labels = torch.randn(2, 3, 5, 4), torch.randint(3, (2, 5, 4), dtype=torch.uint8)
    found = losses.cross_entropy(logits, losses.one_hot(labels, 3))
    torch.testing.assert_close(found, functional.cross_entropy(logits, labels.long()))


def test_soft_dice_of_certain_predictions_is_that_of_areas():
    """A truth of 30 px of class 1 and none of class 2; 20 px of class 1 are found, and 4 px of class 2 besides."""
    truth, predicted = (np.zeros((1, 10, 10), np.uint8) for _ in range(2))
    truth[0, :3], predicted[0, :2], predicted[0, 9, :4] = 1, 1, 2
    logits = 1000 * losses.one_hot(torch.from_numpy(predicted), 3)
    found = losses.soft_dice(logits, losses.one_hot(torch.from_numpy(truth), 3))
    assert found.item() == pytest.approx(((2 * 20 + 1) / (30 + 20 + 1) + (0 + 1) / (4 + 1)) / 2)


def test_soft_dice_takes_a_batch_as_one_image():
    logits, labels = torch.randn(4, 2, 6, 6), torch.randint(2, (4, 6, 6), dtype=torch.uint8)
    tall = torch.cat(list(logits), 1)[None]  # one below the other
    together = losses.soft_dice(tall, losses.one_hot(torch.cat(list(labels))[None], 2))
    torch.testing.assert_close(losses.soft_dice(logits, losses.one_hot(labels, 2)), together)
