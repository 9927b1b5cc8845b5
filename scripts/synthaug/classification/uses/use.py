"""What the training loop asks of a way to take the images, and the plain way: every image once an epoch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

Streams = dict[str, np.random.Generator]


@dataclass(frozen=True)
class Images:
    """What a training holds, as far as it decides which image is seen when.

    Attributes
    ----------
    labels
        int64 (n,): the class of each image.
    synthetic
        bool (n,): whether a generator made it.
    batch
        Images of each step.
    epochs
        All of the training; with early stopping the most.
    where
        The device of what the steps take.
    """

    labels: np.ndarray
    synthetic: np.ndarray
    batch: int
    epochs: int
    where: torch.device

    @property
    def steps(self) -> int:
        """The steps of an epoch: as many as it takes to see all images."""
        return -(-len(self.labels) // self.batch)

    @property
    def shown(self) -> int:
        """The images that an epoch shows, so that every batch is full; all images are one batch if there are fewer."""
        return self.steps * min(self.batch, len(self.labels))

    def batches(self, places: np.ndarray) -> Sequence[torch.Tensor]:
        """Return ``places`` (shown,), something of each image that an epoch shows, as those of each step."""
        return torch.from_numpy(places.reshape(self.steps, -1)).to(self.where).unbind()


class Use:
    """The plain way: an epoch shows all images once, in a new order, and the loss is the mean cross-entropy.

    Other ways change one of the methods. What a step takes are tensors: first which images it sees, then whatever
    `images` and `loss` need besides. Nothing is kept from one epoch to the next but the state of the streams, so that a
    training can be resumed within any epoch.
    """

    streams: tuple[str, ...] = ("order",)
    """The names of the random streams that `steps` draws from."""
    judged_from = 1
    """The first epoch that early stopping looks at."""
    last: slice | np.ndarray = slice(None)
    """Which images the last epoch shows: all, or bool (n,)."""

    def __init__(self, images: Images):
        self.held = images

    def steps(self, epoch: int, streams: Streams) -> Iterator[tuple[torch.Tensor, ...]]:
        """Draw an epoch, counted from 1; yield what each of its steps takes. All ways have as many steps."""
        return zip(self.held.batches(self.order(epoch, streams)), strict=True)

    def order(self, epoch: int, streams: Streams) -> np.ndarray:
        """Return which images an epoch shows, int64 (shown,): all, and the first ones again to fill its last batch."""
        return np.resize(streams["order"].permutation(len(self.held.labels)), self.held.shown)

    def images(self, data: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        """Return the images of a step, from all of them, uint8 (n, 1, side, side)."""
        return data[index]

    def loss(self, logits: torch.Tensor, truth: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        """Return the loss of a step, a number, from its logits, float32 (batch, classes), and all labels, (n,)."""
        return functional.cross_entropy(logits, truth[index])


def repeated(stream: np.random.Generator, rows: np.ndarray, count: int) -> np.ndarray:
    """Return ``count`` of ``rows``: all in a random order, then all in another one, and so on, int64 (count,)."""
    orders = [stream.permutation(rows) for _ in range(-(-count // len(rows)))]
    return np.concatenate(orders)[:count]
