"""Generators of slices with boxes, for detection: what they train on, and what is drawn from them.

They train on slices of the training folds without those of validation patients, and on nothing else. So does all that
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
from synthaug.detection import moved_boxes, slice_table, validation_patients
from synthaug.detection.boxes import BOX
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.generators import family
from synthaug.training import device


@dataclass(frozen=True, kw_only=True)
class TrainingParams:
    """The keys of a training."""

    master_seed: int
    validation: float
    """Share of the training patients who validate, see `validation_patients.split`."""
    empty_slices: bool
    """Whether slices without a lesion are part of the training."""
    preset: dict
    """Those of the family."""


@dataclass(frozen=True, kw_only=True)
class SamplingParams(device.Compute):
    """The keys of drawing images."""

    master_seed: int
    classes: list[str]
    validation: float
    """As in training."""
    samples: int
    """Images for a hundred training slices, with and without lesion; rounded up."""
    moves: dict
    """Those of `moved_boxes.Params`."""


def parser(doc: str) -> argparse.ArgumentParser:
    """Return the parser of a script that works on the slices of the training folds, with ``doc`` as its help."""
    arguments = command.parser(doc)
    arguments.add_argument("--units", required=True, help="slices.csv")
    arguments.add_argument("--boxes", required=True, help="their boxes, boxes.csv")
    arguments.add_argument("--images", required=True, help="their images, .npy")
    command.add_files(arguments, "folds")
    arguments.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    arguments.add_argument("--train-folds", required=True, help="the folds trained on, a digit each")
    arguments.add_argument("--params", required=True, help="JSON object")
    arguments.add_argument("--out-dir", required=True, type=Path)
    return arguments


def learned(arguments: argparse.Namespace, validation: float, master_seed: int) -> slice_table.Slices:
    """Return the slices of the training folds but those of validation patients; no other pixel is read."""
    slices = slice_table.read(arguments.units, arguments.boxes, arguments.images)
    rows, _ = validation_patients.split(
        artifacts.read_csv(arguments.folds), slices.boxes, validation,
        train_folds=arguments.train_folds, seed=arguments.seed, master_seed=master_seed,
    )  # fmt: skip
    return slices.of(rows["slice"].tolist())


def with_lesion(slices: slice_table.Slices) -> np.ndarray:
    """Return whether each slice has a box that is not to be ignored: bool (n,)."""
    return slices.table["slice"].isin(slices.counting.boxes["slice"]).to_numpy()


def boxes_of(slices: slice_table.Slices, classes: list[str]) -> list[np.ndarray]:
    """Return the boxes of each slice as conditions, float64 (k, 5); not those that are to be ignored."""
    counting = slices.counting.boxes
    known = counting[BOX].assign(position=counting["class"].map(classes.index)).astype(float)
    found = {name: rows.to_numpy() for name, rows in known.groupby(counting["slice"].to_numpy(), sort=False)}
    return [found.get(name, np.zeros((0, 5))) for name in slices.table["slice"]]


def stream_names(kind: str, arguments: argparse.Namespace) -> tuple[str | int, ...]:
    """Return the names of the random streams of ``kind``, such as ``generator``, of a seed and its training folds."""
    return kind, arguments.seed, arguments.train_folds


def train(kind: family.Family, arguments: argparse.Namespace, log: logging.Logger) -> None:
    """Train a generator of the family ``kind``, or go on with its training, and write its folder.

    Raises
    ------
    InputError
        As `generator_training.run` and `validation_patients.split`, and if a parameter is missing or unknown or there
        are fewer than two slices to learn from.
    """
    params = command.params(TrainingParams, arguments.params)
    preset = command.params(kind.Params, json.dumps(params.preset))
    known = learned(arguments, params.validation, params.master_seed)
    wanted = with_lesion(known)
    if params.empty_slices:
        wanted = wanted | ~known.table["slice"].isin(known.boxes["slice"]).to_numpy()
    if wanted.sum() < 2:
        raise InputError(
            f"seed {arguments.seed}, training folds {arguments.train_folds}: expected 2 or more slices with a lesion "
            f"for a generator, found {wanted.sum()}; add patients with boxes"
        )
    used = known.of(known.table["slice"][wanted].tolist())
    table = pd.DataFrame({"source": "slice", "slice": used.table["slice"], "rank": -1, "generator": ""})
    log.info("%d slices of %d patients", len(table), used.table["patient"].nunique())
    examples = generator_training.Examples(table, used.images, boxes_of(used, preset.classes))
    generator_training.run(kind, preset, examples, stream_names("generator", arguments), arguments.out_dir)


def sample(
    kind: family.Family, generator: str, trained: Path, arguments: argparse.Namespace, log: logging.Logger
) -> None:
    """Draw images around moved boxes of training slices; write them, their boxes and an index.

    Parameters
    ----------
    generator
        Name of its preset, for the index.
    trained
        Its folder.

    Raises
    ------
    InputError
        If a parameter is missing or unknown, or the generator's files are not those of this family.
    """
    sampling = command.params(SamplingParams, arguments.params)
    where = device.pick(sampling)
    command.note(device=device.name(where))
    known = learned(arguments, sampling.validation, sampling.master_seed)
    count = -(-sampling.samples * len(known.table) // 100)
    boxes, index = _drawn_boxes(known, count, generator, sampling, arguments)
    params, networks = synthetic_pools.load(kind, trained, stream_names("generator", arguments), where)
    compute = family.SamplingParams(
        master_seed=sampling.master_seed, samples=count, device=sampling.device, threads=sampling.threads,
        precision=params.precision,
    )  # fmt: skip
    stream = seeding.stream(sampling.master_seed, *stream_names("generator", arguments), "samples")
    artifacts.write_array(
        kind.sample(networks, boxes, stream, params, compute, where), arguments.out_dir / "images.npy"
    )
    corners = pd.DataFrame(np.concatenate(boxes), columns=[*BOX, "class"])
    corners.insert(0, "sample", np.repeat(np.arange(count), [len(each) for each in boxes]))
    corners.insert(1, "class", [sampling.classes[int(position)] for position in corners.pop("class")])
    artifacts.write_csv(corners, arguments.out_dir / "boxes.csv")
    artifacts.write_csv(index, arguments.out_dir / "index.csv")
    log.info("%d images with %d boxes", count, len(corners))


def _drawn_boxes(
    known: slice_table.Slices, count: int, generator: str, sampling: SamplingParams, arguments: argparse.Namespace
) -> tuple[list[np.ndarray], pd.DataFrame]:
    """Return the boxes of each image to draw, float64 (k, 5), and ``index.csv``."""
    sources = known.of(known.table["slice"][with_lesion(known)].tolist())
    of_rows, of_moves = (
        seeding.stream(sampling.master_seed, *stream_names(kind, arguments)) for kind in ("box-sources", "box-moves")
    )
    rows = moved_boxes.sources(len(sources.table), count, of_rows)
    conditions = boxes_of(sources, sampling.classes)
    bounds = command.params(moved_boxes.Params, json.dumps(sampling.moves))
    organ = moved_boxes.organ(known.images)
    moves = list(moved_boxes.moved([conditions[row][:, :4] for row in rows], organ, bounds, of_moves))
    boxes = [np.column_stack([move.corners, conditions[row][:, 4]]) for move, row in zip(moves, rows, strict=True)]
    columns = ["flip", "shift_x", "shift_y", "zoom"]
    index = pd.DataFrame([(int(m.flip), m.shift_x, m.shift_y, m.zoom) for m in moves], columns=columns)
    names = {"sample": range(count), "slice": sources.table["slice"].to_numpy()[rows], "generator": generator}
    return boxes, pd.DataFrame(names).join(index)
