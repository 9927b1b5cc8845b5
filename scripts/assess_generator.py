"""Measure the images of one generator and seed against real ones, and search them for copies of training images.

Reads, for all choices of training folds and all classes, the synthetic images, what their generator was trained on, and
the classifier of the same folds and classic group. Writes quality.csv, each measure beside the same measure between
real images; copies.csv, each synthetic image that was looked at with its nearest training image; card.csv, one row that
sums both up; diagnosis.csv, one row that says what is wrong with the images, if anything; and a sheet of the synthetic
images that are nearest to training images. Variations of real images come with their parents' names: that they are near
to these is meant, and counted apart.
"""

import argparse
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from steps import command
from synthaug import seeding
from synthaug.classification import classifier, stored_classifier, training_images, training_sets
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.generators import imported_files
from synthaug.quality import cards, copy_search, diagnosis, embedding, realism
from synthaug.report import figure_style, neighbour_sheet
from synthaug.training import device


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """The assessment's part of the config."""

    master_seed: int
    classes: list[str]
    images: int
    """How many images of each class and choice of folds are looked at, at most."""
    neighbours: int
    """k of precision, recall, density and coverage."""
    false_alarm: float
    """Share of unseen real images that may count as copies."""
    confidence: float


@dataclass(frozen=True)
class Cohort:
    """The real images and one seed's folds.

    Attributes
    ----------
    rois, pool_index, folds
        The tables ``rois.csv``, ``pool/index.csv`` and ``folds.csv``.
    roi_images, pool_images
        uint8 (n, 64, 64), one image per row of ``rois`` and of ``pool_index``.
    """

    rois: pd.DataFrame
    pool_index: pd.DataFrame
    folds: pd.DataFrame
    roi_images: np.ndarray
    pool_images: np.ndarray

    def located(self, train_set: pd.DataFrame, path: str) -> pd.DataFrame:
        """Return ``train_set``, read from ``path``; its column ``row`` is each image's row in the array of its source.

        Raises
        ------
        InputError
            If there is no such column, or it leads to other lesions than those that are named beside it.
        """
        if "row" not in train_set:
            found = ", ".join(train_set.columns)
            raise InputError(f"{path}: expected the column row, found {found}; train it again")
        augmented = train_set["source"].isin([training_sets.POOL, training_sets.EXTRA_POOL])
        for index, part in ((self.rois, train_set[~augmented]), (self.pool_index, train_set[augmented])):
            lesion = index["lesion"].reindex(part["row"]).to_numpy()
            wrong = part[lesion != part["lesion"].to_numpy()]
            if len(wrong):
                first = wrong.iloc[0]
                raise InputError(
                    f"{path}: expected lesion {first['lesion']} in row {first['row']} of the {first['source']} images, "
                    "found another one; train it again"
                )
        return train_set

    def group(self, train_folds: str, group: int, cls: str, seed: int, master_seed: int) -> pd.DataFrame:
        """Return the images of one class on which a generator of ``train_folds`` trains: ROIs and the classic group."""
        return training_sets.generator_set(
            self.rois, self.pool_index, self.folds,
            train_folds=train_folds, group=group, cls=cls, seed=seed, master_seed=master_seed,
        )  # fmt: skip

    def pixels(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the images of ``rows``, uint8 (n, 64, 64)."""
        return training_images.gather(rows, self.roi_images, self.pool_images, synthetic={})

    def patients(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the patient of each of ``rows``, str (n,)."""
        return rows["lesion"].map(dict(zip(self.rois["lesion"], self.rois["patient"], strict=True))).to_numpy(dtype=str)


@dataclass(frozen=True)
class Generator:
    """One trained generator: a seed's, on one choice of training folds, of one class."""

    name: str
    seed: int
    group: int
    """Classic augmentations per fold that it was trained on, of all classes together."""
    folds: str
    cls: str

    def draw(self, master_seed: int, *names: str | int) -> np.random.Generator:
        """Return the random stream of one decision of its assessment."""
        return seeding.stream(master_seed, "assess", self.name, self.seed, self.folds, self.cls, *names)


def parse() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = command.parser(__doc__)
    command.add_files(parser, *command.FILES)
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--generator", required=True, help="name of the generator")
    parser.add_argument("--group", required=True, type=int, help="classic augmentations per fold")
    parser.add_argument("--train-folds", required=True, nargs="+", help="each choice of folds, one digit per fold")
    parser.add_argument("--synthetic", required=True, nargs="+", metavar="FOLDS/CLASS=PATH", help="images.npy")
    parser.add_argument(
        "--parents", nargs="*", default=[], metavar="FOLDS/CLASS=PATH", help="index.csv, of variations only"
    )
    parser.add_argument("--train-sets", required=True, nargs="+", metavar="FOLDS/CLASS=PATH", help="train_set.csv")
    parser.add_argument("--classifiers", required=True, nargs="+", metavar="FOLDS=FOLDER", help="of the classic group")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    for output in ("quality", "copies", "card", "diagnosis", "png", "svg"):
        parser.add_argument(f"--{output}", required=True)
    return parser.parse_args()


def seen_and_unseen(
    generator: Generator, cohort: Cohort, train_path: str, params: Params
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the images that the generator was trained on, and of images of the test folds.

    The unseen images are what a generator of the test folds would train on, the same mixture of ROIs and augmentations,
    in random order and at most ``params.images``.
    """
    train_set = artifacts.read_csv(train_path)
    rest = "".join(sorted({str(fold) for fold in cohort.folds["fold"]} - set(generator.folds)))
    of_class = (generator.group, generator.cls, generator.seed, params.master_seed)
    if (train_set["source"] == imported_files.IMPORTED).all():
        # What it saw of which lesion is not known: it stands beside what a generator of this workflow sees.
        seen = cohort.group(generator.folds, *of_class)
    else:
        seen = cohort.located(train_set, train_path)
    unseen = cohort.group(rest, *of_class)
    order = generator.draw(params.master_seed, "unseen").permutation(len(unseen))
    return seen, unseen.iloc[order[: params.images]]


def likeness(
    generator: Generator,
    cohort: Cohort,
    seen: pd.DataFrame,
    made: np.ndarray,
    unseen: pd.DataFrame,
    network: torch.nn.Module,
    where: torch.device,
    params: Params,
) -> pd.DataFrame:
    """Return how like real images the synthetic ones (``made``, uint8 (n, 64, 64)) are, with `realism.COLUMNS`.

    Equally many training, synthetic and unseen images of the generator's class are compared.
    """
    draw = partial(generator.draw, params.master_seed)
    own = seen[seen["class"] == generator.cls]
    count = min(params.images, len(own), len(unseen), len(made))
    own = own.iloc[draw("train").permutation(len(own))[:count]]
    pixels = [cohort.pixels(own), made[:count], cohort.pixels(unseen[:count])]
    units = [cohort.patients(own), np.arange(count).astype(str), cohort.patients(unseen[:count])]
    features = views(pixels, network, where)
    sets = [realism.Images(*images) for images in zip(pixels, units, features, strict=True)]
    return realism.assess(generator.cls, *sets, params.neighbours, params.confidence, draw)


def copies(
    generator: Generator, cohort: Cohort, seen: pd.DataFrame, made: np.ndarray, unseen: pd.DataFrame, params: Params
) -> tuple[copy_search.Audit, pd.DataFrame, np.ndarray]:
    """Search the synthetic images (``made``, uint8 (n, 64, 64)) for copies of training images.

    All classes that the generator saw are searched: one of several classes may copy a lesion of another class.

    Returns
    -------
    The audit; one row per synthetic image with its nearest training image; and these images, uint8 (n, 64, 64).
    """
    pixels = cohort.pixels(seen)
    controls = generator.draw(params.master_seed, "controls")
    audit = copy_search.audit(
        made, pixels, seen["lesion"].to_numpy(), cohort.pixels(unseen), params.false_alarm, controls
    )
    parents = audit.nearest["row"].to_numpy()
    place = {"folds": generator.folds, "class": generator.cls, "sample": range(len(made))}
    origin = seen.iloc[parents][["lesion", "source", "rank"]].reset_index(drop=True)
    return audit, pd.concat([audit.nearest.assign(**place), origin], axis=1), pixels[parents]


def of_variations(
    audit: copy_search.Audit, nearest: pd.DataFrame, seen: pd.DataFrame, index: str
) -> tuple[copy_search.Audit, pd.DataFrame]:
    """Return what `copies` found, told which lesion each image is a variation of, by the table at ``index``."""
    parents = artifacts.read_csv(index, numbers=("sample",))["parent"].to_numpy(str)[: len(nearest)]
    audit = copy_search.of_variations(audit, seen["lesion"].to_numpy(str), parents)
    return audit, nearest.assign(parent=parents, meant=audit.nearest["meant"].to_numpy())


def views(pixels: list[np.ndarray], network: torch.nn.Module, where: torch.device) -> list[dict[str, np.ndarray]]:
    """Return the features of training, synthetic and test images, uint8 (n, 64, 64), scaled by the first of them."""
    learned = [classifier.predict(network, part, where)[1] for part in pixels]
    measured = [embedding.radiomic(part) for part in pixels]
    return [
        {
            embedding.CNN: embedding.unit_scale(a, learned[0]),
            embedding.RADIOMIC: embedding.standardise(b, measured[0]),
        }
        for a, b in zip(learned, measured, strict=True)
    ]


def main() -> None:
    arguments = parse()
    with command.logged("assess_generator", arguments) as log:
        params = command.params(Params, arguments.params)
        where = device.pick(params)
        command.note(device=device.name(where))
        parts = [(folds, cls) for folds in arguments.train_folds for cls in params.classes]
        keys, form = ["/".join(part) for part in parts], "FOLDS/CLASS=PATH for each choice of folds and class"
        synthetic_paths = command.named("--synthetic", arguments.synthetic, keys, form)
        train_paths = command.named("--train-sets", arguments.train_sets, keys, form)
        indices = command.named("--parents", arguments.parents, keys if arguments.parents else [], form)
        folders = command.named(
            "--classifiers", arguments.classifiers, arguments.train_folds, "FOLDS=FOLDER for each choice of folds"
        )
        cohort = Cohort(
            artifacts.read_csv(arguments.rois),
            artifacts.read_csv(arguments.pool_index, columns=training_sets.POOL_COLUMNS),
            artifacts.read_csv(arguments.folds),
            artifacts.read_array(arguments.roi_images),
            artifacts.read_array(arguments.pool_images, memory_map=True),
        )
        tables, audits, found, shown, beside = [], [], [], [], []
        for key, (folds, cls) in zip(keys, parts, strict=True):
            generator = Generator(arguments.generator, arguments.seed, arguments.group, folds, cls)
            seen, unseen = seen_and_unseen(generator, cohort, train_paths[key], params)
            made = np.array(artifacts.read_array(synthetic_paths[key], memory_map=True)[: params.images])
            network = device.place(stored_classifier.classifier(Path(folders[folds])), where)
            table = likeness(generator, cohort, seen, made, unseen, network, where, params)
            audit, nearest, originals = copies(generator, cohort, seen, made, unseen, params)
            if indices:
                audit, nearest = of_variations(audit, nearest, seen, indices[key])
            cards.report(log, generator.name, generator.folds, cls, audit)
            tables.append(table.assign(folds=folds))
            audits.append({"folds": folds, "class": cls, **audit.summary()})
            found.append(nearest)
            shown.extend(made)
            beside.extend(originals)
        table, nearest, searched = (
            cards.with_averages(tables),
            pd.concat(found, ignore_index=True),
            pd.DataFrame(audits),
        )
        names = {"generator": arguments.generator, "seed": arguments.seed, "group": arguments.group}
        artifacts.write_csv(table.round(6), arguments.quality)
        artifacts.write_csv(cards.card(names, table, searched), arguments.card)
        light = {**names, **asdict(diagnosis.diagnose(table, searched))}
        artifacts.write_csv(pd.DataFrame([light])[diagnosis.COLUMNS], arguments.diagnosis)
        title = f"Generator {arguments.generator}, seed {arguments.seed}"
        figure = neighbour_sheet.nearest(nearest, shown, beside, params.classes, title)
        figure_style.save(figure, arguments.png, arguments.svg)
        nearest["transform"] = [cards.movement(row) for _, row in nearest.iterrows()]
        columns = [*cards.KEYS, "sample", "distance", "threshold", "alarm", "lesion", "source", "rank", "transform"]
        columns += ["parent", "meant"] if indices else []
        artifacts.write_csv(nearest[columns].round(6), arguments.copies)


if __name__ == "__main__":
    main()
