"""How often a discriminator's images are augmented: as often as keeps it from overfitting (Karras et al. 2020).

A discriminator that learns its training images by heart calls nearly all of them real. Then the images are augmented
more often, and less often while it still errs.
"""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, kw_only=True)
class Params:
    """The keys of `ada`."""

    target: float
    """Mean sign of the scores of real images that is aimed at; the paper takes 0.6."""
    images: int
    """Real images within which the rate may rise from 0 to 1; the paper takes 500,000."""


class Rate:
    """The probability of each augmentation of an image, at first 0.

    Attributes
    ----------
    value
        float (), on the device; changed in place, so that no step waits for it.
    """

    def __init__(self, params: Params, where: torch.device):
        self.params, self.value = params, torch.zeros((), device=where)

    @torch.no_grad()
    def update(self, scores: torch.Tensor) -> torch.Tensor:
        """Raise or lower the rate by the ``scores`` of a batch of real images, float (n,); return it."""
        overfits = scores.sign().mean() - self.params.target
        self.value.add_(overfits.sign() * (len(scores) / self.params.images)).clamp_(0, 1)
        return self.value.clone()
