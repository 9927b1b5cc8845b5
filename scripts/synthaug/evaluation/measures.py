"""What a task tells the statistics: the protocol between any task's predictions and everything after them.

A task has one module with one subclass of `Measures`. Intervals, paired tests, operating points, comparisons, verdicts,
subgroups, the headline and Fig. 8 know nothing else of the task.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import pandas as pd

from synthaug.terms import arms, totals

Key = tuple[str, str]  # of a measure: metric, and the class that it is of, or `totals.ALL`
Point = tuple[str, str]  # arm, and size or rule
Planned = tuple[str, Point, Point]  # of a comparison: why, and the two points; the difference is that of the first


@dataclass(frozen=True)
class Pool:
    """The out-of-fold predictions of one arm, size and seed: one per unit, sorted by unit.

    A task adds its own fields. Each field is an array whose first axis is the units, so parts of pools can be joined.

    Attributes
    ----------
    units, patients : (n,) str arrays
    fold : (n,) int array
        The test fold that a unit was in, so also the model that predicted it.
    """

    units: np.ndarray
    patients: np.ndarray
    fold: np.ndarray


class Measures(ABC):
    """The measures of a task. Larger is better: give an error as its negative, or as one minus the error.

    Attributes
    ----------
    unit
        What is scored: the name of the first column of ``predictions.csv``, such as ``lesion`` or ``slice``.
    primary
        The metric of class `totals.ALL` that verdicts, operating points, subgroups and Fig. 8 are about; a fraction.
    spread
        The metrics whose variation between seeds is shown.
    reference
        The arm that every other one is compared with at the operating point.
    sizes_are_chosen
        Whether an arm's best size is looked for, as that of added images is. A share of the patients is given instead.
    """

    unit: ClassVar[str]
    primary: ClassVar[str]
    spread: ClassVar[tuple[str, ...]]
    reference: ClassVar[str] = arms.CLASSIC
    sizes_are_chosen: ClassVar[bool] = True

    def check(self, predictions: pd.DataFrame) -> None:
        """Refuse ``predictions.csv`` with a value that is missing or impossible; nothing is checked by default.

        Raises
        ------
        InputError
            Naming the unit, arm, size and seed.
        """
        return

    @abstractmethod
    def pool(self, rows: pd.DataFrame) -> Pool:
        """Return the pool of one run's rows of ``predictions.csv``, which are sorted by unit."""

    @abstractmethod
    def values(self, pool: Pool, weights: np.ndarray, keys: Sequence[Key] | None = None) -> dict[Key, np.ndarray]:
        """Return measures of ``pool`` by (metric, class), each a (b,) float array.

        The pools of two arms may lie in one, unit by unit; weights of 0 and 1 then choose either for each patient.

        Parameters
        ----------
        weights : (b, n) float array
            How often each unit counts, one row per resample.
        keys
            The measures asked for; all by default. Others may be among the result.
        """

    @abstractmethod
    def counted(self, pool: Pool) -> dict[Key, np.ndarray]:
        """Return which units each measure counts, (n,) bool arrays."""

    @abstractmethod
    def compared(self) -> list[Key]:
        """Return the measures in which arms are compared, the primary one first."""

    def planned(self, points: Sequence[Point]) -> list[Planned] | None:
        """Return the comparisons of arms at one size or another, beside those at the operating point.

        By default None: sizes are numbers of added images, and are compared as `comparisons.pairs` says.
        """
        return None

    def contributions(self, pool: Pool) -> dict[Key, np.ndarray]:
        """Return what each unit adds to the measures that are sums over units, (n,) float arrays.

        Up to a factor of all units. Arms are then compared by an exact test of these; in measures that are left out
        here, by swapping whole patients between the arms.
        """
        return {}

    def differing(self, a: Pool, b: Pool, key: Key) -> np.ndarray:
        """Return which units differ between two pools for a measure without `contributions`, (n,) bool.

        A comparison that differs in few patients excludes nothing. By default a unit differs if anything that is
        predicted of it does: right for a class or a score that all models share a scale of. Where each model has a
        scale of its own, units differ in nearly every patient so, and the task says what counts.
        """
        unequal = (getattr(a, field.name) != getattr(b, field.name) for field in fields(a))
        return np.any([each.reshape(len(a.units), -1).any(axis=1) for each in unequal], axis=0)

    def shares(self) -> list[Key]:
        """Return the measures that are a share of the units that they count; none by default."""
        return []

    def references(self, pool: Pool) -> dict[str, float]:
        """Return what the primary measure is without any model, by how, such as "always the largest class"."""
        return {}

    def primary_value(self, pool: Pool) -> float:
        """Return the primary measure of ``pool``, each unit counted once."""
        key = self.primary, totals.ALL
        return float(self.values(pool, np.ones((1, len(pool.units))), [key])[key][0])


def joined(parts: Sequence[tuple[Pool, np.ndarray]]) -> Pool:
    """Return one pool of the units that each part's mask, (n,) bool, chooses; sorted by unit."""
    kind = type(parts[0][0])
    order = np.argsort(np.concatenate([pool.units[mask] for pool, mask in parts]), kind="stable")
    return kind(
        **{
            field.name: np.concatenate([getattr(pool, field.name)[mask] for pool, mask in parts])[order]
            for field in fields(kind)
        }
    )
