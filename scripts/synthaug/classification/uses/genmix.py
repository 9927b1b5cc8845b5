"""Each image is a mixture of a real and a synthetic one of its class, after GenMix (Lee et al. 2024, arXiv 2405.20650).

GenMix generates images and then mixes real with synthetic ones by mixup. Open, and chosen here: both are of one class,
so a mixture keeps its label; the share of the real one is from Beta(a, a), for each image; every real image is seen as
often as another, give or take one, and its partner is any synthetic one of its class, each as likely. An epoch has as
many mixtures as there are images of both kinds, so as many steps as a training on all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from synthaug.classification.uses import use


@dataclass(frozen=True)
class Params:
    """What GenMix takes of the config."""

    beta: float
    """The parameter a."""


class Genmix(use.Use):
    """A step takes its real images, their synthetic partners, and the share of the real ones, float32 (batch,)."""

    streams = ("order", "partner", "share")

    def __init__(self, images: use.Images, params: Params):
        super().__init__(images)
        self.params = params
        self.last = ~images.synthetic
        self.real = np.flatnonzero(~images.synthetic)
        made, classes = np.flatnonzero(images.synthetic), range(images.labels.max() + 1)
        self.made_of = [made[images.labels[made] == cls] for cls in classes]

    def steps(self, epoch: int, streams: use.Streams) -> Iterator[tuple[torch.Tensor, ...]]:
        """Draw an epoch; yield what each of its steps takes."""
        first = use.repeated(streams["order"], self.real, self.held.shown)
        drawn = streams["partner"].random(len(first))
        partners = [self.made_of[self.held.labels[row]] for row in first]
        second = np.array([rows[int(part * len(rows))] for rows, part in zip(partners, drawn, strict=True)])
        share = streams["share"].beta(self.params.beta, self.params.beta, len(first)).astype(np.float32)
        return zip(*(self.held.batches(places) for places in (first, second, share)), strict=True)

    def images(
        self, data: torch.Tensor, index: torch.Tensor, partner: torch.Tensor, share: torch.Tensor
    ) -> torch.Tensor:
        """Return the mixtures of a step, float32."""
        share = share[:, None, None, None]
        return share * data[index] + (1 - share) * data[partner]

    def loss(
        self, logits: torch.Tensor, truth: torch.Tensor, index: torch.Tensor, *mixed: torch.Tensor
    ) -> torch.Tensor:
        """Return the mean cross-entropy: a mixture has the label of both."""
        return super().loss(logits, truth, index)
