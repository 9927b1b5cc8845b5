"""Training the classifiers of one arm, size and seed, whichever way the arm takes its images."""

import argparse
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from steps import command, resumable
from synthaug import seeding
from synthaug.classification import (
    augmentation_choice,
    classifier,
    fresh,
    prediction_table,
    pretrained,
    rois,
    training_images,
    training_sets,
)
from synthaug.classification.uses import use
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.terms import arms, chosen, uses
from synthaug.training import checkpoints, device, steadiness, weights

Way = Callable[[use.Images, str, dict], use.Use]
"""Takes what a training holds, the arm's name and ``Params.use``, and returns the way in which images are taken."""


@dataclass(frozen=True, kw_only=True)
class Params(classifier.Params):
    """The classifier of the config and, where an arm needs more, what it needs."""

    rois: dict | None = None
    """How ROIs are made, see `rois.Params`; only for augmentations that are drawn afresh, as the next."""
    augmentation: dict | None = None
    """The augmentations, see `augmentation_choice.Choice`."""
    use: dict | None = None
    """What the way to take the images takes of the config, see the modules of `synthaug.classification.uses`."""


@dataclass(frozen=True)
class Cohort:
    """What all choices of training folds share."""

    index: pd.DataFrame
    rois: np.ndarray
    crops: np.lib.npyio.NpzFile
    pool_index: pd.DataFrame
    pool: np.ndarray
    folds: pd.DataFrame


def synthetic_images(paths: list[str], train_folds: str) -> dict[str, np.ndarray]:
    """Return the synthetic images of each class from the items ``<folds>/<class>=<path>`` of ``train_folds``."""
    named = dict(item.split("=", 1) for item in paths)
    of_folds = {name.split("/", 1)[1]: path for name, path in named.items() if name.startswith(f"{train_folds}/")}
    return {cls: artifacts.read_array(path, memory_map=True) for cls, path in of_folds.items()}


def train(
    cohort: Cohort,
    params: Params,
    arguments: argparse.Namespace,
    train_folds: str,
    out: Path,
    way: Way,
    checkpoint: Callable[[Path, dict], checkpoints.Checkpoint],
    log: logging.Logger,
) -> None:
    """Train one classifier on ``train_folds``, or go on from what ``checkpoint`` returns, and write its folder."""
    where = device.pick(params)
    params = device.settle(params, where, params.batch, min(params.widths))
    command.note(device=device.name(where), precision=params.precision)
    listed = train_set(cohort, params, arguments, train_folds)
    rows = listed[listed["source"] != training_sets.VALIDATION]
    made = synthetic_images(arguments.synthetic, train_folds)
    images = training_images.gather(rows, cohort.rois, cohort.pool, made)
    labels = rows["class"].map(params.classes.index).to_numpy(np.int64)
    log.info("folds %s: %d images: %s", train_folds, len(images), rows["class"].value_counts(sort=False).to_dict())

    # The same random numbers for every arm and size: within a seed they differ by their training images only. The
    # placebo has the images of classic, and differs by nothing but these numbers.
    names = ("classifier", arguments.seed, train_folds)
    if arguments.arm == arms.PLACEBO:
        names = (*names, arms.PLACEBO)
    redraw = redrawing(cohort, params, rows, images, names)
    if redraw:
        redraw(1)
    network = classifier.build(images, params, names)
    if params.weights:
        pretrained.load(network, arguments.weights)
    network = device.place(network, where)
    held = validation(cohort, params, listed)
    synthetic = (rows["source"] == training_sets.SYNTHETIC).to_numpy()
    seen = use.Images(labels, synthetic, params.batch, params.epochs, where)
    taken = way(seen, arguments.arm, params.use or {})
    identity = {"params": asdict(params), "names": names, "device": device.name(where), "arm": arguments.arm}
    digest = checkpoints.images_digest(images, labels, *((held.images, held.labels) if held else ()))
    history = classifier.train(
        network, images, labels, params, names, where, validation=held, redraw=redraw, taken=taken,
        checkpoint=checkpoint(out, {**identity, "images": digest}),
    )  # fmt: skip

    predict(cohort, params, network, train_folds, out, where)
    artifacts.write_csv(listed, out / "train_set.csv")
    artifacts.write_csv(pd.DataFrame(history), out / "history.csv")
    weights.save(network, out / "weights.safetensors")
    at_end = classifier.accuracy(network, images[taken.last], labels[taken.last], where)
    accuracy = steadiness.accuracies(history, at_end)
    facts = model_facts(params, network, len(images), where) | {"accuracy": accuracy}
    if uses.use_of(arguments.arm) == uses.SELECT:
        facts[chosen.CHOSEN_BY] = (arms.CLASSIC, arguments.size.split("+")[0])
    artifacts.write_json(facts, out / "model.json")


