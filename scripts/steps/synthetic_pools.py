"""What all sampling scripts share: their arguments, trained generators, and folders of synthetic images.

It knows neither the family nor the task. A task's own module, such as `steps.roi_generators`, says what is shown.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from steps import command
from synthaug.files import artifacts
from synthaug.generators import family
from synthaug.training import device, weights


def parser(doc: str) -> argparse.ArgumentParser:
    """Return the parser of a sampling script, with ``doc`` as its help."""
    arguments = command.parser(doc)
    arguments.add_argument("--generators", required=True, type=Path, help="folder of the trained ones, by class")
    arguments.add_argument("--generator", required=True, help="name of the preset")
    arguments.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    arguments.add_argument("--train-folds", required=True, help="the folds trained on, a digit each")
    arguments.add_argument("--params", required=True, help="JSON object")
    arguments.add_argument("--out-dir", required=True, type=Path, help="gets a folder a class")
    return arguments


def load(
    kind: family.Family, folder: Path, names: tuple[str | int, ...], where: torch.device
) -> tuple[family.Params, dict[str, nn.Module]]:
    """Return a trained generator of the family ``kind`` from its ``folder``.

    Parameters
    ----------
    names
        The names of its training's random streams.

    Returns
    -------
    tuple
        The parameters of its training; the networks that it is sampled with, by name, on the device ``where``.

    Raises
    ------
    InputError
        If a file of weights is damaged or of another network.
    """
    trained = kind.Params(**artifacts.read_json(folder / "model.json")["params"])
    command.note(precision=trained.precision)
    networks = kind.build(trained, names)
    for name in kind.sampled_with:
        weights.load(networks[name], folder / f"{name}.safetensors")
    return trained, {name: device.place(networks[name], where) for name in kind.sampled_with}


def write(images: np.ndarray, facts: dict[str, object], folder: Path) -> None:
    """Write a pool of images and their index.

    Parameters
    ----------
    images
        uint8 (n, side, side).
    facts
        Further columns of the index, such as ``generator``: a value for all images, or one for each.
    """
    artifacts.write_array(images, folder / "images.npy")
    artifacts.write_csv(pd.DataFrame({"sample": range(len(images)), **facts}), folder / "index.csv")
