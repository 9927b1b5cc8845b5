"""Synthetic images first, then real ones alone, after RoentGen-v2 (Moroianu et al. 2025, arXiv 2508.16783).

There the classifier is trained on synthetic images and then fine-tuned on real ones. Here both together take as many
steps as a training on all of these images mixed: every epoch shows as many images as there are, those of the first
epochs all synthetic, those of the others all real, each repeated as often as it takes. The learning rate and the
optimiser's momentum go on unchanged.
"""

from dataclasses import dataclass

import numpy as np

from synthaug.classification.uses import use


@dataclass(frozen=True)
class Params:
    """What pretraining takes of the config."""

    share: float
    """Of the steps on synthetic images; rounded to whole epochs, at least one, and at least one is left."""


class Pretrain(use.Use):
    """Which images an epoch sees depends on its number. Early stopping looks at the epochs of real images alone."""

    def __init__(self, images: use.Images, params: Params):
        super().__init__(images)
        self.epochs = pretraining_epochs(params.share, images.epochs)
        self.judged_from = self.epochs + 1
        self.last = ~images.synthetic

    def order(self, epoch: int, streams: use.Streams) -> np.ndarray:
        """Return which images an epoch sees: synthetic ones up to the last of pretraining, then real ones."""
        rows = np.flatnonzero(self.held.synthetic == (epoch <= self.epochs))
        return use.repeated(streams["order"], rows, self.held.shown)


def pretraining_epochs(share: float, epochs: int) -> int:
    """Return how many of ``epochs``, two or more, are the ``share`` of pretraining.

    >>> pretraining_epochs(0.5, 150), pretraining_epochs(0.1, 2)
    (75, 1)
    """
    return min(max(round(share * epochs), 1), epochs - 1)
