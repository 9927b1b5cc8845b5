"""What train_bovw and train_texture share: the arguments, and the way from un-augmented ROIs to a fitted baseline."""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from steps import command
from synthaug.classification import prediction_table, svm, training_images, training_sets
from synthaug.errors import InputError
from synthaug.files import artifacts


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
    roi_images = artifacts.read_array(arguments.roi_images)
    row_of = {lesion: row for row, lesion in enumerate(rois["lesion"])}
    patient_of = folds.set_index("lesion")["patient"]
    for train_folds in arguments.train_folds:
        train_set = training_sets.classifier_set(
            rois,
            pd.DataFrame(columns=["lesion", "rank"]),  # no augmentations
            folds,
            train_folds=train_folds,
            arm=training_sets.CLASSIC,
            size="0",
            classes=params.classes,
            seed=arguments.seed,
            master_seed=params.master_seed,
        )
        training = training_images.gather(train_set, roi_images, pool=roi_images[:0], synthetic={})
        labels = train_set["class"].map(params.classes.index).to_numpy(np.int64)
        patients = train_set["lesion"].map(patient_of).to_numpy(str)
        test = training_sets.test_lesions(folds, train_folds)
        names = ("baseline", arguments.seed, train_folds)
        with threadpool_limits(params.threads):
            model = method.fit(training, labels, patients, arguments.arm, params, names)
            probabilities = svm.probabilities(model.decide(roi_images[test["lesion"].map(row_of)]))
        log.info("folds %s: %d images, %s", train_folds, len(training), model.chosen())

        out = arguments.out_dir / f"train-{train_folds}"
        artifacts.write_csv(prediction_table.table(test, probabilities, params.classes), out / "predictions.csv")
        artifacts.write_csv(train_set, out / "train_set.csv")
        record = {
            "params": asdict(params),
            "versions": artifacts.versions("numpy", "pandas", "scikit-image", "scikit-learn", "scipy"),
            "device": "cpu",
            "images": len(training),
            "svm": model.chosen(),
        }
        artifacts.write_json(record, out / "model.json")
