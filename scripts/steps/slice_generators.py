"""Generators of slices, for segmentation: what they train on, and what their candidates are drawn from.

They train on all slices with a lesion of a share of the training folds' patients, and on nothing else. So does all that
is decided about them.
"""

import argparse
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from steps import command, generator_training, synthetic_pools
from synthaug import seeding
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.generators import family
from synthaug.segmentation import candidate_scores, columns, moved_masks, shares
from synthaug.training import device, weights


@dataclass(frozen=True, kw_only=True)
class SamplingParams(device.Compute):
    """The keys of drawing candidates' images."""

    master_seed: int
    classes: list[str]
    moved_masks: dict
    """Those of `moved_masks.Params`."""


def parser(doc: str) -> argparse.ArgumentParser:
    """Return the parser of a script that works on the slices of a share, with ``doc`` as its help."""
    arguments = command.parser(doc)
    arguments.add_argument("--units", required=True, help="slices.csv")
    arguments.add_argument("--labels", required=True, help="their label maps, .npy")
    arguments.add_argument("--folds", required=True, help="folds.csv")
    arguments.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    arguments.add_argument("--train-folds", required=True, help="the folds trained on, a digit each")
    arguments.add_argument("--share", required=True, help="per mille of their patients")
    arguments.add_argument("--params", required=True, help="JSON object")
    arguments.add_argument("--out-dir", required=True, type=Path)
    return arguments


def parser_of_images(doc: str) -> argparse.ArgumentParser:
    """Return the parser of a script that also reads the pixels of these slices."""
    arguments = parser(doc)
    arguments.add_argument("--images", required=True, help="the slices, .npy")
    return arguments


def slices(arguments: argparse.Namespace, classes: list[str], master_seed: int) -> pd.DataFrame:
    """Return the rows of slices.csv that a generator of the share may see; the index says where the images are.

    They are those with a lesion, as in the paper: a mask without one says nothing about the image.

    Raises
    ------
    InputError
        If there are fewer than two, or a class is on none of them.
    """
    areas = [columns.area(cls) for cls in classes]
    known = shares.training_slices(
        artifacts.read_csv(arguments.units, numbers=areas),
        artifacts.read_csv(arguments.folds, numbers=()),
        arguments.train_folds,
        arguments.share,
        classes=classes,
        seed=arguments.seed,
        master_seed=master_seed,
    )
    rows = known[known[areas].gt(0).any(axis=1)]
    if len(rows) < 2:
        raise InputError(
            f"share {arguments.share}, seed {arguments.seed}, training folds {arguments.train_folds}: expected 2 or "
            f"more slices with a lesion for a generator, found {len(rows)}; raise the share"
        )
    return rows


def pixels(path: Path, rows: pd.DataFrame) -> np.ndarray:
    """Return the images or label maps of ``rows`` from the array of all slices, of which no other is read."""
    return np.asarray(artifacts.read_array(path, memory_map=True)[rows.index])


def stream_names(kind: str, arguments: argparse.Namespace) -> tuple[str | int, ...]:
    """Return the names of the random streams of ``kind``, such as ``generator``, of a seed, its folds and a share."""
    return kind, arguments.seed, arguments.train_folds, arguments.share


def kept_apart(rows: pd.DataFrame) -> pd.Series:
    """Return by slice what a network that judges images must not have seen: its patient.

    Where all are of one patient, each slice stands for itself.
    """
    patients = rows.set_index("slice")["patient"]
    return patients if patients.nunique() > 1 else pd.Series(patients.index, patients.index)


def train(kind: family.Family, arguments: argparse.Namespace, log: logging.Logger) -> None:
    """Train a generator of the family ``kind`` on the slices of a share, and write its folder and its candidates.

    Raises
    ------
    InputError
        As `generator_training.run` and `slices`, and if a parameter is missing or unknown.
    """
    params = command.params(kind.Params, arguments.params)
    rows = slices(arguments, params.classes, params.master_seed)
    table = pd.DataFrame({"source": "slice", "slice": rows["slice"], "rank": -1, "generator": ""})
    examples = generator_training.Examples(table, pixels(arguments.images, rows), pixels(arguments.labels, rows))
    log.info("%d slices of %d patients", len(rows), rows["patient"].nunique())
    names = stream_names("generator", arguments)
    generator_training.run(kind, params, examples, names, arguments.out_dir, params.candidates)


def sample(kind: family.Family, arguments: argparse.Namespace, log: logging.Logger) -> None:
    """Draw one image per training mask and moved copy of it from each candidate; write them, the masks and an index.

    Raises
    ------
    InputError
        As `slices`, if a parameter is missing or unknown, or the generator's files are not those of this family.
    """
    sampling = command.params(SamplingParams, arguments.params)
    where = device.pick(sampling)
    command.note(device=device.name(where))
    rows = slices(arguments, sampling.classes, sampling.master_seed)
    masks, index = _masks(rows, pixels(arguments.labels, rows), sampling, arguments)
    names = stream_names("generator", arguments)
    trained, networks = synthetic_pools.load(kind, arguments.generator, names, where)
    first = kind.networks[0]
    compute = family.SamplingParams(
        master_seed=sampling.master_seed, samples=len(masks), device=sampling.device, threads=sampling.threads,
        precision=trained.precision,
    )  # fmt: skip
    shape = (len(trained.candidates), *masks.shape)
    with artifacts.array_in_parts(arguments.out_dir / "images.npy", shape, np.uint8) as append:
        for epochs in trained.candidates:
            weights.load(networks[first], arguments.generator / f"{first}-{epochs}.safetensors")
            stream = seeding.stream(sampling.master_seed, *names, "samples")
            append(kind.sample(networks, masks, stream, trained, compute, where)[None])
            log.info("%d images after %d epochs", len(masks), epochs)
    artifacts.write_array(masks, arguments.out_dir / "labels.npy")
    artifacts.write_csv(index, arguments.out_dir / "index.csv")


def _masks(
    rows: pd.DataFrame, labels: np.ndarray, sampling: SamplingParams, arguments: argparse.Namespace
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the masks that images are drawn from and their index: the training masks, then the moved copies of all."""
    bounds = command.params(moved_masks.Params, json.dumps(sampling.moved_masks))
    masks, found = [labels], [pd.DataFrame({"slice": rows["slice"], "copy": 0})]
    for copy in range(1, bounds.copies + 1):
        moved = [
            moved_masks.moved(
                mask, bounds,
                seeding.stream(
                    sampling.master_seed, "moved-mask", arguments.seed, arguments.train_folds, name, copy
                ),
            )
            for name, mask in zip(rows["slice"], labels, strict=True)
        ]  # fmt: skip
        masks.append(np.array(moved))
        found.append(found[0].assign(copy=copy))
    index = pd.concat(found, ignore_index=True)
    index.insert(0, "sample", range(len(index)))
    return np.concatenate(masks), index


def drawn(folder: Path, epochs: list[int]) -> candidate_scores.Candidates:
    """Return the images that `sample` wrote of the candidates after ``epochs``."""
    images = dict(zip(epochs, artifacts.read_array(folder / "images.npy"), strict=True))
    index = artifacts.read_csv(folder / "index.csv", numbers=("sample", "copy"))
    return candidate_scores.Candidates(images, artifacts.read_array(folder / "labels.npy"), index)
