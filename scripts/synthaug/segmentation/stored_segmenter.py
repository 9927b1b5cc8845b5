"""Trained segmenters on disk."""

from pathlib import Path

import torch

from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.segmentation import networks
from synthaug.training import device, weights


def load(folder: Path, where: torch.device) -> networks.Network:
    """Return the trained segmenter whose ``model.json`` and ``weights.safetensors`` lie in ``folder``, on ``where``.

    Raises
    ------
    InputError
        If ``model.json`` describes no segmenter, or the weights are not those of the one that it describes.
    """
    try:
        network = networks.network(artifacts.read_json(folder / "model.json")["params"])
    except KeyError as error:
        raise InputError(
            f"{folder}/model.json: expected the params of a segmenter, found no {error}; delete it and run again"
        ) from error
    weights.load(network, folder / "weights.safetensors")
    return device.place(network, where)
