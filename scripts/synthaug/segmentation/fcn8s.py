"""FCN-8s on the body of VGG-16 (Long et al. 2015), as its authors publish it (fcn.berkeleyvision.org, voc-fcn8s).

The image gets a border of 100 px, so that the 7x7 layer, which was fully connected in VGG-16, fits any side. Scores of
the third and the fourth pooling are added to those of the end; the transposed convolutions between them are bilinear
and are not learned.
"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from synthaug.training import device

CONVOLUTIONS = (2, 2, 3, 3, 3)  # of VGG-16's five stages
BORDER = 100
# Where the centres of two grids coincide: the pixels that are cut off before the scores are added, and at the end.
CUT_POOL4, CUT_POOL3, CUT_END = 5, 9, 31
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, which published weights expect


class Fcn8s(nn.Module):
    """A network that maps images, uint8 (n, 1, side, side), to logits, float (n, classes + 1, side, side).

    Channel 0 is the ground. A gray image is repeated to three channels, and these are scaled as VGG-16's images of
    ImageNet are: so the weights of VGG-16 fit as they are, and the network has as many as the published one.

    Parameters
    ----------
    classes
        The number of classes without the ground.
    widths
        Maps of each of VGG-16's five stages, and of both layers that were fully connected: 64, 128, 256, 512, 512 and
        4096 in the paper.
    dropout
        Share of the latter that is dropped in training; from PyTorch's own stream of the device.
    """

    def __init__(self, classes: int, widths: Sequence[int], dropout: float):
        super().__init__()
        *stages, dense = widths
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)
        self.features = nn.Sequential(*_body(stages))
        self.fc6 = nn.Conv2d(stages[4], dense, 7)
        self.fc7 = nn.Conv2d(dense, dense, 1)
        self.dropout = nn.Dropout(dropout)
        self.score = nn.Conv2d(dense, classes + 1, 1)
        self.score_pool4 = nn.Conv2d(stages[3], classes + 1, 1)
        self.score_pool3 = nn.Conv2d(stages[2], classes + 1, 1)
        self.register_buffer("twice", bilinear(2), persistent=False)
        self.register_buffer("eightfold", bilinear(8), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        side = images.shape[2:]
        maps, pooled = (images.float() / 255 - self.mean) / self.deviation, []
        for layer in self.features:
            maps = layer(maps)
            if isinstance(layer, nn.MaxPool2d):
                pooled.append(maps)
        maps = self.dropout(functional.relu(self.fc6(maps)))
        maps = self.dropout(functional.relu(self.fc7(maps)))
        scores = raised(self.score(maps), self.twice)
        scores = scores + _cut(self.score_pool4(pooled[3]), CUT_POOL4, scores.shape[2:])
        scores = raised(scores, self.twice)
        scores = scores + _cut(self.score_pool3(pooled[2]), CUT_POOL3, scores.shape[2:])
        return _cut(raised(scores, self.eightfold), CUT_END, side)


def _body(widths: Sequence[int]) -> list[nn.Module]:
    """Return VGG-16's convolutions, in the order and so with the names of torchvision's ``features``."""
    layers, before, border = [], 3, BORDER
    for number, after in zip(CONVOLUTIONS, widths, strict=True):
        for _ in range(number):
            layers += [nn.Conv2d(before, after, 3, padding=border), nn.ReLU(inplace=True)]
            before, border = after, 1
        layers.append(nn.MaxPool2d(2, ceil_mode=True))  # as Caffe pools
    return layers


def bilinear(factor: int) -> torch.Tensor:
    """Return the kernel that raises a resolution ``factor`` times, even, by linear interpolation.

    Returns
    -------
    torch.Tensor
        float32 (1, 1, 2 * factor, 2 * factor).
    """
    line = 1 - (torch.arange(2 * factor) - (factor - 0.5)).abs() / factor
    return (line[:, None] * line).view(1, 1, 2 * factor, 2 * factor)


def raised(scores: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Return the transposed convolution, by ``kernel`` of `bilinear`, of each channel of ``scores`` by itself."""
    number, channels, rows, columns = scores.shape
    larger = functional.conv_transpose2d(
        scores.reshape(-1, 1, rows, columns), kernel.to(scores.dtype), stride=kernel.shape[-1] // 2
    )
    return larger.view(number, channels, *larger.shape[2:])


def _cut(scores: torch.Tensor, first: int, size: Sequence[int]) -> torch.Tensor:
    rows, columns = size
    return scores[:, :, first : first + rows, first : first + columns]


def initialise(network: Fcn8s, seed: int) -> None:
    """Draw the weights after He et al. 2015, for a training from scratch; biases and scores are zero, as published."""
    generator = device.draws(seed)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.bias)
            if name.startswith("score"):
                nn.init.zeros_(module.weight)
            else:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
