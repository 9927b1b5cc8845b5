"""Batches cut an endless sequence of orders; every arm has as many steps."""

import numpy as np
import pandas as pd
import pytest
import torch

from synthaug import seeding
from synthaug.segmentation import batches, schedule, transformations

CPU = torch.device("cpu")


def source(count, size, transformed=None):
    """Images whose gray value is their number."""
    images = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None], (count, 8, 8)).copy()
    return batches.Batches(images, images, size, CPU, lambda epoch: seeding.stream(1, epoch), transformed)


@pytest.mark.parametrize(("count", "size"), [(10, 4), (3, 8), (6, 6)])
def test_every_epoch_sees_every_image_once_in_its_own_order(count, size):
    epochs = 8
    made = source(count, size)
    seen = [made.batch(step)[0][:, 0, 0] for step in range(schedule.steps(epochs, count, size))]
    assert {len(batch) for batch in seen} == {size}
    sequence = torch.cat(seen).tolist()
    orders = [sequence[first : first + count] for first in range(0, len(sequence) - count + 1, count)]
    assert all(sorted(order) == list(range(count)) for order in orders)
    assert orders == [seeding.stream(1, epoch).permutation(count).tolist() for epoch in range(1, len(orders) + 1)]


def test_a_batch_does_not_depend_on_those_before():
    made = source(10, 4)
    for step in range(7):
        made.batch(step)
    assert torch.equal(made.batch(7)[0], source(10, 4).batch(7)[0])


def test_an_image_is_transformed_as_its_epoch_says():
    def brighter(epoch: int) -> pd.DataFrame:
        table = transformations.draw(np.random.default_rng(0), 5, {})
        return table.assign(brightness=1.0 + epoch)  # twice in the first epoch, three times in the second

    images, labels = source(5, 3, brighter).batch(1)  # its last image is of the second epoch
    assert images[:, 0, 0].tolist() == [2 * labels[0, 0, 0], 2 * labels[1, 0, 0], 3 * labels[2, 0, 0]]


def test_parts_end_with_epochs_and_ends():
    parts = schedule.parts(50, 16, [5, 9])
    assert parts[0][0] == 0
    assert [last for _, last in parts] == [3, 5, 6, 9]
    assert schedule.parts(5, 16, [2]) == [(0, 1), (1, 2)]  # 5 * 16 images are 16 epochs, most of them without a step
    assert schedule.parts(50, 16, [5]) == parts[:2]  # a training that ends earlier has the same ones until then
