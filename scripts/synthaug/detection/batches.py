"""The batches that a detector sees: slices transformed anew in every epoch, and where their boxes are learned."""

import functools
from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
import torch

from synthaug.detection import targets, transformations
from synthaug.detection.positions import Positions
from synthaug.training import orders


@dataclass(frozen=True)
class Examples:
    """What a detector trains on.

    Attributes
    ----------
    images
        uint8 (n, side, side).
    boxes, labels
        float32 (n, k, 4) and int64 (n, k), see `box_lists`.
    """

    images: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray


class Batches:
    """The slices of each step of a training, and what is to be found on them.

    Parameters
    ----------
    size
        Slices in a batch.
    chances
        How slices are transformed, see `transformations.draw`.
    stream
        Returns the random numbers of what is named, ``order`` or ``changes``, in an epoch, counted from 1.
    where
        The positions of the network that learns; the batches are put on their device.
    """

    def __init__(
        self,
        examples: Examples,
        size: int,
        chances: dict,
        stream: Callable[[str, int], np.random.Generator],
        where: Positions,
    ):
        self.examples, self.where = examples, where
        self.images = torch.from_numpy(examples.images).to(where.stride.device)
        self.most = transformations.places(examples.labels.shape[1], chances)
        count = len(examples.images)
        self.orders = orders.Orders(count, size, lambda epoch: stream("order", epoch))
        self.drawn = functools.lru_cache(maxsize=2)(
            lambda epoch: transformations.draw(stream("changes", epoch), count, chances)
        )

    def batch(self, step: int) -> tuple[torch.Tensor, ...]:
        """Return the slices of a step, counted from 0, and what `losses.losses` asks for after the predictions.

        Returns
        -------
        tuple
            Slices uint8 (size, side, side), boxes, labels, positions, values and weights.
        """
        given = self.images, self.examples.boxes, self.examples.labels
        parts = [
            transformations.apply(*given, self.drawn(epoch), rows, self.most) for epoch, rows in self.orders.parts(step)
        ]
        images = torch.cat([part[0] for part in parts])
        boxes, labels = (np.concatenate([part[number] for part in parts]) for number in (1, 2))
        truth = astuple(targets.targets(boxes, labels, self.where))
        return images, *(torch.from_numpy(array).to(images.device) for array in (boxes, labels, *truth))
