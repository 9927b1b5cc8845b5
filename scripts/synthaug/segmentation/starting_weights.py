"""Weights of VGG-16 that an FCN-8s starts from instead of random ones: a safetensors file of the user's."""

from pathlib import Path

import torch

from synthaug.errors import InputError
from synthaug.segmentation import fcn8s, networks
from synthaug.training import given_weights

KEY = "segmenter: weights"
ADVICE = "give weights of VGG-16 as torchvision or timm publish them, and its widths, or null"
# The layers that were fully connected, as torchvision and timm call them.
DENSE = {"classifier.0": "fc6", "classifier.3": "fc7", "pre_logits.fc1": "fc6", "pre_logits.fc2": "fc7"}
UNUSED = ("classifier.6", "head.fc")  # the classes of ImageNet


def load(network: networks.Network, path: str | Path) -> None:
    """Take the weights of VGG-16 over into ``network``, which has those of random numbers.

    The file has the tensors ``features.*`` of all convolutions. If it has the dense layers, their weights become those
    of ``fc6`` and ``fc7``; the scores keep their own.

    Raises
    ------
    InputError
        If the network is no FCN-8s, the file cannot be read, or a tensor is missing, unknown, of another shape, or not
        finite.
    """
    if not isinstance(network, fcn8s.Fcn8s):
        raise InputError(f"{KEY}: expected the architecture fcn8s, found {type(network).__name__}; give null")
    found = {_own(name): values for name, values in given_weights.read(path, KEY).items() if _layer(name) not in UNUSED}
    wanted = dict(network.named_parameters())
    for name in wanted:
        if name.startswith("features.") and name not in found:
            raise InputError(f"{KEY}: expected the convolutions of VGG-16, found no {name}; {ADVICE}")
    for name, values in found.items():
        if name not in wanted or name.startswith("score"):
            raise InputError(f"{KEY}: expected the layers of VGG-16, found also {name}; {ADVICE}")
        if values.numel() == wanted[name].numel():
            found[name] = values.reshape(wanted[name].shape)  # rows of a dense layer are maps by rows by columns
        given_weights.check(name, found[name], wanted[name], KEY, ADVICE)
    with torch.no_grad():
        for name, values in found.items():
            wanted[name].copy_(values)


def _layer(name: str) -> str:
    return name.rpartition(".")[0]


def _own(name: str) -> str:
    layer, _, kind = name.rpartition(".")
    return f"{DENSE.get(layer, layer)}.{kind}"
