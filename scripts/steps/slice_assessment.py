"""The assessment of whole synthetic slices, whatever task they are made for: likeness, copies, card and sheet."""

import argparse
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd

from steps import command
from synthaug import seeding
from synthaug.cohort import tested_units
from synthaug.files import artifacts
from synthaug.generators import imported_files
from synthaug.quality import cards, copy_search, diagnosis, embedding, realism
from synthaug.report import figure_style, neighbour_sheet
from synthaug.training import device

SLICES = "slices"  # one pool has those of all classes, which are judged as one
Features = Callable[[np.ndarray], np.ndarray]
"""What a network sees in images: uint8 (n, side, side) to float (n, d)."""


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
    learned_from
        The ids of the slices that generators of this workflow may learn from, by choice of training folds.
    """

    slices: pd.DataFrame
    folds: pd.DataFrame
    images: np.ndarray
    with_lesion: np.ndarray
    learned_from: Callable[[str], pd.Series]


@dataclass(frozen=True)
class Generator:
    """One generator of one seed.

    Attributes
    ----------
    name, seed
        As in its folder.
    group
        What it was trained on, as the card says it.
    synthetic, train_sets
        The paths of its images and of its training set, by choice of training folds.
    """

    name: str
    seed: int
    group: str
    synthetic: Mapping[str, str]
    train_sets: Mapping[str, str]


@dataclass(frozen=True)
class Pair:
    """The slices of one choice of training folds.

    Attributes
    ----------
    seen, unseen
        Rows of slices.csv: what the generator was trained on, and slices with a lesion of the test folds.
    made : (n, side, side) uint8 array
    samples : (n,) int array
        Their places among the synthetic slices.
    """

    seen: pd.DataFrame
    unseen: pd.DataFrame
    made: np.ndarray
    samples: np.ndarray


@dataclass(frozen=True)
class Compared:
    """The slices of one choice of training folds that were compared, as many of each kind.

    Attributes
    ----------
    pair
        From which they were chosen.
    own
        The rows of ``pair.seen`` that were.
    learned
        What the network sees in ``own``, in synthetic and in unseen slices, float (n, d) each.
    """

    pair: Pair
    own: pd.DataFrame
    learned: tuple[np.ndarray, np.ndarray, np.ndarray]


def parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser of what every such assessment reads and writes, with ``doc`` as its help."""
    arguments = command.parser(doc)
    arguments.add_argument("--units", required=True, help="slices.csv")
    arguments.add_argument("--images", required=True, help="slices, .npy")
    command.add_files(arguments, "folds")
    arguments.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    arguments.add_argument("--generator", required=True, help="name of the generator")
    arguments.add_argument("--synthetic", required=True, nargs="+", metavar="FOLDS=PATH", help="images.npy")
    arguments.add_argument("--train-sets", required=True, nargs="+", metavar="FOLDS=PATH", help="train_set.csv")
    arguments.add_argument("--params", required=True, help="JSON object, see steps.slice_assessment.Params")
    for output in ("quality", "copies", "card", "diagnosis", "png", "svg"):
        arguments.add_argument(f"--{output}", required=True)
    return arguments


def by_folds(pairs: list[str]) -> dict[str, str]:
    """Return the values of FOLDS=VALUE arguments by their folds."""
    return dict(pair.split("=", 1) for pair in pairs)


def generator(arguments: argparse.Namespace, group: str) -> Generator:
    """Return the generator that the ``arguments`` of `parser` name; ``group`` is what it was trained on."""
    paths = by_folds(arguments.synthetic), by_folds(arguments.train_sets)
    return Generator(arguments.generator, arguments.seed, group, *paths)


