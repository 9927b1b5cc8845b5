"""What train_bovw and train_texture share: the arguments, and the way from un-augmented ROIs to a fitted baseline."""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from steps import command
from synthaug.classification import prediction_table, svm, training_images, training_sets
from synthaug.errors import InputError
from synthaug.files import artifacts


@dataclass(frozen=True)
class Cohort:
    """``rois.csv``, ``folds.csv`` of one seed, and the un-augmented ROIs, uint8 (n, 64, 64)."""

    rois: pd.DataFrame
    folds: pd.DataFrame
    images: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """A baseline's training set, the fitted model, and its predictions for the lesions outside the training folds."""

    train_set: pd.DataFrame
    model: Any
    predictions: pd.DataFrame


def parser(doc: str, arms: Sequence[str]) -> argparse.ArgumentParser:
    """Return a parser that knows what a baseline reads, its ``arms``, and the folder that it writes to."""
    arguments = command.parser(doc)
    command.add_files(arguments, "rois", "roi-images", "folds")
    arguments.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    arguments.add_argument("--arm", required=True, choices=arms)
    arguments.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, one digit each")
    arguments.add_argument("--params", required=True, help="JSON object of the baseline")
    arguments.add_argument("--out-dir", required=True, type=Path, help="gets train-<folds>")
    return arguments


def run(method: ModuleType, arguments: argparse.Namespace, log: logging.Logger) -> None:
    """Fit ``method`` (`bovw` or `texture`) to each choice of training folds and write a folder for each.

    Raises
    ------
    InputError
        If the folds have classes that the config does not have, or there are too few lesions or patients.
    """
    params = command.params(method.Params, arguments.params)
    rois, folds = artifacts.read_csv(arguments.rois), artifacts.read_csv(arguments.folds)
    unknown = sorted(set(folds["class"]) - set(params.classes))
    if unknown:
        raise InputError(f"{arguments.folds}: expected the classes {params.classes}, found also {unknown}")
    cohort = Cohort(rois, folds, artifacts.read_array(arguments.roi_images))
    for train_folds in arguments.train_folds:
        fitted = fit(method, params, cohort, arguments.arm, arguments.seed, train_folds)
        log.info("folds %s: %d images, %s", train_folds, len(fitted.train_set), fitted.model.chosen())

        out = arguments.out_dir / f"train-{train_folds}"
        artifacts.write_csv(fitted.predictions, out / "predictions.csv")
        artifacts.write_csv(fitted.train_set, out / "train_set.csv")
        record = {
            "params": asdict(params),
            "versions": artifacts.versions("numpy", "pandas", "scikit-image", "scikit-learn", "scipy"),
            "device": "cpu",
            "images": len(fitted.train_set),
            "svm": fitted.model.chosen(),
        }
        artifacts.write_json(record, out / "model.json")


def train_set(
    rois: pd.DataFrame, folds: pd.DataFrame, train_folds: str, classes: list[str], seed: int, master_seed: int
) -> pd.DataFrame:
    """Return what a baseline trains on: the un-augmented ROIs of the training folds, see `training_sets`."""
    return training_sets.classifier_set(
        rois,
        pd.DataFrame(columns=["lesion", "rank"]),  # no augmentations
        folds,
        train_folds=train_folds,
        arm=training_sets.CLASSIC,
        size="0",
        classes=classes,
        seed=seed,
        master_seed=master_seed,
    )


def fit(
    method: ModuleType,
    params: Any,
    cohort: Cohort,
    arm: str,
    seed: int,
    train_folds: str,
) -> Fitted:
    """Fit ``method``, with its ``params``, to ``train_folds`` and predict the lesions outside them.

    Raises
    ------
    InputError
        If there are too few lesions or patients.
    """
    rows = train_set(cohort.rois, cohort.folds, train_folds, params.classes, seed, params.master_seed)
    training = training_images.gather(rows, cohort.images, pool=cohort.images[:0], synthetic={})
    labels = rows["class"].map(params.classes.index).to_numpy(np.int64)
    patients = rows["lesion"].map(cohort.folds.set_index("lesion")["patient"]).to_numpy(str)
    test = training_sets.test_lesions(cohort.folds, train_folds)
    row_of = {lesion: row for row, lesion in enumerate(cohort.rois["lesion"])}
    names = ("baseline", seed, train_folds)
    with threadpool_limits(params.threads):
        model = method.fit(training, labels, patients, arm, params, names)
        probabilities = svm.probabilities(model.decide(cohort.images[test["lesion"].map(row_of)]))
    return Fitted(rows, model, prediction_table.table(test, probabilities, params.classes))
