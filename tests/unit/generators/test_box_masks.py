"""Masks of boxes at any resolution: those of the task, and areas that stay what they are."""

import numpy as np
import pytest
import torch

from synthaug.detection import boxes as boxes_on_slices
from synthaug.generators import box_masks

SIDE = 32
BOXES = [
    np.array([[3.25, 4.5, 11.75, 9.0, 0], [8.0, 7.0, 20.5, 30.0, 1], [18.0, 1.0, 31.0, 6.5, 0]]),
    np.array([[0.0, 0.0, 32.0, 32.0, 1]]),
    np.zeros((0, 5)),
]


def drawn(px: int) -> np.ndarray:
    return box_masks.drawn(torch.from_numpy(box_masks.padded(BOXES)), 2, SIDE, px).numpy()


@pytest.mark.parametrize("px", [4, 8, 32])
def test_masks_are_those_of_the_task(px):
    for found, each in zip(drawn(px), BOXES, strict=True):
        for cls, mask in enumerate(found):
            expected = boxes_on_slices.box_mask(each[each[:, 4] == cls, :4] * (px / SIDE), px)
            np.testing.assert_allclose(mask, expected, atol=1e-6)


def test_images_without_boxes_are_images_too():
    assert box_masks.padded([np.zeros((0, 5))] * 2).shape == (2, 1, 5)
    assert (drawn(8)[2] == 0).all()
    assert (drawn(8)[1, 1] == 1).all()


def test_halving_keeps_areas():
    masks = torch.from_numpy(drawn(32))
    sizes = box_masks.halved(masks, 4)
    assert [each.shape[-1] for each in sizes] == [4, 8, 16, 32]
    for each in sizes:
        torch.testing.assert_close(each.mean((2, 3)), masks.mean((2, 3)))
    # One box alone is the same whether it is drawn small or made smaller.
    one = torch.tensor([[[3.25, 4.5, 11.75, 9.0, 0]]])
    small, large = (box_masks.drawn(one, 1, SIDE, px) for px in (4, 32))
    torch.testing.assert_close(box_masks.halved(large, 4)[0], small)
