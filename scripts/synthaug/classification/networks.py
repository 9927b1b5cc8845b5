"""The networks that classify lesions, by the name of their architecture in the config."""

from collections.abc import Mapping

import torch

from synthaug.classification import cnn, resnet

Network = cnn.Cnn | resnet.Resnet


def network(shape: Mapping[str, object], mean: torch.Tensor) -> Network:
    """Return a network without meaningful weights.

    Parameters
    ----------
    shape
        ``architecture``, ``classes`` and ``widths``; of a ``cnn`` also ``kernel``, ``dense`` and ``dropout``, of a
        ``resnet`` ``blocks``.
    mean
        float32 (1, 1) or (64, 64): the mean of the training images.

    Raises
    ------
    KeyError
        If ``shape`` lacks one of these.
    """
    classes, widths = len(shape["classes"]), shape["widths"]
    if shape["architecture"] == "resnet":
        return resnet.Resnet(classes, widths, shape["blocks"], mean)
    return cnn.Cnn(classes, widths, shape["kernel"], shape["dense"], shape["dropout"], mean)


def initialise(untrained: Network, seed: int) -> None:
    """Draw the weights of a network as its architecture does."""
    of = resnet if isinstance(untrained, resnet.Resnet) else cnn
    of.initialise(untrained, seed)
