"""The answers of a reader study: read, checked against the pack and its key, and set beside the truth.

All problems are collected and reported together, one per line.
"""

import functools
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.classification import measures
from synthaug.errors import InputError
from synthaug.files import user_tables
from synthaug.readers.pack import key_columns
from synthaug.terms.readers import CONFIDENCE, ORIGINS, REAL, SUBJECTS
from synthaug.terms.totals import ALL

REQUIRED = ("reader", "presentation", "image", "class", "origin")
OPTIONAL = ("confidence", "seconds")
COLUMNS = REQUIRED + OPTIONAL

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Study:
    """What was asked: the classes, the images that each reader saw, in order, and the key (see `pack.key_columns`)."""

    classes: list[str]
    """Those asked for; none where readers judge slices, whose class is `ALL` in every file."""
    presentations: dict[str, list[str]]
    key: pd.DataFrame

    @property
    def possible(self) -> list[str]:
        """The classes that an answer may name."""
        return self.classes or [ALL]

    @functools.cached_property
    def images(self) -> frozenset[str]:
        """The names of all images."""
        return frozenset(self.key["image"])


def study(content: dict, key: pd.DataFrame) -> Study:
    """Put together ``study.json`` of a pack and its key.

    Raises
    ------
    InputError
        If they do not belong together.
    """
    names = key_columns(next((name for name in SUBJECTS if name in key), SUBJECTS[0]))
    if missing := [name for name in names if name not in key]:
        raise InputError(
            f"key.csv: expected the columns {', '.join(names)}, missing: {', '.join(missing)}; put it back"
        )
    shown = {image for images in content["presentations"].values() for image in images}
    if unlike := shown ^ set(key["image"]):
        raise InputError(
            f"key.csv: expected the images of study.json, found {len(unlike)} that only one of them has, the first "
            f"{min(unlike)}; put back the two files that were built together"
        )
    return Study(content["classes"], content["presentations"], key)


def read(path: str | Path, asked: Study) -> pd.DataFrame:
    """Read the answers and check each of them; missing answers are allowed, see `warn_of_missing`.

    Returns
    -------
    DataFrame with `COLUMNS` and ``repeat`` (bool): whether the reader had seen the image before. Sorted by reader, in
    the order of the study, and presentation. Optional columns that the file does not have are NaN.

    Raises
    ------
    InputError
        With all problems of the file, one per line.
    """
    path = Path(path)
    header, rows = user_tables.read(path, "the readers' answers", "reader_study: answers")
    _check_header(path, header)
    user_tables.check_even(path, header, rows)
    found = _checked(path, header, rows, asked)
    answers = pd.DataFrame(found, columns=COLUMNS)
    answers = answers.astype({"presentation": int, "confidence": float, "seconds": float})
    order = {reader: i for i, reader in enumerate(asked.presentations)}
    answers = answers.assign(place=answers["reader"].map(order)).sort_values(["place", "presentation"])
    answers = answers.drop(columns="place").reset_index(drop=True)
    first = [
        asked.presentations[reader].index(image) + 1
        for reader, image in zip(answers["reader"], answers["image"], strict=True)
    ]
    return answers.assign(repeat=answers["presentation"] != first)


def _check_header(path: Path, header: list[str]) -> None:
    problems = []
    if missing := [name for name in REQUIRED if name not in header]:
        problems.append(f"expected the columns {', '.join(REQUIRED)}; missing: {', '.join(missing)}; add them")
    if twice := sorted({name for name in COLUMNS if header.count(name) > 1}):
        problems.append(f"expected every column once, found several named {', '.join(twice)}; rename them")
    if problems:
        raise InputError("\n".join(f"{path}, row 1: {text}" for text in problems))


def _checked(path: Path, header: list[str], rows: user_tables.Rows, asked: Study) -> list[dict[str, str]]:
    """Return the cells of every answer by their columns; refuse the file if one of them is wrong."""
    problems, found, taken = [], [], {}
    for number, cells in rows:
        cell = {name: cells[header.index(name)] for name in COLUMNS if name in header}
        wrong = list(_wrong(cell, asked))
        if not wrong:
            place = cell["reader"], int(cell["presentation"])
            if place in taken:
                wrong = [
                    f"presentation: expected each once, found {place[1]} of {place[0]} in row {taken[place]} too; "
                    "keep one of them"
                ]
            taken.setdefault(place, number)
        problems += [f"row {number}: {text}" for text in wrong]
        found.append(cell)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise InputError("\n  ".join([f"{path}: {count}", *problems]))
    if not found:
        raise InputError(f"{path}: expected answers, found only the header; give null until there are some")
    return found


