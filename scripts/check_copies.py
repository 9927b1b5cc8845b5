"""Search the synthetic images of one generator and seed for copies of test images, before any model trains on them.

Reads the units, their images, the seed's folds and, for each choice of training folds and class, the synthetic images.
Writes a row for each of these: how many images were searched, how many pairs were alike enough to compare details, the
highest correlation of these (empty if none was), and how many images were as much like a test image as a copy, but
still more like one that their generator may have been trained on. It fails if one is a copy, and names each, with the
test unit.
"""

import argparse
import logging

import numpy as np
import pandas as pd

from steps import command
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.quality import copied_test_images

NAMED = 20  # copies on the terminal; the log names all of them


def parse() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = command.parser(__doc__)
    parser.add_argument("--units", required=True, help="the task's table of units, such as rois/rois.csv")
    parser.add_argument("--unit-images", required=True, help="their images, .npy")
    parser.add_argument("--unit", required=True, help="what they are called, such as lesion")
    parser.add_argument("--folds", required=True, help="folds.csv")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--generator", required=True, help="name of the generator")
    parser.add_argument("--synthetic", required=True, nargs="+", metavar="FOLDS/CLASS=PATH", help="images.npy")
    parser.add_argument("--out", required=True, help="what was searched (CSV)")
    return parser.parse_args()


def search(arguments: argparse.Namespace, log: logging.Logger) -> tuple[pd.DataFrame, list[str]]:
    """Return a row for each choice of training folds and class, and a line for each copy of a test image."""
    units, folds = artifacts.read_csv(arguments.units), artifacts.read_csv(arguments.folds)
    images = artifacts.read_array(arguments.unit_images)
    paths = dict(pair.split("=", 1) for pair in arguments.synthetic)
    rows, lines = [], []
    for trained in dict.fromkeys(key.split("/")[0] for key in paths):
        test = copied_test_images.tested(units, folds, arguments.unit, trained)
        searched = copied_test_images.Search(images[test["row"]])
        for key in [key for key in paths if key.split("/")[0] == trained]:
            cls = key.split("/", 1)[1]
            made = np.array(artifacts.read_array(paths[key]))
            pairs = searched.pairs(made)
            place = f"{arguments.generator}, seed {arguments.seed}, training folds {trained}"
            suspects = nearer = pairs[pairs["correlation"] >= copied_test_images.COPY]
            if len(suspects):
                others = np.delete(images, test["row"], axis=0)
                nearer = copied_test_images.nearer_to_others(suspects, made, others)
            found = copied_test_images.copies(suspects.drop(nearer.index), test, arguments.unit)
            lines += [f"{place}: image {sample} of class {cls} {what}" for sample, what in found]
            row = {"folds": trained, "class": cls, "images": len(made), "test images": len(test)}
            row |= {"compared": len(pairs), "highest": round(pairs["correlation"].max(), 3)}
            rows.append(row | {"nearer to training images": nearer["sample"].nunique()})
            log.info("%s, class %s: %d images, %d pairs compared", place, cls, len(made), len(pairs))
    return pd.DataFrame(rows), lines


def refuse(lines: list[str], generator: str) -> None:
    """Stop with a line for each of the first `NAMED` copies."""
    more = [f"and {len(lines) - NAMED} more, which the log names"] if len(lines) > NAMED else []
    advice = "leave the copies out, or train the generator without these patients"
    found = f"images of {generator}: expected no copy of a test image, found {len(lines)}; {advice}"
    raise InputError("\n  ".join([found, *lines[:NAMED], *more]))


def main() -> None:
    arguments = parse()
    with command.logged("check_copies", arguments) as log:
        table, lines = search(arguments, log)
        for line in lines:
            log.info("%s", line)
        if lines:
            refuse(lines, arguments.generator)
        artifacts.write_csv(table, arguments.out)


if __name__ == "__main__":
    main()
