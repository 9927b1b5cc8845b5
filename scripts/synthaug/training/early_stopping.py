"""When a training stops before its last epoch: when a loss on images that it does not learn from falls no more.

Prechelt (1998), "Early stopping - but when?", calls it the criterion UP: it stops after a number of epochs in a row
without a new best one, and the weights of the best epoch are used.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn


def best(losses: Sequence[float]) -> int:
    """Return the place of the smallest loss, the first of equal ones.

    >>> best([0.9, 0.5, 0.7, 0.5])
    1
    """
    return int(np.argmin(losses))


def is_over(losses: Sequence[float], patience: int) -> bool:
    """Return whether ``patience`` epochs have passed since the one with the smallest of ``losses``.

    >>> is_over([0.9, 0.5, 0.7], 2), is_over([0.9, 0.5, 0.7, 0.5], 2), is_over([], 1)
    (False, True, False)
    """
    return len(losses) > 0 and len(losses) - 1 - best(losses) >= patience


class Snapshot:
    """A copy of a network's weights and buffers, on its device.

    Attributes
    ----------
    tensors
        By name, for the state of a training, so that an interruption does not lose them.
    """

    def __init__(self, network: nn.Module):
        self.network = network
        self.tensors = {f"best/{name}": value.detach().clone() for name, value in network.state_dict().items()}

    def take(self) -> None:
        """Take the network's weights of now."""
        for kept, value in zip(self.tensors.values(), self.network.state_dict().values(), strict=True):
            kept.copy_(value)

    @torch.no_grad()
    def give_back(self) -> None:
        """Give the network the weights that were taken last."""
        for kept, value in zip(self.tensors.values(), self.network.state_dict().values(), strict=True):
            value.copy_(kept)
