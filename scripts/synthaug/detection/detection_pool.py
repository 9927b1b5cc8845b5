"""The predictions of one arm, size and seed, and their rankings: for each IoU, of all classes or of one."""

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from synthaug.detection import froc, prediction_table
from synthaug.detection.prediction_table import BOX_CLASSES, BOX_LESIONS, BOX_SIDES, CLASSES, DUPLICATE, IGNORED, SCORES
from synthaug.evaluation.measures import Pool


@dataclass(frozen=True)
class DetectionPool(Pool):
    """What was found on each slice; arrays of tuples, one element a box or a detection, as in ``predictions.csv``.

    Attributes
    ----------
    box_classes, box_lesions, box_sides : (n,) object arrays
    classes, scores : (n,) object arrays
    outcomes, rates : (n, ious) object arrays
        See `prediction_table.OUTCOMES` and `froc.entering_rates`. The rates are those of the network that predicted
        the slice, that of its fold.
    thresholds : (n, ious) float array
        From the validation slices of that network; infinite where it has none.
    """

    box_classes: np.ndarray
    box_lesions: np.ndarray
    box_sides: np.ndarray
    classes: np.ndarray
    scores: np.ndarray
    outcomes: np.ndarray
    rates: np.ndarray
    thresholds: np.ndarray

    @cached_property
    def boxes(self) -> "Boxes":
        """All boxes that count."""
        return Boxes.of(self)

    @cached_property
    def detections(self) -> "Detections":
        """All detections."""
        return Detections.of(self)


@dataclass(frozen=True)
class Boxes:
    """Boxes of all slices, in the order of patients and of their lesions; arrays (m,).

    Attributes
    ----------
    unit, place
        The slice of a box, and where it stands on it.
    classes, sides
        Its class, and the root of its area in px.
    patients, lesions
        Where in this order each patient and each lesion begins, (patients,) and (lesions,) int.
    """

    unit: np.ndarray
    place: np.ndarray
    classes: np.ndarray
    sides: np.ndarray
    patients: np.ndarray
    lesions: np.ndarray

    @classmethod
    def of(cls, pool: DetectionPool, only: int | None = None) -> "Boxes":
        """Return the boxes of a pool; with ``only``, those of this class."""
        counts = [len(each) for each in pool.box_classes]
        unit, place = np.repeat(np.arange(len(counts)), counts), _places(counts)
        classes, sides, names = (_flat(each) for each in (pool.box_classes, pool.box_sides, pool.box_lesions))
        patient = np.unique(pool.patients, return_inverse=True)[1][unit]
        lesion = np.unique(names.astype(str), return_inverse=True)[1]
        order = np.lexsort((lesion, patient))
        if only is not None:
            order = order[classes[order] == only]
        patient, lesion = patient[order], lesion[order]
        new_patient = np.diff(patient, prepend=-1) != 0
        new_lesion = new_patient | (np.diff(lesion, prepend=-1) != 0)
        return cls(
            unit[order],
            place[order],
            classes[order].astype(int),
            sides[order].astype(float),
            np.flatnonzero(new_patient),
            np.flatnonzero(new_lesion),
        )

    def of_slices(self, slices: int) -> np.ndarray:
        """Return how many boxes each slice has, (slices,) float."""
        return np.bincount(self.unit, minlength=slices).astype(float)

    @cached_property
    def thirds(self) -> np.ndarray:
        """Whether each box is of the smallest, middle or largest third, 0 to 2, (m,) int."""
        if not len(self.sides):
            return np.zeros(0, dtype=int)
        limits = np.quantile(self.sides, [1 / 3, 2 / 3], method="inverted_cdf")
        return np.searchsorted(limits, self.sides, side="left")


