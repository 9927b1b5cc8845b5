"""Measure the images of one generator and seed against real ones, and search them for copies of training images.

Reads, for all choices of training folds and all classes, the synthetic images, what their generator was trained on, and
the classifier of the same folds and classic group. Writes quality.csv, a row for each measure beside the same measure
between real images; copies.csv, a row for each synthetic image looked at, with its nearest training image;
card.csv, one row that sums both up; and a sheet of the synthetic images that are nearest to training images.
"""

from dataclasses import dataclass
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
from synthaug.generators import imported
from synthaug.quality import copy_search, embedding, realism
from synthaug.report import figure_style, neighbour_sheet
from synthaug.training import device

KEYS = ["folds", "class"]
ALL = "all"
CARD = {
    "KID": (embedding.CNN, realism.KID, 3),
    "KID to test": (embedding.CNN, realism.KID_TEST, 3),
    "KID, radiomic": (embedding.RADIOMIC, realism.KID, 2),
    "precision": (embedding.CNN, "precision", 2),
    "recall": (embedding.CNN, "recall", 2),
    "density": (embedding.CNN, "density", 2),
    "coverage": (embedding.CNN, "coverage", 2),
    "sharpness": (realism.PIXELS, realism.SHARPNESS, 2),
    "spectrum": (realism.PIXELS, realism.SPECTRUM, 2),
    "AUC": (embedding.CNN, realism.SCORE, 2),
    "AUC, radiomic": (embedding.RADIOMIC, realism.SCORE, 2),
}


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """The assessment's part of the config."""

    master_seed: int
    classes: list[str]
    images: int
    """Most images of a class and choice of folds that are looked at."""
    neighbours: int
    """k of precision, recall, density and coverage."""
    false_alarm: float
    """Share of unseen real images that may count as copies."""
    confidence: float


