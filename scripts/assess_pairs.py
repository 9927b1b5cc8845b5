"""Measure the synthetic slices of one generator, seed and share against real ones, and search them for copies.

Reads, for all choices of training folds, the synthetic slices, what their generator was trained on, and the segmenter
of real slices of the same folds and share. Writes what assess_generator writes: quality.csv, each measure beside the
same measure between real slices of different patients; copies.csv, each synthetic slice that was looked at with its
nearest training slice; card.csv and diagnosis.csv, one row each; and a sheet of the slices that are nearest to training
slices.

A slice is painted for a mask that the generator has learned with its slice, so it may come near to that slice. What the
search finds is no accusation here: it says how far the generator goes beyond what it was shown.
"""

import argparse
import logging
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from steps import command
from synthaug import seeding
from synthaug.cohort import given_split
from synthaug.files import artifacts
from synthaug.generators import imported_files
from synthaug.quality import cards, copy_search, diagnosis, embedding, realism
from synthaug.report import figure_style, neighbour_sheet
from synthaug.segmentation import slice_features, slice_folds, stored_segmenter
from synthaug.training import device

SLICES = "slices"  # one pool has those of all classes, which are judged as one


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """The assessment's part of the config."""

    master_seed: int
    images: int
    """How many slices of each choice of folds are looked at, at most."""
    neighbours: int
    """k of precision, recall, density and coverage."""
    false_alarm: float
    """Share of unseen real slices that may count as copies."""
    confidence: float


@dataclass(frozen=True)
class Cohort:
    """All slices, and one seed's folds.

    Attributes
    ----------
    slices, folds
        ``slices.csv`` and ``folds.csv``.
    images : (n, side, side) uint8 array
    with_lesion : (n,) bool array
        Which of the slices show any.
    """

    slices: pd.DataFrame
    folds: pd.DataFrame
    images: np.ndarray
    with_lesion: np.ndarray


@dataclass(frozen=True)
class Pair:
    """The slices of one choice of training folds.

    Attributes
    ----------
    seen, unseen
        Rows of slices.csv: what the generator was trained on, and slices with a lesion of the test folds.
    made : (n, side, side) uint8 array
    """

    seen: pd.DataFrame
    unseen: pd.DataFrame
    made: np.ndarray


def parse() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = command.parser(__doc__)
    parser.add_argument("--units", required=True, help="slices.csv")
    parser.add_argument("--images", required=True, help="slices, .npy")
    parser.add_argument("--labels", required=True, help="their label maps, .npy")
    command.add_files(parser, "folds")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--generator", required=True, help="name of the generator")
    parser.add_argument("--share", required=True, help="of the training patients, per mille")
    parser.add_argument("--synthetic", required=True, nargs="+", metavar="FOLDS=PATH", help="images.npy")
    parser.add_argument("--train-sets", required=True, nargs="+", metavar="FOLDS=PATH", help="train_set.csv")
    parser.add_argument("--segmenters", required=True, nargs="+", metavar="FOLDS=FOLDER", help="of the arm original")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    for output in ("quality", "copies", "card", "diagnosis", "png", "svg"):
        parser.add_argument(f"--{output}", required=True)
    return parser.parse_args()


def gathered(cohort: Cohort, trained: str, images: str, train_set: str, params: Params, draw: realism.Streams) -> Pair:
    """Return the slices of the training folds ``trained``, from the paths of synthetic images and training set."""
    slices, listed = cohort.slices, artifacts.read_csv(train_set)
    learned = set(listed["slice"])
    if (listed["source"] == imported_files.IMPORTED).all():
        # What it saw is the user's word: it stands beside what a generator of this workflow sees.
        inside = given_split.learned_from(cohort.folds, trained)["slice"]
        learned = set(slices["slice"][cohort.with_lesion & slices["slice"].isin(inside)])
    tested = slice_folds.tested(cohort.folds, trained)["slice"]
    unseen = slices[cohort.with_lesion & slices["slice"].isin(tested)]
    made = artifacts.read_array(images, memory_map=True)
    chosen = np.sort(draw("made").permutation(len(made))[: params.images])
    return Pair(
        slices[slices["slice"].isin(learned)],
        unseen.iloc[draw("unseen").permutation(len(unseen))[: params.images]],
        np.array(made[chosen]),
    )