def gathered(cohort: Cohort, made_by: Generator, trained: str, params: Params, draw: realism.Streams) -> Pair:
    """Return the slices of the training folds ``trained``."""
    slices, listed = cohort.slices, artifacts.read_csv(made_by.train_sets[trained])
    learned = set(listed["slice"])
    if (listed["source"] == imported_files.IMPORTED).all():
        # What it saw is the user's word: it stands beside what a generator of this workflow sees.
        inside = cohort.learned_from(trained)
        learned = set(slices["slice"][cohort.with_lesion & slices["slice"].isin(inside)])
    tested = tested_units.outside(cohort.folds, trained)["slice"]
    unseen = slices[cohort.with_lesion & slices["slice"].isin(tested)]
    made = artifacts.read_array(made_by.synthetic[trained], memory_map=True)
    chosen = np.sort(draw("made").permutation(len(made))[: params.images])
    return Pair(
        slices[slices["slice"].isin(learned)],
        unseen.iloc[draw("unseen").permutation(len(unseen))[: params.images]],
        np.array(made[chosen]),
        chosen,
    )


def likeness(
    pair: Pair, images: np.ndarray, features: Features, params: Params, draw: realism.Streams
) -> tuple[pd.DataFrame, Compared]:
    """Return how like real slices the synthetic ones are, with `realism.COLUMNS`, and which were compared."""
    count = min(params.images, len(pair.seen), len(pair.unseen), len(pair.made))
    own = pair.seen.iloc[draw("train").permutation(len(pair.seen))[:count]]
    pixels = [images[own.index], pair.made[:count], images[pair.unseen.index[:count]]]
    units = [own["patient"], np.arange(count).astype(str), pair.unseen["patient"][:count]]
    learned = [features(part) for part in pixels]
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
    table = realism.assess(SLICES, *sets, params.neighbours, params.confidence, draw)
    return table, Compared(pair, own, tuple(learned))


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


def assess(
    cohort: Cohort,
    made_by: Generator,
    features: Callable[[str], Features],
    params: Params,
    arguments: argparse.Namespace,
    title: str,
    log: logging.Logger,
) -> dict[str, Compared]:
    """Assess each choice of training folds, write all files of `parser`, and return what was compared of each.

    Parameters
    ----------
    features
        The features of a choice of training folds, by the network that was trained on these.
    title
        Of the sheet.
    """
    tables, audits, found, shown, beside, compared = [], [], [], [], [], {}
    for trained in made_by.synthetic:
        draw = partial(seeding.stream, params.master_seed, "assess", made_by.name, made_by.seed, trained)
        pair = gathered(cohort, made_by, trained, params, draw)
        table, compared[trained] = likeness(pair, cohort.images, features(trained), params, draw)
        audit, nearest, originals = searched(pair, cohort.images, trained, params, draw)
        cards.report(log, made_by.name, trained, SLICES, audit)
        tables.append(table.assign(folds=trained))
        audits.append({"folds": trained, "class": SLICES, **audit.summary()})
        found.append(nearest)
        shown.extend(pair.made)
        beside.extend(originals)
    nearest = pd.concat(found, ignore_index=True)
    write(made_by, cards.with_averages(tables), pd.DataFrame(audits), nearest, arguments)
    figure = neighbour_sheet.nearest(nearest, shown, beside, [SLICES], title)
    figure_style.save(figure, arguments.png, arguments.svg)
    return compared


def write(
    made_by: Generator, table: pd.DataFrame, audits: pd.DataFrame, nearest: pd.DataFrame, arguments: argparse.Namespace
) -> None:
    """Write the tables."""
    names = {"generator": made_by.name, "seed": made_by.seed, "group": made_by.group}
    artifacts.write_csv(table.round(6), arguments.quality)
    artifacts.write_csv(cards.card(names, table, audits), arguments.card)
    light = {**names, **asdict(diagnosis.diagnose(table, audits))}
    artifacts.write_csv(pd.DataFrame([light])[diagnosis.COLUMNS], arguments.diagnosis)
    moved = nearest.assign(transform=[cards.movement(row) for _, row in nearest.iterrows()])
    columns = [*cards.KEYS, "sample", "distance", "threshold", "alarm", "lesion", "transform"]
    artifacts.write_csv(moved[columns].rename(columns={"lesion": "slice"}).round(6), arguments.copies)
