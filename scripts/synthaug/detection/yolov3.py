"""YOLOv3 (Redmon and Farhadi 2018): predictions at three scales from the maps of Darknet-53.

At each scale five convolutions, 1x1 and 3x3 in turn, then one 3x3 and one 1x1, which predicts. The result of the five,
by a 1x1 convolution halved in maps and enlarged to twice its side, is joined with the maps of the next finer scale.
"""

import math
from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional

from synthaug.detection import darknet
from synthaug.training import device

SCALES = len(darknet.STRIDES)
ANCHORS_PER_SCALE = 3
ANCHORS = SCALES * ANCHORS_PER_SCALE
OBJECTNESS, CENTRE, SIZE, CLASSES = 0, slice(1, 3), slice(3, 5), slice(5, None)  # of what is predicted at a position
PRIOR, PREDICTING_STD = 0.001, 0.01  # of an untrained network, as Lin et al. 2017 (focal loss) begin with 0.01


class Yolov3(nn.Module):
    """A network that maps slices, uint8 (n, 1, side, side), to predictions, float (n, positions, 1 + 4 + classes).

    A position is one anchor in one cell of one scale; `positions.Positions` says which. Predicted are logits of
    objectness and classes, and the box relative to its position, see `positions.Positions`. Gray values are scaled to
    0..1 here, and slices to ``input_px``, so the file of the weights needs nothing beside it.

    Parameters
    ----------
    classes
        Their number.
    maps
        Of the first convolution, to which those of all others are in proportion; the paper's has `darknet.MAPS`.
    input_px
        Side to which slices are resized for the network, a multiple of 32; None for their own.

    Attributes
    ----------
    anchors
        float32 (9, 2): widths and heights in px of a slice, smallest area first; zeros until they are set.
    """

    def __init__(self, classes: int, maps: int, input_px: int | None = None, channels: int = 1):
        super().__init__()
        self.classes, self.input_px = classes, input_px
        self.body = darknet.Darknet53(maps, channels)
        widths = [maps * 2 ** (1 + stage) for stage in range(len(darknet.BLOCKS))][-SCALES:]
        backwards = widths[::-1]
        joined = [backwards[0], *(width + width // 2 for width in backwards[1:])]
        self.necks = nn.ModuleList(_neck(before, width) for before, width in zip(joined, backwards, strict=True))
        self.raised = nn.ModuleList(darknet.convolution(width // 2, width // 4, 1) for width in backwards[:-1])
        self.heads = nn.ModuleList(_head(width, classes) for width in backwards)
        self.register_buffer("anchors", torch.zeros(ANCHORS, 2))

    def forward(self, slices: torch.Tensor) -> torch.Tensor:
        images = slices.float() / 255
        if self.input_px not in (None, images.shape[-1]):
            images = functional.interpolate(images, (self.input_px, self.input_px), mode="bilinear")
        *finer, maps = self.body(images)
        found = []
        for scale, (neck, head) in enumerate(zip(self.necks, self.heads, strict=True)):
            if scale:
                raised = functional.interpolate(self.raised[scale - 1](maps), scale_factor=2, mode="nearest")
                maps = torch.cat([raised, finer.pop()], 1)
            maps = neck(maps)
            # (n, anchors x values, rows, columns) to (n, rows x columns x anchors, values)
            found.append(head(maps).permute(0, 2, 3, 1).reshape(len(slices), -1, CLASSES.start + self.classes))
        return torch.cat(found[::-1], 1)


def network(shape: Mapping[str, object]) -> Yolov3:
    """Return a network without meaningful weights or anchors.

    Parameters
    ----------
    shape
        ``classes`` (names), ``maps`` and ``input_px``.

    Raises
    ------
    KeyError
        If ``shape`` lacks one of these.
    """
    return Yolov3(len(shape["classes"]), shape["maps"], shape["input_px"])


def initialise(untrained: Yolov3, seed: int) -> None:
    """Draw the weights: those that lead to predictions small, all others after He et al. 2015.

    So at first every position predicts its own box with the objectness `PRIOR`. Else a training would begin
    with pushing down thousands of positions that show nothing.
    """
    generator = device.draws(seed)
    for module in untrained.modules():
        if isinstance(module, nn.Conv2d) and module.bias is None:
            nn.init.kaiming_normal_(module.weight, darknet.LEAK, generator=generator)
    objectness = math.log(PRIOR / (1 - PRIOR))
    for *_, predicting in untrained.heads:
        nn.init.normal_(predicting.weight, 0, PREDICTING_STD, generator=generator)
        nn.init.zeros_(predicting.bias)
        nn.init.constant_(predicting.bias[:: CLASSES.start + untrained.classes], objectness)


def _neck(before: int, width: int) -> nn.Sequential:
    kernels, maps = (1, 3, 1, 3, 1), [before, *(width // 2, width) * 2, width // 2]
    return nn.Sequential(*(darknet.convolution(*maps[n : n + 2], kernel) for n, kernel in enumerate(kernels)))


def _head(width: int, classes: int) -> nn.Sequential:
    predicted = ANCHORS_PER_SCALE * (CLASSES.start + classes)
    return nn.Sequential(darknet.convolution(width // 2, width, 3), nn.Conv2d(width, predicted, 1))
