"""Synthetic images count less than real ones: their part of the loss has a weight below 1."""

from dataclasses import dataclass

import torch
from torch.nn import functional

from synthaug.classification.uses import use


@dataclass(frozen=True)
class Params:
    """What the weighting takes of the config."""

    weight: float
    """Of a synthetic image in the loss; that of a real one is 1."""


class Weight(use.Use):
    """A batch's loss is the weighted sum of the cross-entropies, divided by the number of its images.

    It is not divided by the sum of their weights: then a batch of many synthetic images would make each real one count
    more, and a batch of nothing else would undo the weighting.
    """

    def __init__(self, images: use.Images, params: Params):
        super().__init__(images)
        weights = torch.ones(len(images.labels))
        weights[torch.from_numpy(images.synthetic)] = params.weight
        self.weights = weights.to(images.where)

    def loss(self, logits: torch.Tensor, truth: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        """Return the weighted loss of a step."""
        each = functional.cross_entropy(logits, truth[index], reduction="none")
        return (self.weights[index] * each).mean()
