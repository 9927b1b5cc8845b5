"""What all trainings of generators share: from images and their conditions to the folder of a trained generator.

It knows neither the family nor the task. A task's own module, such as `steps.roi_generators`, gathers the examples.
"""

import copy
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from torch import nn

from steps import command, resumable
from synthaug.files import artifacts
from synthaug.generators import family
from synthaug.training import checkpoints, device, weights

SNAPSHOTS = 8


@dataclass(frozen=True)
class Examples:
    """What a generator trains on.

    Attributes
    ----------
    table
        The training set, a row an image, for ``train_set.csv``.
    images
        uint8 (n, side, side).
    conditions
        What each image shows, of the kind that the family is conditioned on.
    """

    table: pd.DataFrame
    images: np.ndarray
    conditions: family.Conditions


def run(
    kind: family.Family,
    params: family.Params,
    examples: Examples,
    names: tuple[str | int, ...],
    out: Path,
    candidates: Collection[int] = (),
) -> None:
    """Train a generator of the family ``kind``, or go on with its training, and write its folder ``out``.

    The folder gets the weights of each network, ``train_set.csv``, ``history.csv``, ``samples.npy`` (images of the
    same inputs at some epochs, uint8 (snapshots, images, side, side)) and ``model.json``.

    Parameters
    ----------
    names
        The names of this training's random streams.
    candidates
        Epochs (from 1) after which the first network is also kept, in a file of its own: ``generator-10.safetensors``.

    Raises
    ------
    InputError
        If there is no such device, there are too few images or a loss is no longer finite.
    Interrupted
        If the training was asked to stop; it is saved.
    """
    where = device.pick(params)
    params = device.settle(params, where, params.batch, kind.narrowest(params))
    command.note(device=device.name(where), precision=params.precision)
    networks = {name: device.place(network, where) for name, network in kind.build(params, names).items()}
    first = kind.networks[0]
    kept = {epoch: copy.deepcopy(networks[first]).requires_grad_(False) for epoch in candidates}
    epochs = snapshot_epochs(params.epochs)
    identity = {"params": asdict(params), "names": names, "device": device.name(where), "images": _digest(examples)}
    with resumable.trainings() as checkpoint:
        history, samples = kind.train(
            networks, examples.images, examples.conditions, params, names, where,
            shown=epochs, candidates=kept, checkpoint=checkpoint(out, identity),
        )  # fmt: skip
        for name, network in (networks | {f"{first}-{epoch}": network for epoch, network in kept.items()}).items():
            weights.save(network, out / f"{name}.safetensors")
        artifacts.write_csv(examples.table, out / "train_set.csv")
        artifacts.write_csv(pd.DataFrame(history), out / "history.csv")
        artifacts.write_array(np.stack(samples), out / "samples.npy")
        model = {
            "params": asdict(params),
            "versions": artifacts.versions("numpy", "pandas", "safetensors", "torch"),
            "device": device.name(where),
            **_parameters(networks),
            "images": len(examples.images),
            "snapshot_epochs": epochs,
        }
        artifacts.write_json(model, out / "model.json")


def snapshot_epochs(epochs: int) -> list[int]:
    """Return the epochs, at most `SNAPSHOTS`, after which images are taken: more at the start, where most changes."""
    return np.unique(np.geomspace(1, epochs, SNAPSHOTS).round().astype(int)).tolist()


def _digest(examples: Examples) -> str:
    conditions = examples.conditions
    given = [] if conditions is None else [conditions] if isinstance(conditions, np.ndarray) else conditions
    return checkpoints.images_digest(examples.images, *given)


def _parameters(networks: dict[str, nn.Module]) -> dict[str, int]:
    """Return the size of each network: of the first one as ``parameters``, of another one after its name."""
    first, *others = networks
    sizes = {f"{name}_parameters": weights.count(networks[name]) for name in others}
    return {"parameters": weights.count(networks[first]), **sizes}