@dataclass(frozen=True)
class Detections:
    """Detections of all slices, as they come; arrays (d,), of IoUs (d, ious)."""

    unit: np.ndarray
    classes: np.ndarray
    scores: np.ndarray
    outcomes: np.ndarray
    rates: np.ndarray

    @classmethod
    def of(cls, pool: DetectionPool) -> "Detections":
        """Return the detections of a pool."""
        counts = [len(each) for each in pool.scores]
        outcomes, rates = (
            np.stack([_flat(each) for each in of_ious.T], axis=1) for of_ious in (pool.outcomes, pool.rates)
        )
        return cls(
            np.repeat(np.arange(len(counts)), counts),
            _flat(pool.classes).astype(int),
            _flat(pool.scores).astype(float),
            outcomes.astype(int),
            rates.astype(float),
        )


@dataclass(frozen=True)
class Ranked:
    """The ranking of one IoU, and at which point of its curve each box is found, (m,) int; never: beyond its end."""

    ranking: froc.Ranking
    boxes: Boxes
    point: np.ndarray

    @classmethod
    def of(cls, pool: DetectionPool, iou: int, only: int | None = None) -> "Ranked":
        """Rank the detections of a pool at the IoU of this number; with ``only``, those of one class."""
        each = pool.detections
        boxes = pool.boxes if only is None else Boxes.of(pool, only)
        counting = np.flatnonzero((each.outcomes[:, iou] != IGNORED) & ((only is None) | (each.classes == only)))
        outcomes, units = each.outcomes[counting, iou], each.unit[counting]
        slices = len(pool.units)
        ranking, hits = froc.rank(
            boxes.of_slices(slices), units, each.scores[counting], each.rates[counting, iou], outcomes >= 0
        )
        most = 1 + max(boxes.place.max(initial=0), outcomes.max(initial=0))
        row = np.full(slices * most, -1)
        row[boxes.unit * most + boxes.place] = np.arange(len(boxes.unit))
        point = np.full(len(boxes.unit), len(ranking.false_at))
        point[row[units[hits] * most + outcomes[hits]]] = ranking.point
        return cls(ranking, boxes, point)


def make(rows: pd.DataFrame, iou: list[float]) -> DetectionPool:
    """Return the pool of rows of ``predictions.csv`` of one arm, size and seed, at these IoUs."""
    lists = {name: _parsed(rows[name]) for name in (BOX_CLASSES, BOX_LESIONS, BOX_SIDES, CLASSES, SCORES)}
    outcomes = [_parsed(rows[prediction_table.OUTCOMES.format(each)]) for each in iou]
    fold = rows["fold"].to_numpy()
    units, patients = (rows[name].to_numpy(dtype=str) for name in ("slice", "patient"))
    return DetectionPool(
        units,
        patients,
        fold,
        *lists.values(),
        np.stack(outcomes, axis=1),
        np.stack([_rates(lists[SCORES], each, fold) for each in outcomes], axis=1),
        rows[[prediction_table.THRESHOLD.format(each) for each in iou]].to_numpy(dtype=float),
    )


def _rates(scores: np.ndarray, outcomes: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return the rate at which each detection enters the curve of its fold's network, (n,) tuples."""
    result = np.empty(len(fold), dtype=object)
    for number in np.unique(fold):
        slices = np.flatnonzero(fold == number)
        values, found = _flat(scores[slices]).astype(float), _flat(outcomes[slices]).astype(int)
        rates = froc.entering_rates(values, np.isin(found, (prediction_table.FALSE, DUPLICATE)), len(slices))
        ends = np.cumsum([len(each) for each in scores[slices]])
        for row, part in zip(slices, np.split(rates, ends[:-1]), strict=True):
            result[row] = tuple(part.tolist())
    return result


def _parsed(cells: pd.Series) -> np.ndarray:
    """Return lists in JSON as an (n,) object array of tuples."""
    result = np.empty(len(cells), dtype=object)
    for row, cell in enumerate(cells):
        result[row] = tuple(json.loads(cell))
    return result


def _flat(cells: np.ndarray) -> np.ndarray:
    """Return the elements of all tuples, one after the other."""
    return np.array([value for cell in cells for value in cell])


def _places(counts: list[int]) -> np.ndarray:
    """Return 0, 1 ... for the elements of each tuple, one tuple after the other."""
    return np.concatenate([np.arange(count) for count in counts]) if counts else np.zeros(0, dtype=int)
