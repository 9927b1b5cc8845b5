"""A running average of a network's weights, which generators are sampled from with (Yazıcı et al. 2019)."""

import copy

import torch
from torch import nn


class Average:
    """An exponential average of the weights and of batch normalisation's statistics.

    It begins with shorter memory, (1 + n) / (10 + n) after n updates, so that a short training forgets its start; the
    first update takes the weights over. All on the device, so that no step waits for it (as PyTorch's AveragedModel
    does, which reads its number of updates back).

    Attributes
    ----------
    network
        With the averaged weights.
    """

    def __init__(self, network: nn.Module, decay: float):
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.decay = decay
        self.updates = torch.zeros((), device=next(network.parameters()).device)

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take the weights of ``network``, which must be of the same kind, into the average."""
        keep = torch.clamp((1 + self.updates) / (10 + self.updates), max=self.decay) * (self.updates > 0)
        for average, current in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if average.is_floating_point():
                average.sub_(current).mul_(keep).add_(current)
            else:
                average.copy_(current)
        self.updates += 1
