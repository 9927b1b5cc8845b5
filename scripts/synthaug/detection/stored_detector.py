"""Trained detectors on disk."""

from pathlib import Path

import torch

from synthaug.detection import detector, yolov3
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.training import device, weights

RULES = ("classes", "nms_iou", "floor", "most_boxes")


def load(folder: Path, where: torch.device) -> detector.Detector:
    """Return the trained detector whose ``model.json`` and ``weights.safetensors`` lie in ``folder``, on ``where``.

    Raises
    ------
    InputError
        If ``model.json`` describes no detector, or the weights are not those of the one that it describes.
    """
    try:
        params = artifacts.read_json(folder / "model.json")["params"]
        network, rules = yolov3.network(params), {name: params[name] for name in RULES}
    except KeyError as error:
        raise InputError(
            f"{folder}/model.json: expected the params of a detector, found no {error}; delete it and run again"
        ) from error
    weights.load(network, folder / "weights.safetensors")
    return detector.Detector(device.place(network, where), **rules)
