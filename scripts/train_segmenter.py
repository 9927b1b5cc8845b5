"""Train the segmenters of one arm, share and seed, one per choice of training folds; each predicts what it never saw.

Reads the cohort's slices with their images and label maps, the seed's folds and, for an arm with a generator, its
synthetic pairs; and the user's file of weights to start from, if there is one. Writes to --out-dir/train-<folds>:
masks.npy, the predicted label of each pixel of the test slices, uint8, in the order of folds.csv; the weights, the
training set (without pixels), the loss on the way, and model.json. All arms train for as many steps. With --epochs-dir
it has the same files of the network after as many epochs as every arm has in the paper.
"""

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
from synthaug.cohort import tested_units
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.segmentation import (
    arms,
    schedule,
    segmenter,
    shares,
    starting_weights,
    training_images,
    training_sets,
    transformations,
)
from synthaug.training import checkpoints, device, weights


@dataclass(frozen=True, kw_only=True)
class Params(segmenter.Params):
    """The segmenter of the config, and how training slices are changed."""

    augmentation: dict
    """See `training_images.Augmentation`."""


@dataclass(frozen=True)
class Cohort:
    """What all choices of training folds share."""

    slices: pd.DataFrame
    images: np.ndarray
    labels: np.ndarray
    folds: pd.DataFrame


def synthetic_pairs(folders: list[str], arm: str, train_folds: str) -> training_images.Synthetic | None:
    """Return the pairs in the folder of the item ``<train_folds>=<folder>``; None for an arm that has no such.

    Raises
    ------
    InputError
        If the arm needs such a folder and there is none.
    """
    if arm in training_sets.WITHOUT_GENERATOR:
        return None
    form = f"FOLDS=DIR for the arm {arm} and each of --train-folds"
    folder = Path(command.named("--synthetic", folders, [train_folds], form)[train_folds])
    return training_images.Synthetic(
        artifacts.read_csv(folder / "index.csv", numbers=("sample", "epochs")),
        *(artifacts.read_array(folder / name, memory_map=True) for name in ("images.npy", "labels.npy")),
    )


def examples_of(
    cohort: Cohort, params: Params, arguments: argparse.Namespace, train_folds: str
) -> tuple[training_images.Examples, int]:
    """Return what the segmenter trains on, and how many real slices the share has."""
    real = shares.training_slices(
        cohort.slices, cohort.folds, train_folds, arguments.share,
        classes=params.classes, seed=arguments.seed, master_seed=params.master_seed,
    )  # fmt: skip
    augmentation = training_images.Augmentation(**params.augmentation)
    synthetic = synthetic_pairs(arguments.synthetic, arguments.arm, train_folds)
    examples = training_images.gather(
        real, arguments.arm, (cohort.images, cohort.labels), augmentation, synthetic,
        seed=arguments.seed, train_folds=train_folds, master_seed=params.master_seed,
    )  # fmt: skip
    if examples.labels.max() > len(params.classes):
        raise InputError(
            f"labels: expected at most {len(params.classes)}, as many as the config has classes, found "
            f"{examples.labels.max()} in a training slice; delete the label maps and run again"
        )
    return examples, len(real)


