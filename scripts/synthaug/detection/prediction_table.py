"""What a detector found on each test slice: ``predictions.csv``, from which all measures are computed.

A row holds lists, as JSON: of the slice's boxes, and of its detections by descending score. Boxes to be ignored, and
detections that fall into them, count nowhere.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.detection import froc, matching, slice_table
from synthaug.detection.boxes import BOX, areas
from synthaug.detection.columns import TEST, VALIDATION
from synthaug.errors import InputError

BOX_CLASSES, BOX_LESIONS, BOX_SIDES = "box_classes", "box_lesions", "box_sides"
CLASSES, SCORES, OUTCOMES, THRESHOLD = "classes", "scores", "outcomes_{:g}", "threshold_{:g}"  # of an IoU
FALSE, DUPLICATE, IGNORED = -1, -2, -3  # in place of the number of the box that a detection hits
NUMBERS = {matching.FALSE: FALSE, matching.DUPLICATE: DUPLICATE, matching.IGNORED: IGNORED}


@dataclass(frozen=True)
class Params:
    """What counts.

    Attributes
    ----------
    classes
        Of the experiment.
    iou
        From which intersection over union on a box is hit; several are scored beside each other.
    false_positives
        A slice, at which the threshold is chosen on the validation slices.
    """

    classes: list[str]
    iou: list[float]
    false_positives: float


def columns(iou: Sequence[float]) -> list[str]:
    """Return the columns after ``slice,patient,fold``."""
    lists = [BOX_CLASSES, BOX_LESIONS, BOX_SIDES, CLASSES, SCORES, *map(OUTCOMES.format, iou)]
    return ["boxes", *lists, *map(THRESHOLD.format, iou)]


def validation_slices(train_set: pd.DataFrame) -> list[str]:
    """Return the slices of ``train_set.csv`` that nothing is learned from, each once; none where there are none."""
    return train_set.loc[train_set["source"] == VALIDATION, "slice"].drop_duplicates().tolist()


def table(
    test: pd.DataFrame, boxes: pd.DataFrame, detections: pd.DataFrame, validation: Sequence[str], params: Params
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ``predictions.csv`` and ``matches.csv`` of one detector.

    Parameters
    ----------
    test
        ``slice, patient, fold`` of the test slices, also of those without boxes or detections.
    boxes
        ``boxes.csv``.
    detections
        ``detections.csv``: ``slice, set, class, x0, y0, x1, y1, score``.
    validation
        The slices by which the threshold of `Params.false_positives` is chosen; none: it is infinite.

    Returns
    -------
    predictions : DataFrame
        ``slice, patient, fold``, then `columns`: how many boxes count; the number of each one's class in
        `Params.classes`, its lesion, and the root of its area in px; the number of each detection's class, its score,
        and for each IoU the number of the box that it hits, or `FALSE`, `DUPLICATE` or `IGNORED`; for each IoU the
        threshold from the validation slices.
    matches : DataFrame
        One row a detection and IoU: ``slice, detection`` (its row in ``detections``, from 0), ``class, score, iou,
        outcome``, and the ``box`` that is hit, taken or ignored, with the ``overlap``, see `matching.matches`.

    Raises
    ------
    InputError
        If a detection is of no test or validation slice, or of no class.
    """
    _check(detections, {TEST: set(test["slice"]), VALIDATION: set(validation)}, params.classes)
    parts = {name: detections[detections["set"] == name] for name in (TEST, VALIDATION)}
    matched = {
        (name, iou): part[["slice", "class", "score"]].join(matching.matches(boxes, part, iou))
        for name, part in parts.items()
        for iou in params.iou
    }
    thresholds = {
        THRESHOLD.format(iou): _threshold(matched[VALIDATION, iou], len(validation), params.false_positives)
        for iou in params.iou
    }
    rows = test[["slice", "patient", "fold"]].join(_lists(test["slice"], boxes, matched, params)).assign(**thresholds)
    return rows, _long({iou: matched[TEST, iou] for iou in params.iou}, boxes)


