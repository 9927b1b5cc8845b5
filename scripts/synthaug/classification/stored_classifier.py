"""Trained classifiers on disk; not in `weights`, so that a change of the classifier does not retrain generators."""

from pathlib import Path

import torch

from synthaug.classification import networks, rois
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.training import weights


def classifier(folder: Path) -> networks.Network:
    """Return the trained classifier whose ``model.json`` and ``weights.safetensors`` lie in ``folder``.

    Raises
    ------
    InputError
        If ``model.json`` describes no classifier, or the weights are not those of the one that it describes.
    """
    params = artifacts.read_json(folder / "model.json")["params"]
    try:
        mean = torch.zeros((rois.SIZE, rois.SIZE) if params["mean"] == "image" else (1, 1))
        network = networks.network(params, mean)
    except KeyError as error:
        raise InputError(
            f"{folder}/model.json: expected the params of a classifier, found no {error}; delete it and run again"
        ) from error
    weights.load(network, folder / "weights.safetensors")
    return network
