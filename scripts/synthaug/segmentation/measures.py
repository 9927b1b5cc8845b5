"""The measures of segmentation, from what was found on each slice: the LcGAN paper's, and what reviewers ask today.

Every measure takes multiplicity weights of the slices, so that one code path gives the value (all weights 1) and its
bootstrap resamples (one row of weights each).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from synthaug.errors import InputError
from synthaug.evaluation.measures import Key, Measures, Planned, Point, Pool
from synthaug.evaluation.ratios import ratio
from synthaug.segmentation import arms, detections, planned_comparisons, slice_scores
from synthaug.terms.totals import ALL

DSC, PATIENT_DSC, POOLED_DSC, SURFACE_DICE = "DSC", "DSC per patient", "pooled DSC", "surface DSC"
PRECISION, RECALL, SENSITIVITY = "precision", "recall", "lesion sensitivity"
FALSE_POSITIVES, HD95 = "-false positives per slice", "-HD95"  # with a minus, so that larger is better
EMPTY = "empty slices right"
SKIP, COUNT = "skip", "count"


@dataclass(frozen=True)
class SlicePool(Pool):
    """What was found on each slice, see `slice_scores.scores`: arrays (n, classes)."""

    truth: np.ndarray
    predicted: np.ndarray
    overlap: np.ndarray
    lesions: np.ndarray
    found: np.ndarray
    false_positives: np.ndarray
    surface_dice: np.ndarray
    hd95: np.ndarray

    @cached_property
    def dsc(self) -> np.ndarray:
        """Dice similarity coefficient, float (n, classes); 1 where a class is neither there nor predicted."""
        both = self.truth + self.predicted
        return np.where(both > 0, 2 * self.overlap / np.maximum(both, 1), 1.0)


@dataclass(frozen=True)
class Segmentation(Measures):
    """Dice similarity coefficient (DSC) of slices and of patients, precision and recall, lesions found, outlines.

    The measures, each of a class and (`ALL`) of all classes:

    - ``DSC``, ``surface DSC``: mean over slices; `ALL`: of the mean over the slice's classes.
    - ``DSC per patient`` (`ALL` only): mean over patients of the mean over the classes that the patient shows, from the
      pixels of all his slices.
    - ``pooled DSC``: from the pixels of all slices together; `ALL`: mean over classes.
    - ``precision``, ``recall``: see `detections`; `ALL`: all classes counted together.
    - ``lesion sensitivity``: share of the lesions that are touched; ``-false positives per slice``; `ALL`: together.
    - ``-HD95``: mean over the slices that show the class in truth and prediction, in mm or px; `ALL`: of all these.
    - ``empty slices right`` (`ALL` only): share of the slices without any lesion on which there is no false positive.

    Attributes
    ----------
    absent
        What a class counts that is absent from a slice, for ``DSC`` and ``surface DSC``, or from a patient, for
        ``DSC per patient``: ``"skip"``, nothing; ``"count"``, 1 if it is not predicted either, else 0.
    side
        px, of the slices.
    """

    classes: list[str]
    absent: str
    side: int

    unit: ClassVar[str] = "slice"
    primary: ClassVar[str] = DSC
    spread: ClassVar[tuple[str, ...]] = (DSC, PATIENT_DSC)
    reference: ClassVar[str] = arms.ORIGINAL
    sizes_are_chosen: ClassVar[bool] = False

    def check(self, predictions: pd.DataFrame) -> None:
        names = [column.format(cls) for cls in self.classes for column in slice_scores.COLUMNS]
        if missing := [name for name in names if name not in predictions]:
            raise InputError(f"predictions: expected columns for each class, missing {', '.join(missing)}; run again")
        for cls in self.classes:
            truth, predicted, overlap = (predictions[column.format(cls)] for column in slice_scores.COLUMNS[:3])
            possible = (overlap >= 0) & (overlap <= truth) & (overlap <= predicted) & (truth <= self.side**2)
            if not possible.all():
                row = predictions[~possible].iloc[0]
                raise InputError(
                    f"predictions: slice {row['slice']} in arm {row['arm']}, size {row['size']}, seed {row['seed']}: "
                    f"expected an overlap of {cls} from 0 to the area, found {row[slice_scores.OVERLAP.format(cls)]}; "
                    "run again"
                )

    def pool(self, rows: pd.DataFrame) -> SlicePool:
        arrays = [
            rows[[column.format(cls) for cls in self.classes]].to_numpy(dtype=float) for column in slice_scores.COLUMNS
        ]
        units, patients = (rows[name].to_numpy(dtype=str) for name in ("slice", "patient"))
        return SlicePool(units, patients, rows["fold"].to_numpy(), *arrays)

    def values(self, pool: SlicePool, weights: np.ndarray, keys: Sequence[Key] | None = None) -> dict[Key, np.ndarray]:
        how: dict[str, Callable[[SlicePool, np.ndarray], np.ndarray]] = {
            DSC: lambda pool, weights: self._over_slices(pool, pool.dsc, weights),
            SURFACE_DICE: lambda pool, weights: self._over_slices(pool, _agreement(pool), weights),
            PATIENT_DSC: self._over_patients,
            POOLED_DSC: _pooled_dsc,
            PRECISION: self._precision,
            RECALL: lambda pool, weights: _summed(self._found(pool), pool.truth > 0, weights),
            SENSITIVITY: lambda pool, weights: _summed(pool.found, pool.lesions, weights),
            FALSE_POSITIVES: lambda pool, weights: _summed(-pool.false_positives, 1, weights),
            HD95: lambda pool, weights: _summed(-np.nan_to_num(pool.hd95), np.isfinite(pool.hd95), weights),
            EMPTY: _empty_right,
        }
        wanted = list(how) if keys is None else [metric for metric in how if any(metric == key[0] for key in keys)]
        result = {}
        for metric in wanted:
            values = how[metric](pool, weights)  # (b, 1 + classes), all classes first, or (b, 1)
            result |= {(metric, name): values[:, i] for i, name in enumerate([ALL, *self.classes][: values.shape[1]])}
        return result

    def counted(self, pool: SlicePool) -> dict[Key, np.ndarray]:
        """Return the slices that count: those with the class for most measures, all for false positives."""
        present, everything = pool.truth > 0, np.ones_like(pool.truth, dtype=bool)
        by_metric = {
            **dict.fromkeys((DSC, SURFACE_DICE), self._counts(pool)),
            **dict.fromkeys((POOLED_DSC, RECALL, SENSITIVITY), present),
            **dict.fromkeys((PRECISION, FALSE_POSITIVES), everything),
            HD95: np.isfinite(pool.hd95),
        }
        result = {(metric, ALL): units.any(axis=1) for metric, units in by_metric.items()}
        for metric, units in by_metric.items():
            result |= {(metric, name): units[:, i] for i, name in enumerate(self.classes)}
        return result | {(PATIENT_DSC, ALL): result[DSC, ALL], (EMPTY, ALL): ~present.any(axis=1)}

    def compared(self) -> list[Key]:
        """Return what is a fraction, and larger where a segmenter is better; of several classes the DSC of each, too.

        Precision alone is no sum over patients, because arms predict different numbers, so it has no contributions.
        """
        by_class = [(DSC, name) for name in self.classes if len(self.classes) > 1]
        others = (PATIENT_DSC, SURFACE_DICE, PRECISION, RECALL, SENSITIVITY)
        return [(DSC, ALL), *by_class, *((metric, ALL) for metric in others)]

    def planned(self, points: Sequence[Point]) -> list[Planned]:
        return planned_comparisons.planned(points)

    def shares(self) -> list[Key]:
        return [*((RECALL, name) for name in self.classes), (EMPTY, ALL)]

    def contributions(self, pool: SlicePool) -> dict[Key, np.ndarray]:
        """Return what a slice adds to the means over slices and patients, and to the counts of what is found.

        What a patient adds stands with that patient's first slice.
        """
        counts = self._counts(pool)
        order, starts = _of_patients(pool)
        dsc, counting = self._by_patient(pool, np.ones((1, len(order))), order, starts)
        result = {(PATIENT_DSC, ALL): np.zeros(len(order))}
        result[PATIENT_DSC, ALL][order[starts]] = np.where(counting, dsc, 0)[0]
        for metric, values in ((DSC, pool.dsc), (SURFACE_DICE, _agreement(pool))):
            result[metric, ALL] = np.nan_to_num(_of_slice(values, counts))
            result |= {(metric, name): (values * counts)[:, i] for i, name in enumerate(self.classes)}
        for metric, values in ((RECALL, self._found(pool)), (SENSITIVITY, pool.found)):
            result[metric, ALL] = values.sum(axis=1).astype(float)
        return result

    def references(self, pool: SlicePool) -> dict[str, float]:
        if self.absent == SKIP:
            return {}
        return {"nothing segmented": float(np.mean(pool.truth == 0))}

    def _counts(self, pool: SlicePool) -> np.ndarray:
        """Return which classes count on which slices, bool (n, classes)."""
        return pool.truth > 0 if self.absent == SKIP else np.ones_like(pool.truth, dtype=bool)

    def _found(self, pool: SlicePool) -> np.ndarray:
        return detections.true_positives(pool.truth, pool.dsc)

    def _over_slices(self, pool: SlicePool, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
        counts = self._counts(pool)
        mean, some = np.nan_to_num(_of_slice(values, counts)), counts.any(axis=1)
        every = np.column_stack([mean, values * counts]), np.column_stack([some, counts])
        return ratio(*(weights @ each.astype(float) for each in every))

    def _over_patients(self, pool: SlicePool, weights: np.ndarray) -> np.ndarray:
        """Return the mean over patients, (b, 1): one counts as often as his slice that counts most often."""
        order, starts = _of_patients(pool)
        dsc, counting = self._by_patient(pool, weights, order, starts)
        often = np.maximum.reduceat(weights[:, order], starts, axis=1) * counting
        return ratio((often * dsc).sum(axis=1), often.sum(axis=1))[:, np.newaxis]

    def _by_patient(
        self, pool: SlicePool, weights: np.ndarray, order: np.ndarray, starts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the DSC of each patient, and whether it counts, both (b, patients)."""
        member = (weights[:, order] > 0).astype(float)
        sums = [
            np.stack([np.add.reduceat(member * area, starts, axis=1) for area in each[order].T], axis=-1)
            for each in (pool.truth, pool.predicted, pool.overlap)
        ]  # (b, patients, classes)
        truth, predicted, overlap = sums
        dsc = np.where(truth + predicted > 0, 2 * overlap / np.maximum(truth + predicted, 1), 1.0)
        counts = truth > 0 if self.absent == SKIP else np.ones_like(truth, dtype=bool)
        return np.nan_to_num(_of_slice(dsc, counts)), counts.any(axis=-1)

    def _precision(self, pool: SlicePool, weights: np.ndarray) -> np.ndarray:
        right = self._found(pool)
        wrong = detections.false_positives(pool.truth, pool.predicted, self.side)
        return _summed(right, right | wrong, weights)


