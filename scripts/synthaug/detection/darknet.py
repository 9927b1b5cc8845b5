"""Darknet-53, the body of YOLOv3 (Redmon and Farhadi 2018, Table 1), without its classifier."""

import torch
from torch import nn

LEAK = 0.1  # slope of the leaky ReLUs below zero
MAPS = 32  # of the first convolution in the paper; each stage has twice those before
BLOCKS = (1, 2, 8, 8, 4)  # residual blocks of the stages, each of which halves the side
STRIDES = (8, 16, 32)  # of the last three stages


class Darknet53(nn.Module):
    """A network that maps images, float (n, 1, side, side), to the maps of its last three stages, finest first.

    Parameters
    ----------
    maps
        Of the first convolution, an even number; the stages have 2, 4, 8, 16 and 32 times as many.
    channels
        Of the images.
    """

    def __init__(self, maps: int, channels: int = 1):
        super().__init__()
        self.first, width = convolution(channels, maps, 3), maps
        self.stages = nn.ModuleList()
        for blocks in BLOCKS:
            residual = [Residual(2 * width) for _ in range(blocks)]
            self.stages.append(nn.Sequential(convolution(width, 2 * width, 3, 2), *residual))
            width *= 2

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        maps, found = self.first(images), []
        for stage in self.stages:
            maps = stage(maps)
            found.append(maps)
        return found[-len(STRIDES) :]


class Residual(nn.Module):
    """Two convolutions, 1x1 to half of the maps and 3x3 back, whose result is added to what they were given."""

    def __init__(self, width: int):
        super().__init__()
        self.change = nn.Sequential(convolution(width, width // 2, 1), convolution(width // 2, width, 3))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps + self.change(maps)


def convolution(before: int, after: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution with batch normalisation and a leaky ReLU, as everywhere in the network but at its ends."""
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(after),
        nn.LeakyReLU(LEAK, inplace=True),
    )
