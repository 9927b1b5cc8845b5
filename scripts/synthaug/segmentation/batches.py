"""The batches that a segmenter sees, see `orders.Orders`."""

import functools
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch

from synthaug.segmentation import transformations
from synthaug.training import orders


class Batches:
    """Images and labels of each step of a training.

    Parameters
    ----------
    images, labels
        uint8 (n, side, side); the arrays are not copied on a CPU.
    size
        Images in a batch.
    stream
        Returns the random numbers of the order of an epoch, counted from 1.
    transformed
        Returns what is done to each image in an epoch, see `transformations`; nothing without it.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        size: int,
        where: torch.device,
        stream: Callable[[int], np.random.Generator],
        transformed: Callable[[int], pd.DataFrame] | None = None,
    ):
        self.images, self.labels = (torch.from_numpy(array).to(where) for array in (images, labels))
        self.where = where
        self.orders = orders.Orders(len(images), size, stream)
        self.drawn = functools.lru_cache(maxsize=2)(transformed) if transformed else None

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the images and the labels of a step, counted from 0: uint8 (size, side, side) each."""
        parts = self.orders.parts(step)
        rows = torch.from_numpy(np.concatenate([part for _, part in parts])).to(self.where)
        images, labels = self.images[rows], self.labels[rows]
        if self.drawn is None:
            return images, labels
        table = pd.concat([self.drawn(epoch).iloc[part] for epoch, part in parts], ignore_index=True)
        return transformations.apply(images, labels, table)