def train(
    cohort: Cohort,
    params: Params,
    arguments: argparse.Namespace,
    train_folds: str,
    checkpoint: Callable[[Path, dict], checkpoints.Checkpoint],
    log: logging.Logger,
) -> None:
    """Train one segmenter on ``train_folds``, or go on from what ``checkpoint`` returns, and write its folders."""
    where = device.pick(params)
    params = device.settle(params, where, params.batch, min(params.widths))
    command.note(device=device.name(where), precision=params.precision)
    examples, real = examples_of(cohort, params, arguments, train_folds)
    count = len(examples.images)
    log.info("folds %s: %d images, %d of them real", train_folds, count, real)

    # The same random numbers for every arm and share: within a seed they differ by their training images only.
    names = ("segmenter", arguments.seed, train_folds)
    folders = {schedule.steps(params.epochs, 3 * real, params.batch): [arguments.out_dir]}
    if arguments.epochs_dir:
        folders.setdefault(schedule.steps(params.epochs, count, params.batch), []).append(arguments.epochs_dir)
    network = segmenter.build(params, names)
    if params.weights:
        starting_weights.load(network, arguments.weights)
    network = device.place(network, where)
    identity = {
        "params": asdict(params), "names": names, "device": device.name(where), "ends": sorted(folders),
        "images": checkpoints.images_digest(examples.images, examples.labels),
    }  # fmt: skip
    endings = segmenter.train(
        network, examples.images, examples.labels, params, names, where, ends=list(folders),
        transformed=redrawing(params, arguments.arm, names, count),
        checkpoint=checkpoint(arguments.out_dir / f"train-{train_folds}", identity),
    )  # fmt: skip
    tested = test_rows(cohort, train_folds)
    for ending in endings:
        network.load_state_dict(ending.weights)
        masks = segmenter.predict(network, cohort.images[tested], where)
        for folder in folders[ending.steps]:
            write(folder / f"train-{train_folds}", network, masks, examples.table, ending, params, where, count)


def redrawing(
    params: Params, arm: str, names: tuple[str | int, ...], count: int
) -> Callable[[int], pd.DataFrame] | None:
    """Return what draws the transformations of an epoch for the arm ``fresh``; None for all others."""
    if arm != arms.FRESH:
        return None

    def draw(epoch: int) -> pd.DataFrame:
        random = seeding.stream(params.master_seed, *names, "fresh", epoch)
        return transformations.draw(random, count, params.augmentation["fresh"])

    return draw


def test_rows(cohort: Cohort, train_folds: str) -> list[int]:
    """Return the rows of the images of all slices outside ``train_folds``, in the order of folds.csv."""
    row_of = {name: row for row, name in enumerate(cohort.slices["slice"])}
    return tested_units.outside(cohort.folds, train_folds)["slice"].map(row_of).tolist()


def write(
    out: Path,
    network: torch.nn.Module,
    masks: np.ndarray,
    table: pd.DataFrame,
    ending: segmenter.Ending,
    params: Params,
    where: torch.device,
    count: int,
) -> None:
    """Write the folder of one trained segmenter."""
    artifacts.write_array(masks, out / "masks.npy")
    artifacts.write_csv(table, out / "train_set.csv")
    artifacts.write_csv(pd.DataFrame(ending.history), out / "history.csv")
    weights.save(network, out / "weights.safetensors")
    model = {
        "params": asdict(params),
        "versions": artifacts.versions("numpy", "pandas", "safetensors", "scipy", "torch"),
        "device": device.name(where),
        "parameters": weights.count(network),
        "images": count,
        "steps": ending.steps,
    }
    artifacts.write_json(model, out / "model.json")


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--units", required=True, help="slices.csv")
    parser.add_argument("--images", required=True, help="slices, .npy")
    parser.add_argument("--labels", required=True, help="their label maps, .npy")
    command.add_files(parser, "folds")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, a digit each")
    parser.add_argument(
        "--arm", required=True, help="original, traditional, both, fresh, paste or the name of a generator"
    )
    parser.add_argument("--share", required=True, help="of the training patients, per mille")
    parser.add_argument("--synthetic", nargs="*", default=[], metavar="FOLDS=DIR", help="folder of synthetic pairs")
    parser.add_argument("--weights", help="safetensors file of VGG-16's weights, the user's, to start from")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out-dir", required=True, type=Path, help="folder of the arm after equal steps")
    parser.add_argument("--epochs-dir", type=Path, nargs="?", help="folder of the arm after equal epochs, if asked for")
    arguments = parser.parse_args()
    with command.logged("train_segmenter", arguments) as log:
        params = command.params(Params, arguments.params)
        cohort = Cohort(
            artifacts.read_csv(arguments.units),
            artifacts.read_array(arguments.images, memory_map=True),
            artifacts.read_array(arguments.labels, memory_map=True),
            artifacts.read_csv(arguments.folds),
        )
        with resumable.trainings() as checkpoint:
            for folds in arguments.train_folds:
                train(cohort, params, arguments, folds, checkpoint, log)


if __name__ == "__main__":
    main()
