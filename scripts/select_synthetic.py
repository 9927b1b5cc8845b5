"""Select the synthetic images of one generator and seed whose class a classifier of real images names.

Reads, for each choice of training folds, the classifier of the arm classic with its training set, the ROIs and the
classic pool, and the generator's images of each class. Writes to --out-dir, in the folder of the training folds and of
the class, the selected images (uint8, n x 64 x 64) and index.csv, with the place of each among the generator's images
and what it was selected by; and a table of how many were made, accepted and taken.
"""

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from steps import command
from synthaug.classification import classifier, selected_images, stored_classifier, training_images, training_sets
from synthaug.files import artifacts
from synthaug.quality import real_or_fake, realism
from synthaug.training import device


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """What selected images must fulfil."""

    classes: list[str]
    probability: float
    """Least probability of their class."""
    density: float
    """Least density among the classifier's real images of their class; 0 does not ask."""
    neighbours: int
    """Of the density; 0 where none is asked for."""
    authentic: bool
    """Whether near copies of one of these images are left out."""
    real_or_fake: dict | None
    """The network that must take them for real, see `real_or_fake.Params`; None does not ask."""
    master_seed: int
    most: int
    """Images of each class that the largest size takes."""


class Selector:
    """The classifier of one choice of training folds, and the real images that it was trained on.

    The real images are read only where something of them is asked for.

    Attributes
    ----------
    images
        uint8 (n, 64, 64).
    features
        Of these images, float32 (n, units).
    classes
        The class of each, str (n,).
    """

    def __init__(
        self, folder: Path, arguments: argparse.Namespace, params: Params, names: tuple[str, ...], where: torch.device
    ):
        self.params, self.names, self.where = params, names, where
        self.network = device.place(stored_classifier.classifier(folder), where)
        if not (params.density or params.authentic or params.real_or_fake):
            return
        listed = artifacts.read_csv(folder / "train_set.csv")
        listed = listed[listed["source"] != training_sets.VALIDATION]
        self.classes = listed["class"].to_numpy(str)
        self.images = training_images.gather(
            listed,
            artifacts.read_array(arguments.roi_images),
            artifacts.read_array(arguments.pool_images, memory_map=True),
            synthetic={},
        )
        if params.density or params.authentic:
            self.features = classifier.predict(self.network, self.images, where)[1]

    def select(self, made: np.ndarray, cls: str) -> tuple[pd.DataFrame, int]:
        """Return the index of the images that are taken of ``made``, uint8 (n, 64, 64), and how many are accepted."""
        probabilities, features = classifier.predict(self.network, made, self.where)
        place = self.params.classes.index(cls)
        found = pd.DataFrame({"sample": range(len(made)), "probability": probabilities[:, place]})
        found = found.assign(density=np.nan, authentic=np.nan, taken_for_real=np.nan)
        accepted = selected_images.accepted(probabilities, place, self.params.probability)
        if self.params.density:
            real = self.features[self.classes == cls]
            found["density"] = selected_images.densities(real, features, self.params.neighbours)
            accepted &= found["density"].to_numpy() >= self.params.density
        if self.params.authentic:
            found["authentic"] = realism.authentic(self.features[self.classes == cls], features).astype(int)
            accepted &= found["authentic"].to_numpy() == 1
        if self.params.real_or_fake:
            judge = real_or_fake.Params(**self.params.real_or_fake)
            found["taken_for_real"] = self._taken_for_real(made, self.images[self.classes == cls], judge, cls)
            accepted &= found["taken_for_real"].to_numpy() >= judge.threshold
        rows = selected_images.rows(accepted, probabilities[:, place], self.params.most)
        return found.iloc[rows], int(accepted.sum())

    def _taken_for_real(self, made: np.ndarray, real: np.ndarray, judge: real_or_fake.Params, cls: str) -> np.ndarray:
        names = ("real-or-fake", *self.names, cls)
        return real_or_fake.of_other_half(real, made, judge, self.params.master_seed, names, self.where)


def select(arguments: argparse.Namespace, params: Params, log: logging.Logger) -> pd.DataFrame:
    """Write the selected images of all training folds and classes; return the table of their numbers."""
    where = device.pick(params)
    command.note(device=device.name(where))
    folders = command.named("--classifiers", arguments.classifiers, [], "FOLDS=FOLDER")
    paths = command.named("--synthetic", arguments.synthetic, [], "FOLDS/CLASS=PATH")
    table = []
    for folds, folder in folders.items():
        selector = Selector(Path(folder), arguments, params, (arguments.seed, arguments.generator, folds), where)
        for cls in params.classes:
            made = np.array(artifacts.read_array(paths[f"{folds}/{cls}"]))
            index, accepted = selector.select(made, cls)
            out = arguments.out_dir / f"train-{folds}" / cls
            artifacts.write_array(made[index["sample"]], out / "images.npy")
            artifacts.write_csv(index, out / "index.csv")
            table.append((folds, cls, len(made), accepted, len(index)))
            if accepted < len(index):
                log.warning(
                    "training folds %s, class %s: %d of %d images accepted, %d asked for: %s", folds, cls, accepted,
                    len(made), len(index), "repeated" if accepted else "the most probable ones stand in",
                )  # fmt: skip
    return pd.DataFrame(table, columns=["folds", "class", "made", "accepted", "taken"])


def main() -> None:
    parser = command.parser(__doc__)
    command.add_files(parser, "roi-images", "pool-images")
    parser.add_argument("--synthetic", required=True, nargs="+", metavar="FOLDS/CLASS=PATH", help="images.npy")
    parser.add_argument("--classifiers", required=True, nargs="+", metavar="FOLDS=FOLDER", help="of the arm classic")
    parser.add_argument("--seed", required=True, help="of the repetition")
    parser.add_argument("--generator", required=True, help="name of the preset")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out-dir", required=True, type=Path)
    parser.add_argument("--table", required=True, help="how many images were accepted (CSV)")
    arguments = parser.parse_args()
    with command.logged("select_synthetic", arguments) as log:
        table = select(arguments, command.params(Params, arguments.params), log)
        artifacts.write_csv(table, arguments.table)


if __name__ == "__main__":
    main()
