"""What a card says of a set of synthetic images that leaves the group: where it comes from, and how far to trust it.

The headings are those that data cards ask for (Pushkarna, Zaldivar and Kjartansson 2022), as far as a run knows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from synthaug.errors import InputError

COPYING = "copying"


@dataclass(frozen=True)
class Pool:
    """The images of one choice of training folds and one class, and what they were made from.

    Attributes
    ----------
    train_folds, cls
        A digit a fold; the class, or ``all``.
    images
        How many there are.
    units, patients
        How many lesions or slices, and patients, the generator was trained on.
    params
        The generator's preset, complete.
    varied
        Whether they are variations of patients' images.
    """

    train_folds: str
    cls: str
    images: int
    units: int
    patients: int
    params: dict
    varied: bool = False


@dataclass(frozen=True, kw_only=True)
class Card:
    """The card's content; the template says it in words.

    Attributes
    ----------
    unit
        What an image shows, ``lesion`` or ``slice``.
    quality
        A row of ``card.csv``: each measure, and what real images have beside it.
    state, why
        The diagnosis of the generator.
    searched
        Images that were searched for copies of test images, in all.
    """

    cohort: str
    generator: str
    seed: int
    unit: str
    pools: Sequence[Pool]
    quality: pd.Series
    state: str
    why: str
    searched: int
    license: str
    authors: Sequence[str]
    intended_use: str
    version: str
    phantom: bool
    weights: bool = False
    further: Sequence[str] = field(default_factory=tuple)

    @property
    def varied(self) -> bool:
        """Whether the images are variations of patients' images."""
        return any(pool.varied for pool in self.pools)

    @property
    def params(self) -> dict:
        """The parameters that all generators share."""
        first, *others = (pool.params for pool in self.pools)
        return {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}

    @property
    def measures(self) -> list[tuple[str, str, str]]:
        """The measures of quality: name, of the synthetic images, of real ones."""
        beside = {name.removesuffix(", real"): value for name, value in self.quality.items() if name.endswith(", real")}
        return [(name, str(self.quality[name]), str(value)) for name, value in beside.items() if name in self.quality]


def patients_of(train_set: pd.DataFrame, units: pd.DataFrame, unit: str) -> tuple[int, int]:
    """Return how many units and patients a generator was trained on.

    Parameters
    ----------
    train_set
        Its ``train_set.csv``, with a column of the name ``unit``.
    units
        The task's table of units, with ``patient``.

    Raises
    ------
    InputError
        If the list names a unit that the table has not.
    """
    named = train_set[unit].unique()
    patient = dict(zip(units[unit], units["patient"], strict=True))
    unknown = [name for name in named if name not in patient]
    if unknown:
        raise InputError(
            f"train_set.csv: expected {unit}s of the cohort, found also {unknown[0]}; run the workflow again"
        )
    return len(named), len({patient[name] for name in named})


def refuse_copies(state: str, why: str, generator: str, varied: bool = False) -> None:
    """Stop if a generator was found to copy its training images: whoever has its images has patients' images.

    Variations of patients' images are near to these by design, whatever was found.
    """
    if varied:
        raise InputError(
            f"{generator}: expected images that are drawn from noise, found variations of patients' images, which are "
            "near to these; export the images of another generator or, if these patients' images may be given away, "
            "give --despite-copies"
        )
    if state == COPYING:
        raise InputError(
            f"{generator}: expected no copies of training images, found: {why} Train another generator or, if these "
            "patients' images may be given away, give --despite-copies"
        )
