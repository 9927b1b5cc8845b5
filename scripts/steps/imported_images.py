"""What the imports of all tasks share: their arguments, the user's folders, and what is known of the training."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from steps import command
from synthaug.files import artifacts
from synthaug.generators import imported_files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which generator is imported, from where, and to where."""
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--generator", required=True, help="name of the imported generator")
    parser.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, one digit each")
    parser.add_argument("--folders", required=True, help="JSON: by name of a generator, with {seed}, {folds} and more")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--synthetic-dir", required=True, type=Path)
    parser.add_argument("--generator-dir", required=True, type=Path)


def parser_of_slices(doc: str) -> argparse.ArgumentParser:
    """Return the parser of a script that imports slices, with ``doc`` as its help."""
    parser = command.parser(doc)
    parser.add_argument("--units", required=True, help="slices.csv")
    parser.add_argument("--images", required=True, help="the slices, .npy")
    command.add_files(parser, "folds")
    add_arguments(parser)
    return parser


def cohort_of_slices(arguments: argparse.Namespace) -> imported_files.Cohort:
    """Return the slices and folds that the ``arguments`` of `parser_of_slices` name."""
    return imported_files.Cohort(
        artifacts.read_csv(arguments.units),
        "slice",
        artifacts.read_csv(arguments.folds),
        artifacts.read_array(arguments.images, memory_map=True),
        arguments.seed,
    )


def folder(arguments: argparse.Namespace, folds: str, **more: str) -> Path:
    """Return the user's folder for the training folds ``folds``, and ``more`` that its pattern may name."""
    pattern = json.loads(arguments.folders)[arguments.generator]
    return Path(pattern.format(seed=arguments.seed, folds=folds, **more))


def index_of_slices(count: int, generator: str) -> pd.DataFrame:
    """Return ``index.csv`` of ``count`` slices; of which slice they were made nobody knows."""
    return pd.DataFrame({"sample": range(count), "slice": "", "generator": generator})


def write_model(patients: list[str], images: int, cohort: imported_files.Cohort, params: object, out: Path) -> None:
    """Write what training writes, as far as it is known: all units of ``patients`` as its set, and model.json."""
    record = {
        "imported": True,
        "params": asdict(params),
        "versions": artifacts.versions("numpy", "pandas"),
        "device": "unknown",
        "images": images,
    }
    train_set = imported_files.train_set(patients, cohort.units, cohort.unit)
    artifacts.write_csv(train_set, out / "train_set.csv")
    artifacts.write_json(record, out / "model.json")