@dataclass(frozen=True)
class Cohort:
    """The real images and one seed's folds."""

    rois: pd.DataFrame
    pool_index: pd.DataFrame
    folds: pd.DataFrame
    roi_images: np.ndarray
    pool_images: np.ndarray

    def located(self, train_set: pd.DataFrame, path: str) -> pd.DataFrame:
        """Return ``train_set``, whose column ``row`` says where each image is in the array of its source.

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
        """Return the classic group of ``train_folds``, of one class: the mixture that generators train on."""
        return training_sets.generator_set(
            self.rois, self.pool_index, self.folds,
            train_folds=train_folds, group=group, cls=cls, seed=seed, master_seed=master_seed,
        )  # fmt: skip

    def pixels(self, rows: pd.DataFrame) -> np.ndarray:
        return training_images.gather(rows, self.roi_images, self.pool_images, synthetic={})

    def patients(self, rows: pd.DataFrame) -> np.ndarray:
        return rows["lesion"].map(dict(zip(self.rois["lesion"], self.rois["patient"], strict=True))).to_numpy(dtype=str)


def keyed(pairs: list[str], option: str, needed: list[str]) -> dict[str, str]:
    """Return the paths of KEY=PATH arguments; every one of ``needed`` must be there."""
    paths = dict(pair.split("=", 1) for pair in pairs)
    missing = [key for key in needed if key not in paths]
    if missing:
        raise InputError(f"{option}: expected KEY=PATH for {', '.join(needed)}, missing {', '.join(missing)}")
    return paths


def views(pixels: list[np.ndarray], network: torch.nn.Module, where: torch.device) -> list[dict[str, np.ndarray]]:
    """Return the features of training, synthetic and test images, scaled by the first of them."""
    learned = [classifier.predict(network, part, where)[1] for part in pixels]
    measured = [embedding.radiomic(part) for part in pixels]
    return [
        {
            embedding.CNN: embedding.unit_scale(a, learned[0]),
            embedding.RADIOMIC: embedding.standardise(b, measured[0]),
        }
        for a, b in zip(learned, measured, strict=True)
    ]


def movement(row: pd.Series) -> str:
    """Say in words how `copy_search.moved` takes the training image of ``row`` to the other image."""
    flip = ", flipped" if row["flipped"] else ""
    return f"shifted {row['shift_x_px']:+.1f} {row['shift_y_px']:+.1f} px, rotated {row['rotation_deg']:.0f} deg{flip}"


def card(
    names: dict[str, object], table: pd.DataFrame, audits: list[copy_search.Audit], nearest: pd.DataFrame
) -> pd.DataFrame:
    """Sum up in one row: each measure and, after ``real``, its reference; then the search for copies."""
    total = table[(table["folds"] == ALL) & (table["class"] == ALL)].set_index(["features", "measure"])
    row = {**names, "images": len(nearest)}
    for name, (features, measure, digits) in CARD.items():
        value = total.loc[(features, measure)]
        row |= {name: round(value["value"], digits), f"{name}, real": round(value["reference"], digits)}
    planted, found = sum(part.planted for part in audits), sum(part.found for part in audits)
    flagged = int(nearest["alarm"].sum())
    row["copies flagged"] = f"{flagged} of {len(nearest)} ({100 * flagged / len(nearest):.1f} %)"
    row["flagged by chance"] = f"up to {100 * np.mean([part.chance for part in audits]):.1f} %"
    row["distance ratio"] = round(float(np.mean([part.ratio for part in audits])), 2)
    row["authentic"] = f"{100 * np.mean([part.authentic for part in audits]):.0f} %"
    row["controls found"] = f"{found} of {planted}"
    row["valid"] = "true" if found == planted else "false"
    return pd.DataFrame([row])


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rois", required=True, help="rois.csv")
    parser.add_argument("--roi-images", required=True, help="un-augmented ROIs, .npy")
    parser.add_argument("--pool-index", required=True, help="index.csv of the classic pool")
    parser.add_argument("--pool-images", required=True, help="the classic pool, .npy")
    parser.add_argument("--folds", required=True, help="folds.csv")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--generator", required=True, help="name of the generator")
    parser.add_argument("--group", required=True, type=int, help="classic augmentations per fold")
    parser.add_argument("--train-folds", required=True, nargs="+", help="each choice of folds, a digit a fold")
    parser.add_argument("--synthetic", required=True, nargs="+", metavar="FOLDS/CLASS=PATH", help="images.npy")
    parser.add_argument("--train-sets", required=True, nargs="+", metavar="FOLDS/CLASS=PATH", help="train_set.csv")
    parser.add_argument("--classifiers", required=True, nargs="+", metavar="FOLDS=FOLDER", help="of the classic group")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    for output in ("quality", "copies", "card", "png", "svg"):
        parser.add_argument(f"--{output}", required=True)
    arguments = parser.parse_args()
    with command.logged("assess_generator", arguments) as log:
        params = command.params(Params, arguments.params)
        where = device.pick(params)
        command.note(device=device.name(where))
        parts = [f"{folds}/{cls}" for folds in arguments.train_folds for cls in params.classes]
        synthetic_paths = keyed(arguments.synthetic, "--synthetic", parts)
        train_paths = keyed(arguments.train_sets, "--train-sets", parts)
        folders = keyed(arguments.classifiers, "--classifiers", arguments.train_folds)
        cohort = Cohort(
            *(artifacts.read_csv(path) for path in (arguments.rois, arguments.pool_index, arguments.folds)),
            artifacts.read_array(arguments.roi_images),
            artifacts.read_array(arguments.pool_images, memory_map=True),
        )
        tables, audits, found, shown, beside = [], [], [], [], []
        for part in parts:
            folds, cls = part.split("/", 1)
            draw = partial(
                seeding.stream, params.master_seed, "assess", arguments.generator, arguments.seed, folds, cls
            )
            train_set = artifacts.read_csv(train_paths[part])
            rest = "".join(sorted({str(fold) for fold in cohort.folds["fold"]} - set(folds)))
            of_class = (arguments.group, cls, arguments.seed, params.master_seed)
            if (train_set["source"] == imported.IMPORTED).all():
                # What it saw of which lesion is not known: it stands beside what a generator of this workflow sees.
                seen = cohort.group(folds, *of_class)
            else:
                seen = cohort.located(train_set, train_paths[part])
            # As if the generator were one of the test folds: the same mixture of ROIs and augmentations.
            unseen = cohort.group(rest, *of_class)
            unseen = unseen.iloc[draw("unseen").permutation(len(unseen))[: params.images]]
            made = np.array(artifacts.read_array(synthetic_paths[part], memory_map=True)[: params.images])

            own = seen[seen["class"] == cls]
            count = min(params.images, len(own), len(unseen), len(made))
            own = own.iloc[draw("train").permutation(len(own))[:count]]
            pixels = [cohort.pixels(own), made[:count], cohort.pixels(unseen[:count])]
            units = [cohort.patients(own), np.arange(count).astype(str), cohort.patients(unseen[:count])]
            features = views(pixels, device.place(stored_classifier.classifier(Path(folders[folds])), where), where)
            sets = [realism.Images(*images) for images in zip(pixels, units, features, strict=True)]
            table = realism.assess(cls, *sets, params.neighbours, params.confidence, draw)
            tables.append(table.assign(folds=folds))

            # All classes that it saw: a generator of several may copy a lesion of another class.
            pixels = cohort.pixels(seen)
            audit = copy_search.audit(
                made, pixels, seen["lesion"].to_numpy(), cohort.pixels(unseen), params.false_alarm, draw("controls")
            )
            audits.append(audit)
            parents = audit.nearest["row"].to_numpy()
            place = {"folds": folds, "class": cls, "sample": range(len(made))}
            origin = seen.iloc[parents][["lesion", "source", "rank"]].reset_index(drop=True)
            found.append(pd.concat([audit.nearest.assign(**place), origin], axis=1))
            shown.extend(made)
            beside.extend(pixels[parents])
            log.info("%s: %d alarms, %d of %d controls found",
                     part, audit.nearest["alarm"].sum(), audit.found, audit.planted)  # fmt: skip
            if audit.found < audit.planted:
                log.warning(
                    "%s, trained on folds %s, class %s: only %d of %d planted copies were found, so copies may be "
                    "missed; lesions of other patients look as much alike",
                    arguments.generator, folds, cls, audit.found, audit.planted,
                )  # fmt: skip
        table = pd.concat(tables, ignore_index=True)
        by_folds = realism.averages(table, ["folds", "features", "measure"]).assign(**{"class": ALL})
        total = realism.averages(by_folds, ["class", "features", "measure"]).assign(folds=ALL)
        table = pd.concat([table, by_folds, total], ignore_index=True)[["folds", *realism.COLUMNS]]
        nearest = pd.concat(found, ignore_index=True)
        names = {"generator": arguments.generator, "seed": arguments.seed, "group": arguments.group}
        artifacts.write_csv(table.round(6), arguments.quality)
        artifacts.write_csv(card(names, table, audits, nearest), arguments.card)
        title = f"Generator {arguments.generator}, seed {arguments.seed}"
        figure = neighbour_sheet.nearest(nearest, shown, beside, params.classes, title)
        figure_style.save(figure, arguments.png, arguments.svg)
        nearest["transform"] = [movement(row) for _, row in nearest.iterrows()]
        columns = [*KEYS, "sample", "distance", "threshold", "alarm", "lesion", "source", "rank", "transform"]
        artifacts.write_csv(nearest[columns].round(6), arguments.copies)


if __name__ == "__main__":
    main()
