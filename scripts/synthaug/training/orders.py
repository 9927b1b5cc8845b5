"""The order in which a training sees its images: an endless sequence of random orders of all of them."""

import functools
from collections.abc import Callable

import numpy as np


class Orders:
    """Cuts the sequence into batches that are all full: step t sees its images t * size to (t + 1) * size - 1.

    Nothing is kept from step to step, so a training may begin anywhere.

    Parameters
    ----------
    count
        The number of images.
    size
        Images in a batch.
    stream
        Returns the random numbers of the order of an epoch, counted from 1.
    """

    def __init__(self, count: int, size: int, stream: Callable[[int], np.random.Generator]):
        self.count, self.size = count, size
        self.order = functools.lru_cache(maxsize=2)(lambda epoch: stream(epoch).permutation(count))

    def parts(self, step: int) -> list[tuple[int, np.ndarray]]:
        """Return the batch of a step, counted from 0, by epoch: each epoch and the rows of its images."""
        places = np.arange(step * self.size, (step + 1) * self.size)
        epochs, places = places // self.count + 1, places % self.count
        return [(epoch, self.order(epoch)[places[epochs == epoch]]) for epoch in np.unique(epochs).tolist()]
