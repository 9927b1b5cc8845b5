"""Generators of ROIs, for classification: what the scripts of all families share, training and sampling.

A family that is conditioned on nothing has a generator for each class, one that is conditioned on the class has one
for all of them. ROIs have no masks or boxes.
"""

import argparse
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from steps import command, generator_training, synthetic_pools
from synthaug import seeding
from synthaug.classification import training_images, training_sets
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.generators import family
from synthaug.training import device


def training_parser(doc: str) -> argparse.ArgumentParser:
    """Return the parser of a training script, with ``doc`` as its help."""
    arguments = command.training_parser(doc)
    arguments.add_argument("--train-folds", required=True, help="the folds trained on, a digit each")
    arguments.add_argument("--group", required=True, type=int, help="classic augmentations per fold")
    arguments.add_argument("--cls", required=True, help="the class, or all")
    arguments.add_argument("--params", required=True, help="JSON object of the generator's preset")
    return arguments


def train(kind: family.Family, arguments: argparse.Namespace, log: logging.Logger) -> None:
    """Train a generator of the family ``kind`` on the classic group of the training folds and write its folder.

    Raises
    ------
    InputError
        As `generator_training.run`, and if a parameter is missing or unknown.
    """
    params = command.params(kind.Params, arguments.params)
    names = ("generator", arguments.seed, arguments.train_folds, arguments.cls)
    generator_training.run(kind, params, examples(kind, params, arguments, log), names, arguments.out_dir)


def examples(
    kind: family.Family, params: family.Params, arguments: argparse.Namespace, log: logging.Logger
) -> generator_training.Examples:
    """Return the ROIs that the generator trains on, with their classes if the family asks for them.

    Raises
    ------
    InputError
        If the family is conditioned on what ROIs have not.
    """
    train_set = training_sets.generator_set(
        artifacts.read_csv(arguments.rois),
        artifacts.read_csv(arguments.pool_index, columns=training_sets.POOL_COLUMNS),
        artifacts.read_csv(arguments.folds),
        train_folds=arguments.train_folds,
        group=arguments.group,
        cls=arguments.cls,
        seed=arguments.seed,
        master_seed=params.master_seed,
    )
    images = training_images.gather(
        train_set,
        artifacts.read_array(arguments.roi_images),
        artifacts.read_array(arguments.pool_images, memory_map=True),
        synthetic={},
    )
    log.info("%d images: %s", len(images), train_set["class"].value_counts(sort=False).to_dict())
    return generator_training.Examples(train_set, images, _conditions(kind, params, train_set["class"]))


def sample(kind: family.Family, arguments: argparse.Namespace, log: logging.Logger) -> None:
    """Draw images of each class from the trained generators of the family ``kind`` and write a folder a class.

    Raises
    ------
    InputError
        If a parameter is missing or unknown, or the generators' files are not those of this family.
    """
    settings = json.loads(arguments.params)
    classes = settings.pop("classes")
    sampling = command.params(kind.SamplingParams, json.dumps(settings))
    where = device.pick(sampling)
    command.note(device=device.name(where))
    of_folds = ("generator", arguments.seed, arguments.train_folds)
    for cls, images in drawn(kind, arguments.generators, of_folds, classes, sampling, where):
        facts = {"generator": arguments.generator, "class": cls}
        synthetic_pools.write(images, facts, arguments.out_dir / cls)
        log.info("%d images of class %s", len(images), cls)


def drawn(
    kind: family.Family,
    folder: Path,
    names: tuple[str | int, ...],
    classes: list[str],
    sampling: family.SamplingParams,
    where: torch.device,
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each class and its images, uint8 (n, 64, 64), from the trained generators of the family ``kind``.

    Parameters
    ----------
    folder
        Where the generators lie, in folders of their classes or of all classes.
    names
        The names of their trainings' random streams, without the class.

    Raises
    ------
    InputError
        If the generators' files are not those of this family.
    """
    loaded = {}
    for cls in classes:
        name = training_sets.ALL_CLASSES if kind.conditioned_on == family.CLASS else cls
        if name not in loaded:
            loaded = {name: synthetic_pools.load(kind, folder / name, (*names, name), where)}
        trained, networks = loaded[name]
        conditions = _conditions(kind, trained, pd.Series([cls] * sampling.samples))
        stream = seeding.stream(sampling.master_seed, *names, cls, "samples")
        yield cls, kind.sample(networks, conditions, stream, trained, sampling, where)


def _conditions(kind: family.Family, params: family.Params, classes: pd.Series) -> family.Conditions:
    """Return what images of ``classes`` show, as the family ``kind`` asks for it."""
    if kind.conditioned_on == family.NOTHING:
        return None
    if kind.conditioned_on == family.CLASS:
        return classes.map(params.classes.index).to_numpy(np.int64)
    raise InputError(
        f"architecture: expected one conditioned on nothing or on a class, because ROIs have no more, found "
        f"{params.architecture}, conditioned on {kind.conditioned_on}; choose another one"
    )
