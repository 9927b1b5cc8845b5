"""Detections of any other tool, checked before they are judged as those of an arm.

A file is a table with a row a detection: ``slice,x0,y0,x1,y1,score`` and, of several classes, ``class``. What the tool
was trained on is not known, so the lineage audit names it as unknown. All problems are reported together, a line for
each kind of problem in a file.
"""

import difflib
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.cohort import tested_units
from synthaug.detection import user_boxes
from synthaug.detection.boxes import BOX, areas, clip
from synthaug.detection.columns import DETECTED, LEARNED, TEST
from synthaug.detection.user_boxes import Problem
from synthaug.errors import InputError

WHERE = "imported_detections"
COLUMNS = ["slice", *BOX, "score"]
SLICE, IMAGE = "slice", "image"  # whose pixels

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Params:
    """What a file must hold.

    Attributes
    ----------
    classes
        Of the experiment. With one, a file needs no column ``class``.
    pixels
        Of what the boxes are given: of the resized ``slice``, or of the ``image`` as it was before.
    side
        px, of the resized slice.
    """

    classes: list[str]
    pixels: str
    side: int


@dataclass(frozen=True)
class Cohort:
    """The slices to check against: ``slices.csv``, and ``folds.csv`` of one seed."""

    slices: pd.DataFrame
    folds: pd.DataFrame


def check(files: Mapping[str, Path], cohort: Cohort, params: Params, name: str) -> dict[str, pd.DataFrame]:
    """Read and check the file of each choice of training folds of the tool ``name``; one may serve several.

    Returns
    -------
    dict of the training folds to ``detections.csv`` (`DETECTED`, float px of the resized slice, clipped to it): those
    of the test slices, sorted by slice, then descending score, then as they come.

    Raises
    ------
    InputError
        With all problems of all files.
    """
    served: dict[Path, list[str]] = defaultdict(list)
    for trained, path in files.items():
        served[path].append(trained)
    problems, read = [], {}
    for path, choices in served.items():
        tested = set().union(*(tested_units.outside(cohort.folds, trained)["slice"] for trained in choices))
        try:
            read[path] = _read(path, cohort, tested, params)
        except InputError as error:
            problems += str(error).splitlines()
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise InputError("\n  ".join([f"imported detections of {name}: {count}", *problems]))
    return {trained: _of_test_slices(read[path], cohort.folds, trained) for trained, path in files.items()}


def no_training() -> pd.DataFrame:
    """Return ``train_set.csv`` of a detector of which nothing is known."""
    return pd.DataFrame(columns=LEARNED)


def _of_test_slices(rows: pd.DataFrame, folds: pd.DataFrame, trained: str) -> pd.DataFrame:
    test = tested_units.outside(folds, trained)
    patient = dict(zip(test["slice"], test["patient"], strict=True))
    mine = rows[rows["slice"].isin(patient)]
    mine = mine.assign(patient=mine["slice"].map(patient), set=TEST, falling=-mine["score"])
    return mine.sort_values(["slice", "falling"], kind="stable", ignore_index=True)[DETECTED]


def _read(path: Path, cohort: Cohort, tested: set[str], params: Params) -> pd.DataFrame:
    """Return the detections of a file in px of the resized slice: ``slice, class, x0, y0, x1, y1, score``."""
    needed = COLUMNS if len(params.classes) == 1 else [*COLUMNS, "class"]
    table, values = user_boxes.read(path, "a table of detections", WHERE, needed, [*BOX, "score"])
    found = values.assign(**{"slice": table["slice"], "class": table.get("class", params.classes[0])})
    boxes = _resized(found, cohort.slices, params) if len(found) else np.zeros((0, 4))
    lost = areas(clip(boxes, params.side)) == 0
    user_boxes.refuse(path, table, _problems(found, lost, cohort, tested, params))
    if lost.any():
        log.warning("%s: %d detections lie in what was cut off the slices and are left out", path, lost.sum())
    found[BOX] = clip(boxes, params.side).round(4)
    return found[~lost]


def _resized(found: pd.DataFrame, slices: pd.DataFrame, params: Params) -> np.ndarray:
    """Return the boxes in px of the resized slice, float (n, 4); not numbers on slices that there are not."""
    boxes = found[BOX].to_numpy(float)
    if params.pixels == SLICE:
        return boxes
    of = slices.set_index("slice")[["left", "top", "scale_x", "scale_y"]].reindex(found["slice"]).to_numpy(float)
    return (boxes - of[:, [0, 1, 0, 1]]) * of[:, [2, 3, 2, 3]]


def _problems(found: pd.DataFrame, lost: np.ndarray, cohort: Cohort, tested: set[str], params: Params) -> list[Problem]:
    known, there = cohort.slices["slice"], found["slice"].isin(cohort.slices["slice"])
    numbers = np.isfinite(found[[*BOX, "score"]]).all(axis=1)
    misshapen = user_boxes.misshapen(found, numbers, "multiply fractions by the width and height")
    sound = numbers & ~pd.concat([each.wrong for each in misshapen], axis=1).any(axis=1)
    beyond = pd.Series(lost, found.index) & (params.pixels == SLICE)
    learned = there & ~found["slice"].isin(tested)
    fold = dict(zip(cohort.folds["slice"], cohort.folds["fold"], strict=True))
    of_fold = f" of fold {fold[found['slice'][learned].iloc[0]]}" if learned.any() else ""
    return [
        Problem(~numbers, "five finite numbers x0, y0, x1, y1 and score", "correct it"),
        Problem(~there, "a slice of slices.csv", _near(found["slice"][~there], known)),
        Problem(learned, "a test slice of these folds", "leave out slices that trained the tool", of_fold),
        Problem(~found["class"].isin(params.classes), f"one of the classes {', '.join(params.classes)}", "correct it"),
        *misshapen,
        Problem(
            sound & beyond, f"a box on a slice of {params.side} px",
            f"give pixels of the resized slice, or pixels: {IMAGE} in {WHERE}",
        ),
        Problem(found.duplicated(), "each detection once", "delete the repetition"),
    ]  # fmt: skip


def _near(unknown: pd.Series, known: pd.Series) -> str:
    near = difflib.get_close_matches(unknown.iloc[0], known, 1, cutoff=0.5) if len(unknown) else []
    return f"did you mean {near[0]}?" if near else "name slices as slices.csv does"
