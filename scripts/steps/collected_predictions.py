"""The folders of all models, and their predictions in one table."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from steps import command
from synthaug.errors import InputError
from synthaug.files import artifacts

RUN = ("arm", "size", "seed", "folds")  # what names a model, and the first columns of the table


def parser(doc: str) -> argparse.ArgumentParser:
    """Return the parser of a script that reads files of many models, found by their names, with ``doc`` as its help."""
    arguments = command.parser(doc)
    arguments.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    arguments.add_argument("--stage", required=True, help="the folder of the task's models, such as classify")
    arguments.add_argument("--runs", required=True, help="arm, size, seed and folds of each model, see model_lists")
    arguments.add_argument("--out", required=True)
    return arguments


def folder_of(stage: str, arm: str, size: str, seed: int, folds: str) -> str:
    """Return the folder of a model below the cohort's results."""
    return f"seed-{seed}/{stage}/{arm}/{size}/train-{folds}"


def file_of(stage: str, arm: str, size: str, seed: int, folds: str) -> str:
    """Return the path of a model's predictions below the cohort's results."""
    return f"{folder_of(stage, arm, size, seed, folds)}/predictions.csv"


def table(results: Path, stage: str, runs: Sequence[Sequence]) -> pd.DataFrame:
    """Return the predictions of the ``runs``, each named as `RUN`, in their order; these four columns come first.

    Raises
    ------
    InputError
        If the tables of two models have different columns.
    """
    paths = [results / file_of(stage, *run) for run in runs]
    tables = [_labelled(run, path) for run, path in zip(runs, paths, strict=True)]
    for each, path in zip(tables, paths, strict=True):
        if list(each) != list(tables[0]):
            raise InputError(
                f"{path}: expected the columns of {paths[0]} ({', '.join(tables[0])}), "
                f"found {', '.join(each)}; delete the older of the two and run again"
            )
    return pd.concat(tables, ignore_index=True)


def _labelled(run: Sequence, path: Path) -> pd.DataFrame:
    rows = artifacts.read_csv(path)
    for place, (column, value) in enumerate(zip(RUN, run, strict=True)):
        rows.insert(place, column, value)
    return rows
