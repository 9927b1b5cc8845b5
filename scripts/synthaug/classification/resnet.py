"""A small residual network (He et al. 2016, "Deep residual learning for image recognition") for 64x64 gray images.

The form is that of its section 4.2, for small images: 3x3 convolutions throughout, shortcuts without weights, and the
mean of each last map in place of hidden dense layers. It differs in two places. Group normalisation (Wu & He 2018)
stands for batch normalisation: the arms differ in their share of synthetic images, and running means would carry the
statistics of these into the prediction of real images, in each arm to another degree. And the last normalisation of a
block begins at zero (Goyal et al. 2017), so that every block begins as its shortcut.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from synthaug.training import device

GROUPS = 8  # of each normalisation; widths are multiples of it


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut: float (n, before, side, side) to (n, after, side, side).

    Where maps are added, the side is halved: the shortcut takes every second pixel, and its further maps are zeros
    (option A of He et al., section 3.3).
    """

    def __init__(self, before: int, after: int):
        super().__init__()
        self.more = after - before
        self.stride = 2 if self.more else 1
        self.first = nn.Conv2d(before, after, 3, self.stride, padding=1, bias=False)
        self.norm_first = nn.GroupNorm(GROUPS, after)
        self.second = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm_second = nn.GroupNorm(GROUPS, after)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        residual = self.norm_second(self.second(functional.relu(self.norm_first(self.first(maps)))))
        shortcut = functional.pad(maps[..., :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
        return functional.relu(shortcut + residual)


class Resnet(nn.Module):
    """A network that maps images, uint8 (n, 1, 64, 64), to logits, float (n, classes); as `cnn.Cnn` it has `features`.

    Parameters
    ----------
    widths
        Maps of each stage, rising, multiples of `GROUPS`; every stage but the first begins by halving the image.
    blocks
        Residual blocks of each stage, of two convolutions each.
    mean
        float32 (1, 1) or (64, 64), in 0-1, which is subtracted from each image.
    """

    def __init__(self, classes: int, widths: Sequence[int], blocks: int, mean: torch.Tensor):
        super().__init__()
        self.register_buffer("mean", mean)
        self.stem = nn.Conv2d(1, widths[0], 3, padding=1, bias=False)
        self.norm_stem = nn.GroupNorm(GROUPS, widths[0])
        of_blocks = [widths[0], *(width for width in widths for _ in range(blocks))]
        self.blocks = nn.Sequential(*(Block(before, after) for before, after in itertools.pairwise(of_blocks)))
        self.classify = nn.Linear(widths[-1], classes)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the means of the last maps, float (n, widths[-1]), for uint8 ``images`` (n, 1, 64, 64)."""
        maps = functional.relu(self.norm_stem(self.stem(images.float() / 255 - self.mean)))
        return self.blocks(maps).mean((2, 3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classify(self.features(images))


def initialise(network: Resnet, seed: int) -> None:
    """Draw the weights of convolutions after He et al. 2015, those of the last layer after Glorot; biases are zero."""
    generator = device.draws(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
        elif isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            nn.init.zeros_(module.bias)
        elif isinstance(module, Block):
            nn.init.zeros_(module.norm_second.weight)
