"""Generator and discriminator that grow from 4 px to their side (Karras et al. 2018) and are shown boxes (Han et al.).

Sizes, normalisation and scaling of weights are those of the paper: section 2 (growth), 3 (minibatch standard
deviation), 4.1 (equalised learning rate), 4.2 (pixelwise normalisation) and table 2 (layers). The masks of the boxes, a
channel a class, are seen beside the maps by the first convolution of each resolution of the generator, and beside the
image by the discriminator.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from synthaug.generators import box_masks, growth

LEAK = 0.2  # slope of the leaky ReLU below zero
EPSILON = 1e-8
HALVING = 32  # px; beyond, twice the side has half the maps
GRIDS = (4, 2, 1)  # of spatial pyramid pooling: cells a side


def maps_at(px: int, most: int) -> int:
    """Return the maps of a resolution: ``most`` up to 32 px, and half as many each time that the side doubles."""
    return max(1, min(most, most * HALVING // px))


def pixel_norm(maps: torch.Tensor) -> torch.Tensor:
    """Return ``maps``, float (n, maps, ...), with a mean square of 1 over the maps at each pixel."""
    return maps * (maps.square().mean(1, keepdim=True) + EPSILON).rsqrt()


def minibatch_deviation(maps: torch.Tensor) -> torch.Tensor:
    """Return ``maps``, float (n, maps, height, width), and one map more, the same value everywhere.

    It is the standard deviation over the batch, averaged over maps and pixels (section 3).
    """
    deviation = (maps.var(0, correction=0) + EPSILON).sqrt().mean()
    return torch.cat([maps, deviation.expand(len(maps), 1, *maps.shape[2:])], dim=1)


def pyramid(maps: torch.Tensor) -> torch.Tensor:
    """Return the maxima of ``maps``, float (n, maps, 4, 4), in 4x4, 2x2 and 1x1 cells: float (n, 21 maps)."""
    side, pooled = maps.shape[-1], []
    for grid in GRIDS:
        cells = maps.unflatten(3, (grid, side // grid)).unflatten(2, (grid, side // grid))
        pooled.append(cells.amax((3, 5)).flatten(1))
    return torch.cat(pooled, dim=1)


def doubled(maps: torch.Tensor) -> torch.Tensor:
    """Return ``maps``, float (n, maps, height, width), with each pixel repeated to 2x2."""
    return functional.interpolate(maps, scale_factor=2, mode="nearest")


def mixed(old: torch.Tensor, new: torch.Tensor, fade: torch.Tensor) -> torch.Tensor:
    """Return ``old`` at a ``fade`` of 0, ``new`` at 1, and in between what lies between; a scalar tensor."""
    return torch.lerp(old, new, fade.to(new.dtype))


class Equalised(nn.Module):
    """A layer whose stored weights are drawn from N(0, 1) and multiplied by He's constant whenever it runs.

    So all of them learn at the same pace (section 4.1).

    Attributes
    ----------
    scale : float
        ``gain`` over the root of the number of inputs of an output.
    """

    def __init__(self, shape: tuple[int, ...], gain: float, biases: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(shape))
        self.bias = nn.Parameter(torch.empty(biases)) if biases else None
        self.scale = gain / math.sqrt(math.prod(shape[1:]))


class Convolution(Equalised):
    """float (n, inputs, height, width) -> float (n, outputs, height, width)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, gain: float = math.sqrt(2)):
        super().__init__((outputs, inputs, kernel, kernel), gain, outputs)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the convolved ``maps``."""
        return functional.conv2d(maps, self.weight * self.scale, self.bias, padding=self.weight.shape[-1] // 2)


class Dense(Equalised):
    """float (n, inputs) -> float (n, outputs)."""

    def __init__(self, inputs: int, outputs: int, gain: float = math.sqrt(2), *, bias: bool = True):
        super().__init__((outputs, inputs), gain, outputs if bias else 0)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the outputs of ``values``."""
        return functional.linear(values, self.weight * self.scale, self.bias)


class Growing(nn.Module):
    """A network of which only the layers up to some resolution run; all of them at first.

    Attributes
    ----------
    side : int
        px, of the images when it is fully grown.
    px : int
        px, of its images now.
    fade : torch.Tensor or None
        How far the layers of this resolution are faded in, a scalar; None if they are in.
    """

    def __init__(self, side: int):
        super().__init__()
        self.side = self.px = side
        self.fade: torch.Tensor | None = None

    def grow(self, px: int, fade: torch.Tensor | None = None) -> None:
        """Let the layers run up to those of ``px``, which are faded in as far as ``fade`` says."""
        self.px, self.fade = px, fade

    def trained(self, px: int) -> list[nn.Parameter]:
        """Return the parameters that images of ``px`` depend on while its layers are faded in, in a fixed order."""
        running = {f"blocks.{each}." for each in growth.resolutions(px)} | {f"images.{px}.", f"images.{px // 2}."}
        return [
            parameter for name, parameter in self.named_parameters()
            if not name.startswith(("blocks.", "images.")) or name.startswith(tuple(running))
        ]  # fmt: skip