def warn_of_missing(answers: pd.DataFrame, asked: Study) -> None:
    """Log how many answers of each reader are missing; those that are there are scored."""
    for reader, images in asked.presentations.items():
        missing = len(images) - int((answers["reader"] == reader).sum())
        if missing:
            log.warning("%s: %d of %d answers are missing; the others are scored", reader, missing, len(images))


def with_truth(answers: pd.DataFrame, asked: Study) -> pd.DataFrame:
    """Set the truth beside each answer: ``true_class`` and ``true_origin``."""
    truth = asked.key.set_index("image")
    return answers.assign(
        true_class=answers["image"].map(truth["class"]), true_origin=answers["image"].map(truth["origin"])
    )


@dataclass(frozen=True)
class Reading:
    """The first answers of one reader, in the order of the key.

    Attributes
    ----------
    images : (n,) int array
        The place of each image in the key.
    real, says_real : (n,) bool arrays
    rating : (n,) float array
        From -5, certain that it is synthetic, to 5, certain that it is real; NaN without confidences.
    truth, answer : (n,) int arrays
        Position of the class.
    """

    images: np.ndarray
    real: np.ndarray
    says_real: np.ndarray
    rating: np.ndarray
    truth: np.ndarray
    answer: np.ndarray


def readings(answers: pd.DataFrame, study: Study) -> dict[str, Reading]:
    """Return the first answers of each reader who gave any, in the study's order; ``answers`` from `with_truth`."""
    place = {image: i for i, image in enumerate(study.key["image"])}
    result = {}
    for reader, unsorted in answers[~answers["repeat"]].groupby("reader", sort=False):
        rows = unsorted.sort_values("image", key=lambda images: images.map(place))
        says_real = (rows["origin"] == REAL).to_numpy()
        result[reader] = Reading(
            images=rows["image"].map(place).to_numpy(),
            real=(rows["true_origin"] == REAL).to_numpy(),
            says_real=says_real,
            rating=np.where(says_real, rows["confidence"], -rows["confidence"]),
            truth=measures.positions(rows["true_class"], study.possible),
            answer=measures.positions(rows["class"], study.possible),
        )
    return result


def _wrong(cell: dict[str, str], asked: Study) -> Iterator[str]:
    """Yield what is wrong with one answer."""
    shown = asked.presentations.get(cell["reader"])
    presentation = _whole(cell["presentation"])
    if cell["image"] not in asked.images:
        yield (
            f"image: expected one of the study, found {cell['image']!r}; correct the cell, or put back the pack that "
            "was shown"
        )
    if shown is None:
        yield f"reader: expected one of {', '.join(asked.presentations)}, found {cell['reader']!r}; correct the cell"
    elif presentation is None or not 1 <= presentation <= len(shown):
        found = repr(cell["presentation"])
        yield f"presentation: expected a whole number from 1 to {len(shown)}, found {found}; correct the cell"
    elif cell["image"] in asked.images and cell["image"] != (due := shown[presentation - 1]):
        yield (
            f"image: expected {due}, which {cell['reader']} saw as presentation {presentation}, found {cell['image']}; "
            "correct the cell, or the numbers"
        )
    if cell["class"] not in asked.possible:
        expected = f"one of {', '.join(asked.classes)}" if asked.classes else f"{ALL}, as no class was asked for"
        yield f"class: expected {expected}, found {cell['class']!r}; correct the cell"
    if cell["origin"] not in ORIGINS:
        yield f"origin: expected real or synthetic, found {cell['origin']!r}; correct the cell"
    if "confidence" in cell:
        low, high = CONFIDENCE
        confidence = _whole(cell["confidence"])
        if confidence is None or not low <= confidence <= high:
            found = repr(cell["confidence"])
            yield f"confidence: expected a whole number from {low} to {high}, found {found}; correct the cell"
    if "seconds" in cell and not _is_time(cell["seconds"]):
        yield f"seconds: expected a number, 0 or more, found {cell['seconds']!r}; correct the cell"


def _is_time(text: str) -> bool:
    try:
        return 0 <= float(text) < math.inf
    except ValueError:
        return False


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