def _of_patients(pool: SlicePool) -> tuple[np.ndarray, np.ndarray]:
    """Return the order of slices by patient, and where in it each patient begins."""
    order = np.argsort(pool.patients, kind="stable")
    return order, np.unique(pool.patients[order], return_index=True)[1]


def _of_slice(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the mean of ``values`` over the last axis where they count; not a number where none does."""
    return ratio((values * counts).sum(axis=-1), counts.sum(axis=-1))


def _agreement(pool: SlicePool) -> np.ndarray:
    """Return the surface dice, 1 where a class is neither there nor predicted."""
    return np.where(pool.truth + pool.predicted > 0, pool.surface_dice, 1.0)


def _summed(numerator: np.ndarray, denominator: np.ndarray | int, weights: np.ndarray) -> np.ndarray:
    """Return the share of sums of arrays (n, classes), (b, 1 + classes): of all classes together, then of each."""
    each = np.broadcast_to(denominator, numerator.shape).astype(float)
    every = numerator.astype(float)
    if np.ndim(denominator) == 0:  # per slice: the classes of a slice are one
        return ratio(weights @ np.column_stack([every.sum(axis=1), every]), weights.sum(axis=1, keepdims=True))
    both = (weights @ np.column_stack([part.sum(axis=1), part]) for part in (every, each))
    return ratio(*both)


def _pooled_dsc(pool: SlicePool, weights: np.ndarray) -> np.ndarray:
    by_class = ratio(2 * weights @ pool.overlap, weights @ (pool.truth + pool.predicted))
    there = np.isfinite(by_class)
    return np.column_stack([_of_slice(np.nan_to_num(by_class), there), by_class])


def _empty_right(pool: SlicePool, weights: np.ndarray) -> np.ndarray:
    empty = ~(pool.truth > 0).any(axis=1)
    right = empty & (pool.false_positives.sum(axis=1) == 0)
    return ratio(*(weights @ each.astype(float)[:, np.newaxis] for each in (right, empty)))