class Generator(Growing):
    """Latent vectors, float (n, latent), and boxes, float (n, most, 5) -> images, float (n, 1, px, px).

    The values are not bounded; those of images lie between -1 and 1.
    """

    def __init__(self, side: int, classes: int, latent: int, most: int):
        super().__init__(side)
        self.classes = classes
        width = maps_at(growth.SMALLEST, most)
        self.dense = Dense(latent, width * growth.SMALLEST**2, bias=False)
        self.bias = nn.Parameter(torch.empty(width))
        self.blocks, self.images = nn.ModuleDict(), nn.ModuleDict()
        for px in growth.resolutions(side):
            before, width = width, maps_at(px, most)
            convolutions = [Convolution(before + classes, width)]
            convolutions += [Convolution(width, width)] if px > growth.SMALLEST else []
            self.blocks[str(px)] = nn.ModuleList(convolutions)
            self.images[str(px)] = Convolution(width, 1, kernel=1, gain=1.0)

    def forward(self, z: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
        """Return the images of ``z`` with lesions in ``boxes``."""
        return self.painted(z, box_masks.drawn(boxes, self.classes, self.side, self.px))

    def painted(self, z: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        """Return the images of ``z`` and of the boxes' ``masks``, float (n, classes, px, px)."""
        maps = self.dense(pixel_norm(z)).unflatten(1, (-1, growth.SMALLEST, growth.SMALLEST))
        maps = maps.contiguous(memory_format=torch.channels_last) + self.bias[:, None, None]
        maps = pixel_norm(functional.leaky_relu(maps, LEAK))
        for mask in box_masks.halved(masks, growth.SMALLEST):
            before, px = maps, mask.shape[-1]
            maps = maps if px == growth.SMALLEST else doubled(maps)
            maps = torch.cat([maps, mask.to(maps.dtype)], dim=1)
            for convolution in self.blocks[str(px)]:
                maps = pixel_norm(functional.leaky_relu(convolution(maps), LEAK))
        image = self.images[str(px)](maps)
        if self.fade is None or px == growth.SMALLEST:
            return image
        return mixed(doubled(self.images[str(px // 2)](before)), image, self.fade)


class Discriminator(Growing):
    """Images, float (n, 1, px, px), and the masks of their boxes, float (n, classes, px, px) -> scores, float (n,).

    With ``spatial_pyramid``, what the dense layers see of the last maps is their maxima in cells of three sizes
    (He et al. 2015), not each pixel alone.
    """

    def __init__(self, side: int, classes: int, most: int, *, spatial_pyramid: bool):
        super().__init__(side)
        self.spatial_pyramid = spatial_pyramid
        self.blocks, self.images = nn.ModuleDict(), nn.ModuleDict()
        for px in growth.resolutions(side):
            width, after = maps_at(px, most), maps_at(max(px // 2, growth.SMALLEST), most)
            self.images[str(px)] = Convolution(1 + classes, width, kernel=1)
            last = [Convolution(width + 1, width)] if px == growth.SMALLEST else None
            self.blocks[str(px)] = nn.ModuleList(last or [Convolution(width, width), Convolution(width, after)])
        width = maps_at(growth.SMALLEST, most)
        pixels = sum(grid**2 for grid in GRIDS) if spatial_pyramid else growth.SMALLEST**2
        self.dense = Dense(width * pixels, width)
        self.score = Dense(width, 1, gain=1.0)

    def forward(self, images: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        """Return the scores of ``images`` as images with lesions in the boxes of ``masks``."""
        seen = torch.cat([images, masks], dim=1).contiguous(memory_format=torch.channels_last)
        maps, px = self._read(seen, self.px), self.px
        while px > growth.SMALLEST:
            for convolution in self.blocks[str(px)]:
                maps = functional.leaky_relu(convolution(maps), LEAK)
            maps = functional.avg_pool2d(maps, 2)
            if px == self.px and self.fade is not None:
                maps = mixed(self._read(functional.avg_pool2d(seen, 2), px // 2), maps, self.fade)
            px //= 2
        (last,) = self.blocks[str(px)]
        maps = functional.leaky_relu(last(minibatch_deviation(maps)), LEAK)
        values = pyramid(maps) if self.spatial_pyramid else maps.flatten(1)
        return self.score(functional.leaky_relu(self.dense(values), LEAK)).squeeze(1)

    def _read(self, seen: torch.Tensor, px: int) -> torch.Tensor:
        return functional.leaky_relu(self.images[str(px)](seen), LEAK)


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw the stored weights from N(0, 1) in the order of the parameters; biases are 0."""
    for name, parameter in network.named_parameters():
        if name.endswith("weight"):
            nn.init.normal_(parameter, generator=generator)
        else:
            nn.init.zeros_(parameter)
