"""Synthetic slices with boxes that another program made, checked before any detector sees them.

A folder holds images, see `imported_files`, ``boxes.csv`` with a row a box, and ``patients.csv``. All problems are
reported together, a line each kind.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.detection import user_boxes, validation_patients
from synthaug.detection.boxes import BOX, areas, clip
from synthaug.detection.user_boxes import Problem
from synthaug.errors import InputError
from synthaug.generators import imported_files
from synthaug.generators.imported_files import PATIENTS, Cohort

BOXES = "boxes.csv"
COLUMNS = ["image", "class", *BOX]


@dataclass(frozen=True)
class Wanted:
    """What the models of one choice of training folds need: how many slices, and who says how good they are.

    Attributes
    ----------
    slices
        Of the largest size.
    validating
        The patients of the training folds from whom nothing is learned.
    """

    slices: int
    validating: frozenset[str]


@dataclass(frozen=True)
class Source:
    """The content of one folder.

    Attributes
    ----------
    images : (n, side, side) uint8 array
    boxes
        ``sample,class`` and `BOX`, float px of the slice, clipped to it.
    names
        What to call each image.
    patients
        Who trained the generator.
    """

    images: np.ndarray
    boxes: pd.DataFrame
    names: list[str]
    patients: list[str]


def check(
    folders: Mapping[str, Path], cohort: Cohort, wanted: Mapping[str, Wanted], classes: Sequence[str], name: str
) -> dict[str, Source]:
    """Read and check the folder of each choice of training folds of the generator ``name``.

    One folder may serve several training folds; then its generator must have seen no patient that any of them tests.
    Repeated images within a folder, and images that equal a real slice, are warned of only.

    Returns
    -------
    By training folds, the first slices of the folder, as many as the largest size takes.

    Raises
    ------
    InputError
        With all problems of all folders.
    """
    served: dict[Path, list[str]] = defaultdict(list)
    for trained, folder in folders.items():
        served[folder].append(trained)
    problems, read, digests = [], {}, {}
    for folder, keys in served.items():
        images, names, patients = np.empty((0, *cohort.images.shape[1:]), np.uint8), [], {}
        boxes, most = pd.DataFrame(columns=["sample", *COLUMNS[1:]]), max(wanted[trained].slices for trained in keys)
        try:
            images, names = imported_files.read_images(folder, cohort.images.shape[1:])
            problems += imported_files.one_level(images, names, folder)
            if len(images) < most:
                problems.append(f"{folder}: expected at least {most} images, found {len(images)}; make more")
            boxes = read_boxes(folder / BOXES, names, images.shape[-1], classes)
        except InputError as error:
            problems += str(error).splitlines()
        try:
            patients = imported_files.read_patients(folder / PATIENTS)
            problems += imported_files.wrong_patients(folder / PATIENTS, patients, keys, cohort)
            problems += _validating(folder / PATIENTS, patients, [wanted[trained] for trained in keys], cohort)
        except InputError as error:
            problems += str(error).splitlines()
        read[folder] = Source(images, boxes, names, list(patients.values()))
        digests[folder] = imported_files.digests(images)
    problems += [
        f"{b}: expected other images than in {a}, found {common} the same; {imported_files.ONE_FOR_ALL}"
        for a, b, common in imported_files.in_common(digests)
    ]
    imported_files.refuse(problems, name)
    for folder, source in read.items():
        imported_files.warn(folder, source.names, digests[folder], source.patients, cohort)
    return {trained: _first(read[folder], wanted[trained].slices) for trained, folder in folders.items()}


def read_boxes(path: Path, names: Sequence[str], side: int, classes: Sequence[str]) -> pd.DataFrame:
    """Read the boxes of a folder's images.

    Parameters
    ----------
    names
        What `imported_files.read_images` calls the images: the names of files, or "number 0" and so on of an array. In
        the table these numbers stand alone.
    side
        px, of the images.

    Returns
    -------
    DataFrame with ``sample``, the place of the image, ``class`` and `BOX`, float px, clipped to the image; sorted by
    sample, then as in the file. Images that no row names show nothing.

    Raises
    ------
    InputError
        With a line for each kind of problem.
    """
    table, values = user_boxes.read(path, "a table of boxes", "imported", COLUMNS, BOX)
    if table.empty:
        raise InputError("boxes: expected a row for each, found the header alone; add them")
    place = {name.removeprefix("number "): sample for sample, name in enumerate(names)}
    found = values.assign(sample=table["image"].map(place), **{"class": table["class"]})
    user_boxes.refuse(path, table, _problems(found, side, classes))
    found[BOX] = clip(found[BOX].to_numpy(), side)
    return found.astype({"sample": int}).sort_values("sample", kind="stable", ignore_index=True)[
        ["sample", "class", *BOX]
    ]


def _problems(found: pd.DataFrame, side: int, classes: Sequence[str]) -> list[Problem]:
    numbers = np.isfinite(found[BOX]).all(axis=1)
    misshapen = user_boxes.misshapen(found, numbers, f"multiply fractions by {side}")
    sound = numbers & ~pd.concat([each.wrong for each in misshapen], axis=1).any(axis=1)
    outside = pd.Series(areas(clip(found[BOX].fillna(0).to_numpy(), side)) == 0, found.index)
    return [
        Problem(found["sample"].isna(), "an image of the folder", "give a file's name, or a number from 0"),
        Problem(~found["class"].isin(classes), f"one of the classes {', '.join(classes)}", "correct it"),
        Problem(~numbers, "four finite numbers x0, y0, x1 and y1", "correct them"),
        *misshapen,
        Problem(sound & outside, f"a box on an image of {side} px", "correct it"),
    ]


def _validating(path: Path, patients: Mapping[int, str], wanted: Sequence[Wanted], cohort: Cohort) -> list[str]:
    """Return a line for each drawn patient of the validation; those of a given one are no matter of drawing."""
    drawn = (
        set().union(*(each.validating for each in wanted)) if validation_patients.COLUMN not in cohort.folds else set()
    )
    return [
        f"{path}, row {number}: patient {patient}: expected nobody of the validation, found one, drawn for seed "
        f"{cohort.seed}; train the generator without this patient"
        for number, patient in patients.items()
        if patient in drawn
    ]


def _first(source: Source, count: int) -> Source:
    boxes = source.boxes[source.boxes["sample"] < count].reset_index(drop=True)
    return Source(source.images[:count], boxes, source.names[:count], source.patients)
