"""How many weights and biases the networks have, from their shape alone: no network is built."""

import itertools
from collections.abc import Mapping, Sequence

from synthaug.classification import rois


def parameters(shape: Mapping[str, object], classes: int) -> int:
    """Return the number for ``classifier`` of the config, whichever its architecture."""
    if shape["architecture"] == "resnet":
        return resnet_parameters(shape["widths"], shape["blocks"], classes)
    return cnn_parameters(shape["widths"], shape["kernel"], shape["dense"], classes)


def cnn_parameters(widths: Sequence[int], kernel: int, dense: int, classes: int) -> int:
    """Return the number of the CNN: convolutions with pooling, a hidden dense layer and the output.

    >>> cnn_parameters([32, 64, 128], 5, 128, 3)
    1306115
    """
    convolutions = sum((kernel**2 * before + 1) * after for before, after in itertools.pairwise((1, *widths)))
    flat = widths[-1] * (rois.SIZE // 2 ** len(widths)) ** 2
    return convolutions + (flat + 1) * dense + (dense + 1) * classes


def resnet_parameters(widths: Sequence[int], blocks: int, classes: int) -> int:
    """Return the number of the residual network: 3x3 convolutions, each with a scale and a shift per map; the output.

    >>> resnet_parameters([16, 32, 64, 128], 1, 3)
    299155
    """
    of_blocks = [widths[0], *(width for width in widths for _ in range(blocks))]
    convolutions = [(1, widths[0])]
    for before, after in itertools.pairwise(of_blocks):
        convolutions += [(before, after), (after, after)]
    return sum((9 * before + 2) * after for before, after in convolutions) + (widths[-1] + 1) * classes
