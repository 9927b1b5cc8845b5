"""How many patients a paired comparison of two arms needs: before any data, and from the error that a cohort has shown.

Before any data a unit (a lesion, a slice) is right or wrong in each arm, and the arms differ in a share of the units,
the discordance. The size is Connor's for McNemar's test (Biometrics 43:207, 1987), whose variance depends on the
discordance; times the design effect of several units per patient (Donner, Birkett and Buck, Am. J. Epidemiol. 114:906,
1981); at the level of Bonferroni for several comparisons, which is that of the first step of Holm. A training that is
better or worse as a whole adds a variance that no number of patients lowers, only more seeds.

From data, for any measure: the squared error of a difference falls in proportion to the number of patients.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtri

from synthaug.errors import InputError

POWERS = (0.8, 0.9)
MOST = 1e7  # units; a study that needs more is none


@dataclass(frozen=True)
class Design:
    """A study that is planned.

    Attributes
    ----------
    gain
        The true gain that the study is to show, a fraction.
    discordances
        Shares of units that only one of the arms has right; each is at least ``gain``.
    units_per_patient
        On average.
    icc
        How alike the differences of a patient's units are: 0, as those of different patients, to 1, all the same.
    arms
        How many arms are compared with `classic`.
    seeds, folds
        The trainings of an arm: one for each seed and fold.
    shift
        Standard deviation between trainings of one model's accuracy as a whole, a fraction.
    confidence
        Of the intervals; 1 - confidence is the level of the tests, before the correction for several arms.
    """

    gain: float
    discordances: tuple[float, ...]
    units_per_patient: float
    icc: float
    arms: int
    seeds: int
    folds: int
    shift: float
    confidence: float

    @property
    def training_error(self) -> float:
        """Standard error of a difference of two arms that comes from their trainings' shifts, a fraction."""
        return self.shift * math.sqrt(2 / (self.seeds * self.folds))


def check(design: Design) -> None:
    """Refuse a design that cannot be.

    Raises
    ------
    InputError
        Naming the value, what it may be, and what to give instead.
    """
    if not 0 < design.gain < 1:
        raise InputError(
            f"gain: expected more than 0 and less than 100 points, found {100 * design.gain:g}; correct it"
        )
    for share in design.discordances:
        if not design.gain <= share <= 1:
            raise InputError(
                f"discordance: expected the gain, {100 * design.gain:g} %, to 100 %, found {100 * share:g}; "
                "arms cannot differ in fewer lesions than the gain: raise it or lower the gain"
            )
    for name, value, low, high in [
        ("icc", design.icc, 0, 1),
        ("confidence", design.confidence, 0.5, 0.9999),
        ("shift", design.shift, 0, 1),
        ("lesions per patient", design.units_per_patient, 1, 1000),
        ("arms", design.arms, 1, 1000),
        ("seeds", design.seeds, 1, 1000),
        ("folds", design.folds, 2, 1000),
    ]:
        if not low <= value <= high:
            raise InputError(f"{name}: expected {low:g} to {high:g}, found {value:g}; correct it")


def design_effect(units_per_patient: float, icc: float) -> float:
    """Return by how much units that come in patients must be more than units of as many patients.

    >>> design_effect(1.6, 0.5)
    1.3
    """
    return 1 + (units_per_patient - 1) * icc


def units_needed(design: Design, discordance: float, power: float, comparisons: int = 1) -> float:
    """Return how many units show the gain of ``design`` with ``power``; infinite where no number does.

    McNemar's test without correction needs a little fewer, the exact test about ``1 / gain`` units more.

    Parameters
    ----------
    discordance
        Share of units that only one of the arms has right.
    comparisons
        How many tests the correction is for.
    """
    level, reach = quantiles(design.confidence, power, comparisons)
    effect = design_effect(design.units_per_patient, design.icc)
    # Per unit, without and with the gain.
    variances = effect * discordance, effect * (discordance - design.gain**2)
    fixed = design.training_error**2

    def excess(units: float) -> float:
        null, true = (math.sqrt(max(variance, 0) / units + fixed) for variance in variances)
        return level * null + reach * true - design.gain

    return math.inf if excess(MOST) > 0 else brentq(excess, 1e-3, MOST, xtol=1e-6)


def patients_needed(
    error: float, patients: int, gain: float, confidence: float, power: float, comparisons: int = 1, fixed: float = 0.0
) -> float:
    """Return how many patients would show ``gain``; infinite where no number does.

    Parameters
    ----------
    error
        Standard error of a difference of two arms, over patients, in a cohort of ``patients``.
    fixed
        The part of the error that more patients do not lower: that of the trainings.
    """
    target = (gain / sum(quantiles(confidence, power, comparisons))) ** 2 - fixed**2
    return patients * error**2 / target if target > 0 else math.inf


def detectable(
    error: float,
    patients: int,
    now: np.ndarray,
    confidence: float,
    power: float,
    comparisons: int = 1,
    fixed: float = 0.0,
) -> np.ndarray:
    """Return the difference that cohorts of ``now`` patients, (n,) array, would show: `patients_needed` inverted."""
    return sum(quantiles(confidence, power, comparisons)) * np.sqrt(error**2 * patients / now + fixed**2)


def quantiles(confidence: float, power: float, comparisons: int = 1) -> tuple[float, float]:
    """Return the normal quantiles of a two-sided test's corrected level and of its power.

    >>> [round(value, 3) for value in quantiles(0.95, 0.8)]
    [1.96, 0.842]
    """
    return float(ndtri(1 - (1 - confidence) / 2 / comparisons)), float(ndtri(power))


def table(design: Design) -> pd.DataFrame:
    """Return the units and patients that ``design`` needs, by discordance, one comparison or all, and power.

    Returns
    -------
    DataFrame with the columns discordance, comparisons, power, units and patients; the last two are rounded up, and
    missing where no number is enough.
    """
    rows = []
    for discordance in design.discordances:
        for comparisons in sorted({1, design.arms}):
            for power in POWERS:
                units = units_needed(design, discordance, power, comparisons)
                patients = up(units / design.units_per_patient)
                rows.append((discordance, comparisons, power, up(units), patients))
    columns = ["discordance", "comparisons", "power", "units", "patients"]
    return pd.DataFrame(rows, columns=columns).astype({"units": "Int64", "patients": "Int64"})


def up(number: float) -> int | None:
    """Return ``number`` rounded up; none where it is infinite."""
    return math.ceil(number - 1e-6) if math.isfinite(number) else None
