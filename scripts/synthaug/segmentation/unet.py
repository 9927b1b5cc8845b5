"""A U-Net as it is built today (Ronneberger et al. 2015, with the changes of nnU-Net, Isensee et al. 2021).

Two 3x3 convolutions at each resolution, each with instance normalisation and a leaky ReLU; the first one of a lower
resolution has stride 2; transposed 2x2 convolutions lead back up, where the maps of the same resolution are joined.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import nn

from synthaug.training import device

LEAK = 0.01


class Unet(nn.Module):
    """A network that maps images, uint8 (n, 1, side, side), to logits, float (n, classes + 1, side, side).

    Channel 0 is the ground. Gray values are scaled to -1..1 here, so the file of the weights needs nothing beside it.

    Parameters
    ----------
    classes
        The number of classes without the ground.
    widths
        Maps at each resolution, the full one first; ``side`` must be a multiple of ``2 ** (len(widths) - 1)``.
    """

    def __init__(self, classes: int, widths: Sequence[int]):
        super().__init__()
        self.down = nn.ModuleList([_convolutions(1, widths[0], 1)])
        self.down.extend(_convolutions(before, after, 2) for before, after in itertools.pairwise(widths))
        backwards = list(itertools.pairwise(reversed(widths)))
        self.raised = nn.ModuleList(nn.ConvTranspose2d(deep, flat, 2, 2) for deep, flat in backwards)
        self.up = nn.ModuleList(_convolutions(2 * flat, flat, 1) for _, flat in backwards)
        self.score = nn.Conv2d(widths[0], classes + 1, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps, joined = images.float() / 127.5 - 1, []
        for stage in self.down:
            maps = stage(maps)
            joined.append(maps)
        joined.pop()
        for raised, stage in zip(self.raised, self.up, strict=True):
            maps = stage(torch.cat([raised(maps), joined.pop()], 1))
        return self.score(maps)


def _convolutions(before: int, after: int, stride: int) -> nn.Sequential:
    layers = []
    for first, step in ((before, stride), (after, 1)):
        # A group of one map each: instance normalisation, by the kernel that knows channels last.
        norm = nn.GroupNorm(after, after)
        layers += [nn.Conv2d(first, after, 3, step, 1, bias=False), norm, nn.LeakyReLU(LEAK, inplace=True)]
    return nn.Sequential(*layers)


def initialise(network: Unet, seed: int) -> None:
    """Draw the weights after He et al. 2015, as nnU-Net does; biases are zero."""
    generator = device.draws(seed)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_normal_(module.weight, LEAK, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