def likeness(
    pair: Pair,
    images: np.ndarray,
    network: torch.nn.Module,
    where: torch.device,
    params: Params,
    draw: realism.Streams,
) -> pd.DataFrame:
    """Return how like real slices the synthetic ones are, with `realism.COLUMNS`; as many of each are compared."""
    count = min(params.images, len(pair.seen), len(pair.unseen), len(pair.made))
    own = pair.seen.iloc[draw("train").permutation(len(pair.seen))[:count]]
    pixels = [images[own.index], pair.made[:count], images[pair.unseen.index[:count]]]
    units = [own["patient"], np.arange(count).astype(str), pair.unseen["patient"][:count]]
    learned = [slice_features.features(network, part, where) for part in pixels]
    measured = [embedding.radiomic(part) for part in pixels]
    sets = [
        realism.Images(
            part,
            np.asarray(names, dtype=str),
            {
                embedding.CNN: embedding.unit_scale(a, learned[0]),
                embedding.RADIOMIC: embedding.standardise(b, measured[0]),
            },
        )
        for part, names, a, b in zip(pixels, units, learned, measured, strict=True)
    ]
    return realism.assess(SLICES, *sets, params.neighbours, params.confidence, draw)


def searched(
    pair: Pair, images: np.ndarray, trained: str, params: Params, draw: realism.Streams
) -> tuple[copy_search.Audit, pd.DataFrame, np.ndarray]:
    """Return the search for copies of training slices; a row a synthetic slice; and the nearest training slices."""
    pixels = np.array(images[pair.seen.index])
    patients = pair.seen["patient"].to_numpy(dtype=str)
    audit = copy_search.audit(
        pair.made, pixels, patients, np.array(images[pair.unseen.index]), params.false_alarm, draw("controls")
    )
    parents = audit.nearest["row"].to_numpy()
    place = {"folds": trained, "class": SLICES, "sample": range(len(pair.made))}
    origin = pair.seen["slice"].iloc[parents].rename("lesion").reset_index(drop=True)  # as the sheet calls its images
    return audit, pd.concat([audit.nearest.assign(**place), origin], axis=1), pixels[parents]


def assess(arguments: argparse.Namespace, params: Params, log: logging.Logger) -> None:
    """Assess each choice of training folds and write all files."""
    where = device.pick(params)
    command.note(device=device.name(where))
    cohort = Cohort(
        artifacts.read_csv(arguments.units),
        artifacts.read_csv(arguments.folds),
        artifacts.read_array(arguments.images, memory_map=True),
        artifacts.read_array(arguments.labels, memory_map=True).any(axis=(1, 2)),
    )
    named = {
        option: dict(pair.split("=", 1) for pair in getattr(arguments, option))
        for option in ("synthetic", "train_sets", "segmenters")
    }
    tables, audits, found, shown, beside = [], [], [], [], []
    for trained, path in named["synthetic"].items():
        draw = partial(seeding.stream, params.master_seed, "assess", arguments.generator, arguments.seed, trained)
        pair = gathered(cohort, trained, path, named["train_sets"][trained], params, draw)
        network = stored_segmenter.load(Path(named["segmenters"][trained]), where)
        tables.append(likeness(pair, cohort.images, network, where, params, draw).assign(folds=trained))
        audit, nearest, originals = searched(pair, cohort.images, trained, params, draw)
        cards.report(log, arguments.generator, trained, SLICES, audit)
        audits.append({"folds": trained, "class": SLICES, **audit.summary()})
        found.append(nearest)
        shown.extend(pair.made)
        beside.extend(originals)
    write(arguments, cards.with_averages(tables), pd.DataFrame(audits), pd.concat(found, ignore_index=True))
    draw_sheet(arguments, pd.concat(found, ignore_index=True), shown, beside)


def write(arguments: argparse.Namespace, table: pd.DataFrame, audits: pd.DataFrame, nearest: pd.DataFrame) -> None:
    """Write the tables."""
    names = {"generator": arguments.generator, "seed": arguments.seed, "group": arguments.share}
    artifacts.write_csv(table.round(6), arguments.quality)
    artifacts.write_csv(cards.card(names, table, audits), arguments.card)
    light = {**names, **asdict(diagnosis.diagnose(table, audits))}
    artifacts.write_csv(pd.DataFrame([light])[diagnosis.COLUMNS], arguments.diagnosis)
    nearest["transform"] = [cards.movement(row) for _, row in nearest.iterrows()]
    columns = [*cards.KEYS, "sample", "distance", "threshold", "alarm", "lesion", "transform"]
    artifacts.write_csv(nearest[columns].rename(columns={"lesion": "slice"}).round(6), arguments.copies)


def draw_sheet(arguments: argparse.Namespace, nearest: pd.DataFrame, shown: list, beside: list) -> None:
    """Draw the synthetic slices that are nearest to training slices."""
    title = f"Generator {arguments.generator}, seed {arguments.seed}, {int(arguments.share) / 10:g} % of the patients"
    figure = neighbour_sheet.nearest(nearest, shown, beside, [SLICES], title)
    figure_style.save(figure, arguments.png, arguments.svg)


def main() -> None:
    arguments = parse()
    with command.logged("assess_pairs", arguments) as log:
        assess(arguments, command.params(Params, arguments.params), log)


if __name__ == "__main__":
    main()
