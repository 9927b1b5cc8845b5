"""The measures of detection: how many boxes are found, at how many false positives.

Sensitivities of two detectors say nothing about which is better while their false positives differ: lowering a
threshold raises both. So the primary measure is the sensitivity at the same number of false positives a slice, for
which each resample of the patients finds each detector's threshold anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd

from synthaug.detection import arms, detection_pool, metric_names, planned_comparisons, prediction_table
from synthaug.detection.detection_pool import DetectionPool, Ranked
from synthaug.detection.froc import RATES, Curve, in_blocks
from synthaug.detection.prediction_table import DUPLICATE, FALSE
from synthaug.errors import InputError
from synthaug.evaluation.measures import Key, Measures, Planned, Point
from synthaug.evaluation.ratios import ratio
from synthaug.terms.totals import ALL

SENSITIVITIES = (0.5, 0.6, 0.7, 0.8)  # at which false positives are reported

OfCurve = Callable[[Curve, Ranked], np.ndarray]


@dataclass(frozen=True)
class Detection(Measures):
    """Sensitivity at equal false positives, FROC, average precision, and what the paper reports.

    The names are those of `metric_names`; each measure is of an IoU of the boxes, the primary one of the first. False
    positives are per slice, also those without boxes, and duplicates are among them.

    - primary, and sensitivities at the `RATES` and at `false_positives`: share of the boxes, at the lowest threshold
      with at most so many false positives a slice; their mean over the `RATES`.
    - at that threshold of `false_positives` also: lesions, each found if it is on any of its slices; the mean over
      patients of the share of their boxes; the smallest, middle and largest third of the boxes.
    - average precision, over all points and over 101 recalls.
    - sensitivity and false positives from `score` on, as in the paper, duplicates and those on slices without boxes.
    - the same at the threshold that has `false_positives` on the validation slices.
    - false positives at which a sensitivity is reached; not a number if it never is.

    Attributes
    ----------
    classes
        A detection can only hit a box of its class. With several, the primary measure and the average precision are
        also given for each.
    iou
        From which intersection over union on a detection hits a box; the first is that of the primary measure.
    false_positives
        A slice.
    score
    """

    classes: list[str]
    iou: list[float]
    false_positives: float
    score: float

    unit: ClassVar[str] = "slice"
    primary: ClassVar[str] = metric_names.PRIMARY
    spread: ClassVar[tuple[str, ...]] = (metric_names.PRIMARY,)
    reference: ClassVar[str] = arms.REAL
    sizes_are_chosen: ClassVar[bool] = False

    def check(self, predictions: pd.DataFrame) -> None:
        needed = ["slice", "patient", "fold", *prediction_table.columns(self.iou)]
        if missing := [name for name in needed if name not in predictions]:
            raise InputError(f"predictions: expected columns for each IoU, missing {', '.join(missing)}; score again")

    def pool(self, rows: pd.DataFrame) -> DetectionPool:
        return detection_pool.make(rows, self.iou)

    def values(
        self, pool: DetectionPool, weights: np.ndarray, keys: Sequence[Key] | None = None
    ) -> dict[Key, np.ndarray]:
        wanted = None if keys is None else set(keys)
        result = {}
        for (place, only), of_curves in self._of_curves().items():
            asked = {key: how for key, how in of_curves.items() if wanted is None or key in wanted}
            if asked:
                result |= _under(Ranked.of(pool, place, only), weights, asked)
        return result | {
            key: sign * ratio(weights @ numerator, weights @ denominator)
            for key, (sign, numerator, denominator) in self._sums(pool).items()
            if wanted is None or key in wanted
        }

    def counted(self, pool: DetectionPool) -> dict[Key, np.ndarray]:
        """Return all slices, since false positives count on each; of what needs no threshold, those that it is of."""
        everything = np.ones(len(pool.units), dtype=bool)
        curves = {key: everything for of_curves in self._of_curves().values() for key in of_curves}
        return curves | {key: denominator > 0 for key, (_, _, denominator) in self._sums(pool).items()}

    def compared(self) -> list[Key]:
        """Return what is a share of boxes or an average precision, at each IoU; false positives are none of these."""
        by_class = [(metric_names.PRIMARY, name) for name in self._divided()]
        result = [(metric_names.PRIMARY, ALL), *by_class]
        for place, iou in enumerate(self.iou):
            names = [metric_names.at_rate(self.false_positives, iou)] if place else []
            names += [metric_names.MEAN, metric_names.AP, metric_names.PER_LESION, metric_names.PER_PATIENT]
            names += [metric_names.VALIDATED, metric_names.AT_SCORE]
            result += [(name.format(iou=iou, score=self.score), ALL) for name in names]
        return result

    def planned(self, points: Sequence[Point]) -> list[Planned]:
        return planned_comparisons.planned(points)

    def contributions(self, pool: DetectionPool) -> dict[Key, np.ndarray]:
        """Return the boxes found on each slice from a score on that is given: no threshold hangs on other slices."""
        compared = set(self.compared())
        return {key: numerator for key, (_, numerator, _) in self._sums(pool).items() if key in compared}

    def differing(self, a: DetectionPool, b: DetectionPool, key: Key) -> np.ndarray:
        """Return the slices with a box that one of the two finds at `false_positives` and the other does not.

        At the IoU and of the class of ``key``, and each at its own threshold. Scores play no part, and false positives
        only in that they set the threshold: any two networks differ in these on nearly every patient.
        """
        place, only = next(where for where, keys in self._of_curves().items() if key in keys)
        everything, found = np.ones((1, len(a.units))), []
        for pool in (a, b):
            ranked = Ranked.of(pool, place, only)
            found.append(ranked.point <= Curve(ranked.ranking, everything).at(self.false_positives))
        result = np.zeros(len(a.units), dtype=bool)
        result[ranked.boxes.unit[found[0] != found[1]]] = True
        return result

    def _divided(self) -> list[str]:
        """Return the classes that have measures of their own."""
        return self.classes if len(self.classes) > 1 else []

    def _of_curves(self) -> dict[tuple[int, int | None], dict[Key, OfCurve]]:
        """Return what is read off a curve, by number of the IoU and of the class, None for all together."""
        result: dict[tuple[int, int | None], dict[Key, OfCurve]] = {}
        for place, iou in enumerate(self.iou):
            for number, name in [(None, ALL), *enumerate(self._divided())]:
                primary = {(metric_names.PRIMARY, name): partial(_at_rate, self.false_positives)}
                precision = {(metric_names.AP.format(iou=iou), name): lambda curve, _: curve.average_precision()}
                result[place, number] = ({} if place else primary) | precision
            result[place, None] |= {(name, ALL): how for name, how in self._of_all(iou).items()}
        return result

    def _of_all(self, iou: float) -> dict[str, OfCurve]:
        """Return what is read off a curve of all classes only, by metric."""
        rate, names = self.false_positives, metric_names
        result: dict[str, OfCurve] = {
            names.at_rate(each, iou): partial(_at_rate, each) for each in sorted({*RATES, rate})
        }
        result[names.MEAN.format(iou=iou)] = _mean
        result[names.PER_LESION.format(iou=iou)] = partial(_per_lesion, rate)
        result[names.PER_PATIENT.format(iou=iou)] = partial(_per_patient, rate)
        for third, size in enumerate(names.SIZES):
            result[names.OF_SIZE.format(size=size, iou=iou)] = partial(_of_size, rate, third)
        result[names.AP_101.format(iou=iou)] = lambda curve, _: curve.average_precision_101()
        for each in SENSITIVITIES:
            name = names.FALSE_AT_SENSITIVITY.format(sensitivity=each, iou=iou)
            result[name] = partial(_false_at_sensitivity, each)
        return result

    def _sums(self, pool: DetectionPool) -> dict[Key, tuple[int, np.ndarray, np.ndarray]]:
        """Return the measures that are shares of sums over slices: sign, numerator and denominator, (n,) float."""
        slices, names, each, result = len(pool.units), metric_names, pool.detections, {}
        boxes, everywhere = pool.boxes.of_slices(slices), np.ones(slices)
        empty = (boxes == 0).astype(float)

        def count(chosen: np.ndarray) -> np.ndarray:
            return np.bincount(each.unit[chosen], minlength=slices).astype(float)

        for place, iou in enumerate(self.iou):
            outcomes, thresholds = each.outcomes[:, place], pool.thresholds[:, place]
            hit, wrong = outcomes >= 0, np.isin(outcomes, (FALSE, DUPLICATE))
            above, reached = each.scores >= self.score, each.scores >= thresholds[each.unit]
            known, false = (thresholds < np.inf).astype(float), count(wrong & above)
            sums = {
                names.AT_SCORE: (1, count(hit & above), boxes),
                names.FALSE_AT_SCORE: (-1, false, everywhere),
                names.DUPLICATES_AT_SCORE: (-1, count((outcomes == DUPLICATE) & above), everywhere),
                names.FALSE_WITHOUT_BOXES: (-1, false * empty, empty),
                names.VALIDATED: (1, count(hit & reached), boxes * known),
                names.FALSE_VALIDATED: (-1, count(wrong & reached), known),
            }
            result |= {(name.format(iou=iou, score=self.score), ALL): parts for name, parts in sums.items()}
        return result


def _under(ranked: Ranked, weights: np.ndarray, asked: dict[Key, OfCurve]) -> dict[Key, np.ndarray]:
    """Return measures of a ranking under each row of ``weights``, (b,) arrays."""
    curves = (Curve(ranked.ranking, rows) for rows in in_blocks(weights, ranked.ranking))
    blocks = [{key: how(curve, ranked) for key, how in asked.items()} for curve in curves]
    return {key: np.concatenate([block[key] for block in blocks]) for key in asked}


def _at_rate(rate: float, curve: Curve, _: Ranked) -> np.ndarray:
    return curve.sensitivity(rate)


def _mean(curve: Curve, _: Ranked) -> np.ndarray:
    return np.mean([curve.sensitivity(rate) for rate in RATES], axis=0)


def _false_at_sensitivity(sensitivity: float, curve: Curve, _: Ranked) -> np.ndarray:
    return -curve.false_positives(sensitivity)


def _of_boxes(rate: float, curve: Curve, ranked: Ranked) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each box counts, and how often as found at ``rate``, (b, m) float."""
    often = curve.weights[:, ranked.boxes.unit]
    return often, often * (ranked.point <= curve.at(rate)[:, np.newaxis])


def _per_lesion(rate: float, curve: Curve, ranked: Ranked) -> np.ndarray:
    starts = ranked.boxes.lesions
    if not len(starts):
        return np.full(len(curve.weights), np.nan)
    often, found = (np.maximum.reduceat(each, starts, axis=1).sum(axis=1) for each in _of_boxes(rate, curve, ranked))
    return ratio(found, often)


def _per_patient(rate: float, curve: Curve, ranked: Ranked) -> np.ndarray:
    starts = ranked.boxes.patients
    if not len(starts):
        return np.full(len(curve.weights), np.nan)
    often, found = _of_boxes(rate, curve, ranked)
    boxes, hits = (np.add.reduceat((each > 0).astype(float), starts, axis=1) for each in (often, found))
    patients = np.maximum.reduceat(often, starts, axis=1)  # one counts as often as his slice that counts most often
    return ratio((patients * hits / np.maximum(boxes, 1)).sum(axis=1), patients.sum(axis=1))


def _of_size(rate: float, third: int, curve: Curve, ranked: Ranked) -> np.ndarray:
    members = ranked.boxes.thirds == third
    return ratio(*(each[:, members].sum(axis=1) for each in reversed(_of_boxes(rate, curve, ranked))))
