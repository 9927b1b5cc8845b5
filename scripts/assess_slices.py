"""Measure the synthetic slices of one generator and seed against real ones, and search them for copies.

Reads, for all choices of training folds, the synthetic slices with their boxes, what their generator was trained on,
and the detector of real slices of the same folds. Writes what assess_generator writes: quality.csv, each measure
beside the same measure between real slices of different patients; copies.csv, each synthetic slice that was looked at
with its nearest training slice; card.csv and diagnosis.csv, one row each; and a sheet of the slices that are nearest to
training slices. Writes besides: conditioning.csv, how much brighter it is in the boxes than in the mirrored places,
in real and in synthetic slices; and a t-SNE of the detector's features of both, for the first choice of training folds.

A slice is made for boxes that the generator has learned with their slice, so it may come near to that slice. What the
search finds is no accusation here: it says how far the generator goes beyond what it was shown.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from steps import command, slice_assessment
from synthaug import seeding
from synthaug.detection import box_contrast, slice_features, slice_table, stored_detector, validation_patients
from synthaug.detection.boxes import BOX
from synthaug.files import artifacts
from synthaug.quality import tsne
from synthaug.report import figure_style, origin_tsne
from synthaug.training import device

ORIGINS = ("real, training", "real, test", "synthetic")
EXCHANGED = "synthetic, boxes of another"


@dataclass(frozen=True, kw_only=True)
class Params(slice_assessment.Params):
    """The assessment's part of the config."""

    validation: float
    """Share of the training patients who validate, see `validation_patients.split`."""


def main() -> None:
    parser = slice_assessment.parser(__doc__)
    parser.add_argument("--boxes", required=True, help="boxes.csv of the slices")
    parser.add_argument("--group", required=True, help="what the generator was trained on")
    parser.add_argument("--synthetic-boxes", required=True, nargs="+", metavar="FOLDS=PATH", help="boxes.csv")
    parser.add_argument("--detectors", required=True, nargs="+", metavar="FOLDS=FOLDER", help="of the arm real")
    parser.add_argument("--conditioning", required=True)
    parser.add_argument("--tsne-png", required=True)
    parser.add_argument("--tsne-svg", required=True)
    arguments = parser.parse_args()
    with command.logged("assess_slices", arguments) as log:
        params = command.params(Params, arguments.params)
        where = device.pick(params)
        command.note(device=device.name(where))
        slices = slice_table.read(arguments.units, arguments.boxes, arguments.images).counting
        with_box = slices.table["slice"].isin(slices.boxes["slice"]).to_numpy()
        folds = artifacts.read_csv(arguments.folds)

        def learned_from(trained: str) -> pd.Series:
            how = {"train_folds": trained, "seed": arguments.seed, "master_seed": params.master_seed}
            return validation_patients.split(folds, slices.boxes, params.validation, **how)[0]["slice"]

        cohort = slice_assessment.Cohort(slices.table, folds, slices.images, with_box, learned_from)
        folders = slice_assessment.by_folds(arguments.detectors)

        def features(trained: str) -> slice_assessment.Features:
            return partial(slice_features.features, stored_detector.load(Path(folders[trained]), where), where=where)

        made_by = slice_assessment.generator(arguments, arguments.group)
        title = f"Generator {made_by.name}, seed {made_by.seed}"
        compared = slice_assessment.assess(cohort, made_by, features, params, arguments, title, log)
        boxes = {
            trained: artifacts.read_csv(path)
            for trained, path in slice_assessment.by_folds(arguments.synthetic_boxes).items()
        }
        artifacts.write_csv(conditioning(slices, compared, boxes, made_by, params).round(6), arguments.conditioning)
        draw_tsne(next(iter(compared.values())), params.master_seed, title, arguments)


def conditioning(
    slices: slice_table.Slices,
    compared: Mapping[str, slice_assessment.Compared],
    boxes: Mapping[str, pd.DataFrame],
    made_by: slice_assessment.Generator,
    params: slice_assessment.Params,
) -> pd.DataFrame:
    """Return ``conditioning.csv``: ``folds``, then `box_contrast.COLUMNS`, a row for the slices of each origin."""
    rows = []
    for trained, each in compared.items():
        real = [slices.of(part["slice"]) for part in (each.pair.seen, each.pair.unseen)]
        parts = [
            box_contrast.ContrastSlices(part.images, part.corners(), part.table["patient"].to_numpy()) for part in real
        ]
        of_sample = {number: found[BOX].to_numpy(float) for number, found in boxes[trained].groupby("sample")}
        corners = [of_sample.get(number, np.zeros((0, 4))) for number in each.pair.samples]
        parts.append(box_contrast.ContrastSlices(each.pair.made, corners, each.pair.samples.astype(str)))
        named = dict(zip(ORIGINS, parts, strict=True)) | {EXCHANGED: box_contrast.exchanged(parts[-1])}
        for name, part in named.items():
            random = seeding.stream(
                params.master_seed, "assess", made_by.name, made_by.seed, trained, "conditioning", name
            )
            rows.append({"folds": trained} | box_contrast.row(name, part, params.confidence, random))
    return pd.DataFrame(rows)[["folds", *box_contrast.COLUMNS]]


def draw_tsne(compared: slice_assessment.Compared, master_seed: int, title: str, arguments: argparse.Namespace) -> None:
    """Draw the t-SNE of the slices that were compared."""
    own, made, unseen = compared.learned
    features = {ORIGINS[0]: own, ORIGINS[1]: unseen, ORIGINS[2]: made}
    places = tsne.embed(np.concatenate(list(features.values())), master_seed)
    origin = np.repeat(list(features), list(map(len, features.values())))
    figure = origin_tsne.draw(places, {name: origin == name for name in features}, title)
    figure_style.save(figure, arguments.tsne_png, arguments.tsne_svg)


if __name__ == "__main__":
    main()
