"""The network of the diffusion model: a small U-Net that is told noise level, class and how an image was turned.

The image is unshuffled first, four pixels into four channels, so that all convolutions work at half the side. One
residual block a level on the way down and on the way up; attention in the middle only, where pixels are few.
"""

import itertools
import math

import torch
from torch import nn
from torch.nn import functional

UNSHUFFLED = 2  # pixels of a side that become channels
GROUPS = 8  # of the normalisations, at most
FASTEST = 100.0  # angular frequency of the quickest wave by which the noise level is told


def groups(maps: int) -> int:
    """Return the largest number of groups, at most `GROUPS`, into which ``maps`` divide."""
    return math.gcd(maps, GROUPS)


def doubled(maps: torch.Tensor) -> torch.Tensor:
    """Repeat each pixel twice in both directions; its gradients are sums in a fixed order, on a GPU, too."""
    count, channels, height, width = maps.shape
    repeated = maps[:, :, :, None, :, None].expand(count, channels, height, 2, width, 2)
    return repeated.reshape(count, channels, 2 * height, 2 * width).contiguous(memory_format=torch.channels_last)


class Block(nn.Module):
    """Two convolutions with a shortcut; what the network is told scales and shifts the maps between them."""

    def __init__(self, before: int, after: int, told: int):
        super().__init__()
        self.first = nn.Sequential(
            nn.GroupNorm(groups(before), before), nn.SiLU(), nn.Conv2d(before, after, 3, padding=1)
        )
        self.told = nn.Linear(told, 2 * after)
        self.norm = nn.GroupNorm(groups(after), after)
        self.second = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1) if before != after else nn.Identity()

    def forward(self, maps: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """Return the maps after this block, float (n, after, height, width)."""
        scale, shift = self.told(told)[:, :, None, None].chunk(2, dim=1)
        inner = functional.silu(self.norm(self.first(maps)) * (1 + scale) + shift)
        return self.shortcut(maps) + self.second(inner)


class Attention(nn.Module):
    """Self-attention of all positions, one head, with a shortcut."""

    def __init__(self, maps: int):
        super().__init__()
        self.norm = nn.GroupNorm(groups(maps), maps)
        self.queries_keys_values = nn.Conv2d(maps, 3 * maps, 1)
        self.out = nn.Conv2d(maps, maps, 1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the maps with what each position has read of the others."""
        query, key, value = self.queries_keys_values(self.norm(maps)).flatten(2).transpose(1, 2).chunk(3, dim=2)
        weights = (query @ key.transpose(1, 2) / math.sqrt(query.shape[2])).softmax(2)
        return maps + self.out((weights @ value).transpose(1, 2).unflatten(2, maps.shape[2:]))


class Network(nn.Module):
    """Noisy images, scaled noise levels and labels -> images, all as `edm.denoised` asks for it.

    Images are float (n, 1, side, side), levels float (n,), labels float (n, ``labels``).
    """

    def __init__(self, widths: list[int], labels: int):
        super().__init__()
        told = 4 * widths[0]
        channels = UNSHUFFLED**2
        self.waves = nn.Buffer(torch.exp(torch.linspace(0, math.log(FASTEST), widths[0])), persistent=False)
        self.level = nn.Linear(2 * widths[0], told)
        self.labels = nn.Linear(labels, told, bias=False)
        self.mix = nn.Linear(told, told)
        self.enter = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            Block(before, after, told) for before, after in itertools.pairwise([widths[0], *widths])
        )
        self.middle = nn.ModuleList([Block(widths[-1], widths[-1], told), Block(widths[-1], widths[-1], told)])
        self.attention = Attention(widths[-1])
        below = [*widths[1:], widths[-1]]
        self.up = nn.ModuleList(
            Block(deeper + width, width, told) for deeper, width in reversed([*zip(below, widths, strict=True)])
        )
        self.leave = nn.Sequential(
            nn.GroupNorm(groups(widths[0]), widths[0]), nn.SiLU(), nn.Conv2d(widths[0], channels, 3, padding=1)
        )

    def forward(self, images: torch.Tensor, levels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return what the network predicts, float (n, 1, side, side)."""
        angles = levels[:, None] * self.waves
        told = functional.silu(self.level(torch.cat([angles.sin(), angles.cos()], dim=1)) + self.labels(labels))
        told = functional.silu(self.mix(told))
        maps = self.enter(functional.pixel_unshuffle(images, UNSHUFFLED).contiguous(memory_format=torch.channels_last))
        kept = []
        for number, block in enumerate(self.down):
            maps = block(functional.avg_pool2d(maps, 2) if number else maps, told)
            kept.append(maps)
        first, second = self.middle
        maps = second(self.attention(first(maps, told)), told)
        for number, block in enumerate(self.up):
            maps = doubled(maps) if number else maps
            maps = block(torch.cat([maps, kept.pop()], dim=1), told)
        return functional.pixel_shuffle(self.leave(maps), UNSHUFFLED)

    def last_layers(self) -> list[nn.Module]:
        """Return the layers that begin at zero, so that at first every block is its shortcut and the output is 0."""
        blocks = [*self.down, *self.middle, *self.up]
        return [*(block.second for block in blocks), self.attention.out, self.leave[-1]]