def model_facts(params: Params, network: torch.nn.Module, images: int, where: torch.device) -> dict[str, object]:
    """Return what ``model.json`` says of a ``network`` that was trained on so many ``images``."""
    return {
        "params": asdict(params),
        "versions": artifacts.versions("numpy", "pandas", "safetensors", "torch"),
        "device": device.name(where),
        "parameters": weights.count(network),
        "images": images,
    }


def train_set(cohort: Cohort, params: Params, arguments: argparse.Namespace, train_folds: str) -> pd.DataFrame:
    """Return what the classifier trains on, and what validates it, as `training_sets.classifier_set` does.

    Raises
    ------
    InputError
        If it has a class that the config does not name.
    """
    rows = training_sets.classifier_set(
        cohort.index,
        cohort.pool_index,
        cohort.folds,
        train_folds=train_folds,
        arm=arguments.arm,
        size=arguments.size,
        classes=params.classes,
        seed=arguments.seed,
        master_seed=params.master_seed,
        validation_share=params.early_stopping["share"] if params.early_stopping else 0.0,
    )
    unknown = sorted(set(rows["class"]) - set(params.classes))
    if unknown:
        raise InputError(f"{arguments.folds}: expected the classes {params.classes}, found also {unknown}")
    return rows


def validation(cohort: Cohort, params: Params, listed: pd.DataFrame) -> classifier.Validation | None:
    """Return the un-augmented ROIs of the validation patients in ``listed``; None without early stopping."""
    rows = listed[listed["source"] == training_sets.VALIDATION]
    if rows.empty:
        return None
    labels = rows["class"].map(params.classes.index).to_numpy(np.int64)
    return classifier.Validation(cohort.rois[rows["row"]], labels)


def redrawing(
    cohort: Cohort, params: Params, rows: pd.DataFrame, images: np.ndarray, names: tuple[str | int, ...]
) -> Callable[[int], np.ndarray] | None:
    """Return what draws the fresh augmentations of an epoch into ``images`` and returns these; None if there are none.

    Parameters
    ----------
    rows
        The training set of the ``images``, uint8 (n, 64, 64).
    """
    if not (rows["source"] == training_sets.FRESH).any():
        return None
    how, choice = rois.Params(**params.rois), augmentation_choice.Choice(**params.augmentation)
    seen = cohort.index[cohort.index["lesion"].isin(rows["lesion"])]
    crops = fresh.prepare(cohort.crops, seen, how)

    def redraw(epoch: int) -> np.ndarray:
        random = seeding.stream(params.master_seed, *names, "online", epoch)
        fresh.redraw(images, rows, crops, seen, how, choice, random)
        return images

    return redraw


def predict(
    cohort: Cohort, params: Params, network: torch.nn.Module, train_folds: str, out: Path, where: torch.device
) -> None:
    """Predict the lesions outside ``train_folds``; write predictions.csv and, in the same order, features.npy."""
    test = training_sets.test_lesions(cohort.folds, train_folds)
    row_of = {lesion: row for row, lesion in enumerate(cohort.index["lesion"])}
    probabilities, features = classifier.predict(network, cohort.rois[test["lesion"].map(row_of)], where)
    artifacts.write_csv(prediction_table.table(test, probabilities, params.classes), out / "predictions.csv")
    artifacts.write_array(features, out / "features.npy")


def main(rule: str, doc: str, way: Way) -> None:
    """Train the classifiers that the command line asks for; this is the whole of a script.

    Parameters
    ----------
    rule
        The name of the script.
    doc
        Its docstring, which is its help.
    way
        How it takes the images.
    """
    parser = command.training_parser(doc)
    parser.add_argument("--crops", required=True, help="native-resolution crops, .npz")
    parser.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, a digit each")
    parser.add_argument("--arm", required=True, help="classic, online, mixup, extra, a generator or <generator>-<use>")
    parser.add_argument("--size", required=True, help="images added per fold, such as 5000 or 5000+1000x3")
    parser.add_argument("--synthetic", nargs="*", default=[], metavar="FOLDS/CLASS=PATH", help="synthetic images, .npy")
    parser.add_argument("--weights", help="safetensors file of the user's that the training starts from")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    arguments = parser.parse_args()
    with command.logged(rule, arguments) as log:
        params = command.params(Params, arguments.params)
        with artifacts.read_arrays(arguments.crops) as crops:
            cohort = Cohort(
                artifacts.read_csv(arguments.rois),
                artifacts.read_array(arguments.roi_images),
                crops,
                artifacts.read_csv(arguments.pool_index, columns=training_sets.POOL_COLUMNS),
                artifacts.read_array(arguments.pool_images, memory_map=True),
                artifacts.read_csv(arguments.folds),
            )
            folders = {folds: arguments.out_dir / f"train-{folds}" for folds in arguments.train_folds}
            with resumable.trainings() as checkpoint:
                for folds, folder in folders.items():
                    train(cohort, params, arguments, folds, folder, way, checkpoint, log)
