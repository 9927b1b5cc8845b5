"""Train the detectors of one arm, size and seed, one per choice of training folds; each detects what it never saw.

Reads the cohort's slices with their images and boxes, the seed's folds and, for an arm with a generator, its synthetic
slices with their boxes and perhaps what a filter keeps of them. Writes to --out-dir/train-<folds>: detections.csv, what
is found on the test slices and on those of the validation patients, from whom nothing is learned; the weights, the
anchors, the training set (without pixels), the losses on the way, and model.json. All arms train for as many steps.
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
from synthaug.detection import (
    anchors,
    arms,
    batches,
    boxes,
    columns,
    detector,
    slice_table,
    training_images,
    training_sets,
    validation_patients,
    validation_sensitivity,
    yolov3,
)
from synthaug.files import artifacts
from synthaug.terms import chosen
from synthaug.training import checkpoints, device, weights


@dataclass(frozen=True, kw_only=True)
class Params(detector.Params):
    """The detector of the config, how training slices are changed, and who validates."""

    augmentation: dict
    """See `training_images.Augmentation`."""
    validation: float
    """Share of the training patients who validate, see `validation_patients.split`."""
    judged_at: dict | None
    """``iou`` and ``false_positives`` of `validation_sensitivity.sensitivity`, by which the checkpoint ``best`` is
    chosen; None for the checkpoint ``last``."""


@dataclass(frozen=True)
class Lists:
    """The slices of one choice of training folds, by purpose."""

    learned: slice_table.Slices
    validation: slice_table.Slices
    test: slice_table.Slices


def lists_of(
    slices: slice_table.Slices, folds: pd.DataFrame, params: Params, arguments: argparse.Namespace, train_folds: str
) -> Lists:
    """Return what is learned from, what validates and what is tested."""
    learned, validation = validation_patients.split(
        folds, slices.boxes, params.validation,
        train_folds=train_folds, seed=arguments.seed, master_seed=params.master_seed,
    )  # fmt: skip
    tested = tested_units.outside(folds, train_folds)
    return Lists(*(slices.of(part["slice"].tolist()) for part in (learned, validation, tested)))


def synthetic_slices(arguments: argparse.Namespace, train_folds: str, real: int) -> training_images.Synthetic | None:
    """Return the synthetic slices of the arm's size, from the items ``<train_folds>=...``; None if it has no such.

    Raises
    ------
    InputError
        If the arm needs slices or a filter that are not given, or there are too few.
    """
    if arguments.arm in arms.WITHOUT_GENERATOR:
        return None
    form = f"FOLDS={{}} for the arm {arguments.arm} and each of --train-folds"
    folder = Path(command.named("--synthetic", arguments.synthetic, [train_folds], form.format("DIR"))[train_folds])
    kept = None
    if arguments.arm.endswith(arms.CHOSEN):
        filters = command.named("--filters", arguments.filters, [train_folds], form.format("FILE"))
        kept = artifacts.read_csv(filters[train_folds])
    index = artifacts.read_csv(folder / "index.csv", numbers=("sample",))
    return training_images.Synthetic(
        training_sets.chosen(index, arguments.size, real, kept),
        artifacts.read_array(folder / "images.npy", memory_map=True),
        artifacts.read_csv(folder / "boxes.csv"),
    )


def judge(lists: Lists, params: Params, where: torch.device) -> Callable[[yolov3.Yolov3], float] | None:
    """Return what judges a network by the validation slices; None for the checkpoint ``last``."""
    if params.judged_at is None:
        return None

    def judged(network: yolov3.Yolov3) -> float:
        found = found_on(lists.validation, network, params, where)
        return validation_sensitivity.sensitivity(
            lists.validation.boxes, found, len(lists.validation.table), **params.judged_at
        )

    return judged


def found_on(slices: slice_table.Slices, network: yolov3.Yolov3, params: Params, where: torch.device) -> pd.DataFrame:
    """Return what a network finds on slices, as `detector.detect`, with the ids of the slices."""
    rules = {name: getattr(params, name) for name in ("classes", "nms_iou", "floor", "most_boxes")}
    found = detector.detect(detector.Detector(network, **rules), slices.images, where)
    return found.assign(slice=slices.table["slice"].to_numpy()[found["slice"]])


def anchors_of(lists: Lists, params: Params, arguments: argparse.Namespace, train_folds: str) -> np.ndarray:
    """Return the anchors: those of the real boxes that are learned, so that all arms have the same ones."""
    corners = lists.learned.counting.boxes[boxes.BOX].to_numpy(float)
    random = seeding.stream(params.master_seed, "anchors", arguments.seed, train_folds)
    return anchors.clustered(corners[:, 2:] - corners[:, :2], yolov3.ANCHORS, random)


def train(
    lists: Lists,
    params: Params,
    arguments: argparse.Namespace,
    train_folds: str,
    checkpoint: Callable[[Path, dict], checkpoints.Checkpoint],
    log: logging.Logger,
) -> None:
    """Train one detector on ``train_folds``, or go on from what ``checkpoint`` returns, and write its folder."""
    where = device.pick(params)
    params = device.settle(params, where, params.batch, params.maps)
    command.note(device=device.name(where), precision=params.precision)
    real = len(lists.learned.table)
    augmentation = training_images.Augmentation(**params.augmentation)
    rows, examples, donors = training_images.gather(
        lists.learned, arguments.arm, params.classes, augmentation, synthetic_slices(arguments, train_folds, real),
        seed=arguments.seed, train_folds=train_folds, master_seed=params.master_seed,
    )  # fmt: skip
    log.info("folds %s: %d slices, %d of them real", train_folds, len(rows), real)

    # The same random numbers for every arm and size: within a seed they differ by their training slices only.
    names = ("detector", arguments.seed, train_folds)
    network = detector.build(params, names, anchors_of(lists, params, arguments, train_folds))
    network = device.place(network, where)
    identity = {
        "params": asdict(params), "names": names, "device": device.name(where), "arm": arguments.arm,
        "images": checkpoints.images_digest(examples.images, examples.boxes, examples.labels),
        "validation": checkpoints.images_digest(
            lists.validation.images, lists.validation.boxes[boxes.BOX].to_numpy(float)
        ),
    }  # fmt: skip
    out = arguments.out_dir / f"train-{train_folds}"
    history = detector.train(
        network, examples, params, names, where, chances=augmentation.chances(arguments.arm),
        judged=judge(lists, params, where), checkpoint=checkpoint(out, identity),
    )  # fmt: skip
    write(out, lists, network, params, where, history, examples, arms.chosen_by(arguments.arm))
    validation = lists.validation.table["slice"]
    artifacts.write_csv(training_sets.with_others(rows, donors, validation), out / "train_set.csv")


def write(
    out: Path,
    lists: Lists,
    network: yolov3.Yolov3,
    params: Params,
    where: torch.device,
    history: np.ndarray,
    examples: batches.Examples,
    chosen_by: tuple[str, str] | None,
) -> None:
    """Write what one trained detector finds, and the detector, to its folder.

    ``chosen_by``: arm and size of the detector that chose its synthetic slices, for the lineage audit.
    """
    parts = []
    for name, slices in ((columns.VALIDATION, lists.validation), (columns.TEST, lists.test)):
        patient = dict(zip(slices.table["slice"], slices.table["patient"], strict=True))
        found = found_on(slices, network, params, where)
        parts.append(found.assign(patient=found["slice"].map(patient), set=name))
    table = pd.concat(parts, ignore_index=True).sort_values("slice", kind="stable")
    artifacts.write_csv(table[columns.DETECTED], out / "detections.csv")
    sizes = pd.DataFrame(network.anchors.cpu().numpy(), columns=["width", "height"])
    artifacts.write_csv(sizes.rename_axis("anchor").reset_index(), out / "anchors.csv")
    artifacts.write_csv(pd.DataFrame(history), out / "history.csv")
    weights.save(network, out / "weights.safetensors")
    model = {
        "params": asdict(params),
        "versions": artifacts.versions("numpy", "pandas", "safetensors", "scipy", "torch"),
        "device": device.name(where),
        "parameters": weights.count(network),
        "images": len(examples.images),
        "steps": params.steps,
        **({} if chosen_by is None else {chosen.CHOSEN_BY: chosen_by}),
    }
    artifacts.write_json(model, out / "model.json")


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--units", required=True, help="slices.csv")
    parser.add_argument("--boxes", required=True, help="their boxes, boxes.csv")
    parser.add_argument("--images", required=True, help="their images, .npy")
    command.add_files(parser, "folds")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, a digit each")
    parser.add_argument(
        "--arm", required=True, help="real, fresh, paste, or the name of a generator, perhaps with -filtered or -kept"
    )
    parser.add_argument("--size", required=True, help="synthetic slices per hundred real ones; 0 for arms without")
    parser.add_argument("--synthetic", nargs="*", default=[], metavar="FOLDS=DIR", help="folder of synthetic slices")
    parser.add_argument("--filters", nargs="*", default=[], metavar="FOLDS=FILE", help="which of them are kept, .csv")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out-dir", required=True, type=Path, help="folder of the arm and size")
    arguments = parser.parse_args()
    with command.logged("train_detector", arguments) as log:
        params = command.params(Params, arguments.params)
        slices = slice_table.read(arguments.units, arguments.boxes, arguments.images)
        folds = artifacts.read_csv(arguments.folds)
        with resumable.trainings() as checkpoint:
            for train_folds in arguments.train_folds:
                lists = lists_of(slices, folds, params, arguments, train_folds)
                train(lists, params, arguments, train_folds, checkpoint, log)


if __name__ == "__main__":
    main()
