"""Mixup (Zhang et al. 2018): each batch is mixed with itself shifted by one place, a share from Beta(a, a) a batch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from synthaug.classification.uses import use


@dataclass(frozen=True)
class Params:
    """What mixup takes of the config."""

    mixup: float
    """The parameter a."""


class Mixup(use.Use):
    """Mixed images, and their labels mixed likewise; the share of the first of two is drawn for each batch."""

    streams = ("order", "mixup")

    def __init__(self, images: use.Images, params: Params):
        super().__init__(images)
        self.params = params

    def steps(self, epoch: int, streams: use.Streams) -> Iterator[tuple[torch.Tensor, ...]]:
        """Draw an epoch; a step also takes the shares of its images and of their partners, float32 (2,)."""
        batches = self.held.batches(self.order(epoch, streams))
        first = streams["mixup"].beta(self.params.mixup, self.params.mixup, len(batches))
        shares = torch.from_numpy(np.column_stack([first, 1 - first])).float().to(self.held.where)
        return zip(batches, shares, strict=True)

    def images(self, data: torch.Tensor, index: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
        """Return each image of a step mixed with the one before it, float32."""
        return share[0] * data[index] + share[1] * data[index.roll(1)]

    def loss(self, logits: torch.Tensor, truth: torch.Tensor, index: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
        """Return the losses of either label, mixed as the images are."""
        of_first = functional.cross_entropy(logits, truth[index])
        return share[0] * of_first + share[1] * functional.cross_entropy(logits, truth[index.roll(1)])