def _check(detections: pd.DataFrame, known: dict[str, set[str]], classes: Sequence[str]) -> None:
    for row, (name, part, cls) in enumerate(detections[["slice", "set", "class"]].itertuples(index=False), 2):
        if name not in known.get(part, set()):
            raise InputError(
                f"detections, row {row}: expected a slice of the set {TEST} or {VALIDATION}, found slice {name} in the "
                f"set {part}; detect again"
            )
        if cls not in classes:
            raise InputError(
                f"detections, row {row}: expected the classes {', '.join(classes)}, found {cls}; detect again"
            )


def _threshold(matched: pd.DataFrame, slices: int, rate: float) -> float:
    counts = matched[matched["outcome"] != matching.IGNORED]
    false = (counts["outcome"] != matching.HIT).to_numpy()
    return froc.threshold(counts["score"].to_numpy(float), false, slices, rate)


def _lists(
    slices: pd.Series, boxes: pd.DataFrame, matched: dict[tuple[str, float], pd.DataFrame], params: Params
) -> pd.DataFrame:
    """Return `columns` but the thresholds, with the index of ``slices``."""
    counting = slice_table.counting(boxes)
    number = counting.groupby("slice").cumcount().reindex(boxes.index, fill_value=0).to_numpy()
    number = np.append(number, 0)  # of each box on its slice, and one for `matching.NO_BOX`
    sides = np.sqrt(areas(counting[BOX].to_numpy(float))).round(3)
    result = {
        BOX_CLASSES: _by_slice(slices, counting["slice"], counting["class"].map(params.classes.index)),
        BOX_LESIONS: _by_slice(slices, counting["slice"], counting["lesion"]),
        BOX_SIDES: _by_slice(slices, counting["slice"], sides),
    }
    for iou in params.iou:
        found = matched[TEST, iou].sort_values("score", ascending=False, kind="stable")
        numbers = found["outcome"].map(NUMBERS).to_numpy(dtype=float)  # not a number for hits
        outcomes = np.where(found["outcome"] == matching.HIT, number[found["box"].to_numpy()], numbers)
        result[CLASSES] = _by_slice(slices, found["slice"], found["class"].map(params.classes.index))
        result[SCORES] = _by_slice(slices, found["slice"], found["score"].astype(float))
        result[OUTCOMES.format(iou)] = _by_slice(slices, found["slice"], outcomes.astype(int))
    table = pd.DataFrame({name: map(json.dumps, lists) for name, lists in result.items()}, index=slices.index)
    return table.assign(boxes=[len(each) for each in result[BOX_CLASSES]])[columns(params.iou)[: -len(params.iou)]]


def _by_slice(slices: pd.Series, of: pd.Series, values: Sequence) -> list[list]:
    """Return for each of the ``slices`` a list of those of the ``values`` that are ``of`` it, in their order."""
    places = pd.Index(slices).get_indexer(of)
    order = np.argsort(places, kind="stable")[(places < 0).sum() :]  # boxes of other slices come first
    ends = np.cumsum(np.bincount(places[order], minlength=len(slices)))
    return [part.tolist() for part in np.split(np.asarray(values)[order], ends[:-1])]


def _long(matched: dict[float, pd.DataFrame], boxes: pd.DataFrame) -> pd.DataFrame:
    """Return ``matches.csv``."""
    names = np.append(boxes["box"].to_numpy(dtype=object), "")  # the last one is `matching.NO_BOX`
    parts = [
        each.assign(detection=each.index, iou=iou, box=names[each["box"].to_numpy()], overlap=each["overlap"].round(6))
        for iou, each in matched.items()
    ]
    return pd.concat(parts)[["slice", "detection", "class", "score", "iou", "outcome", "box", "overlap"]]
