"""What the primary measure varies with: patients, their units, trainings and, beyond those, generators.

The mixed model has crossed random effects: what a unit adds is the sum of a mean, its patient, itself, the model that
predicted it (one for each seed and test fold) and a rest. Variances are estimated by moments, from the mean squared
differences of pairs of predictions that share some of these and not the others (Gao and Owen, Electron. J. Stat.
11:1235, 2017). In balanced data that is the analysis of variance, and REML where no variance is at 0. Nothing is
iterated, so nothing fails to converge; a negative estimate counts as 0.
"""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from synthaug.evaluation.measures import Measures, Pool
from synthaug.evaluation.pools import Run
from synthaug.terms import arms, sizes
from synthaug.terms.totals import ALL

COLUMNS = [
    *("arm", "size", "seeds", "models", "sd_patients", "sd_units", "sd_trainings", "sd_generators", "sd_rest"),
]  # of variances.csv; units bears the name of the task's, such as lesions


@dataclass(frozen=True)
class Variances:
    """Variances of what a unit adds to the measure; not a number where nothing tells one from another.

    Attributes
    ----------
    patients, units : float
        Between patients, and between units of one patient. With one unit a patient, or one prediction a unit, the two
        cannot be told apart from each other, or the units from the rest.
    trainings : float
        Between models, each of which is right more or less often as a whole.
    rest : float
        Of a unit from one model to another.
    """

    patients: float
    units: float
    trainings: float
    rest: float


def estimate(values: np.ndarray, patients: np.ndarray, units: np.ndarray, models: np.ndarray) -> Variances:
    """Estimate the variances of predictions of several models.

    Parameters
    ----------
    values : (n,) float array
        What each prediction adds to the measure.
    patients, units, models : (n,) arrays
        Whose it is, of which unit, and by which model; a model predicts a unit once at most.
    """
    everything, same_model, same_patient, same_unit, both = (
        _Pairs.within(values, groups)
        for groups in (np.zeros(len(values), dtype=int), models, patients, units, _crossed(patients, models))
    )
    nothing = (everything - same_model - same_patient + both).half_mean_square()
    model = (same_model - both).half_mean_square()
    unit = same_unit.half_mean_square()
    patient = (same_patient - both - same_unit).half_mean_square()
    if np.isnan(unit):  # one training: the units cannot be told from the rest
        of_patient = both.half_mean_square()
        return Variances(_positive(model - of_patient), np.nan, _positive(nothing - model), _positive(of_patient))
    trainings = _positive(nothing - model)
    rest = _positive(unit - (nothing - model))
    if np.isnan(patient):  # one unit a patient
        return Variances(_positive(nothing - unit), np.nan, trainings, rest)
    return Variances(_positive(nothing - patient), _positive(patient - unit), trainings, rest)


def table(pools: dict[Run, Pool], choice: pd.DataFrame, measures: Measures) -> pd.DataFrame:
    """Return standard deviations of the primary measure of each arm at each operating point: ``variances.csv``.

    ``sd_generators`` is what the trainings of an arm with synthetic images vary more than those of `classic` at the
    same rule: both train a classifier anew for each seed and fold, the arm its generators too. There are no rows for
    measures that are no sum over units.

    Parameters
    ----------
    pools
        From `operating_points.at`, by (arm, rule, seed).
    choice
        From `operating_points.choose`.
    """
    key = measures.primary, ALL
    runs: dict[tuple[str, str], list[int]] = {}
    for arm, rule, seed in pools:
        runs.setdefault((arm, rule), []).append(seed)
    synthetic = {
        (row.arm, row.rule) for row in choice.itertuples() if sizes.parse(row.size)[1] and row.arm != arms.EXTRA
    }
    found = {
        (arm, rule): estimate(*_predictions([pools[arm, rule, seed] for seed in seeds], measures))
        for (arm, rule), seeds in runs.items()
        if key in measures.contributions(pools[arm, rule, seeds[0]])
    }
    rows = []
    for (arm, rule), variances in found.items():
        classic = found.get((arms.CLASSIC, rule))
        more = variances.trainings - classic.trainings if classic and (arm, rule) in synthetic else np.nan
        sd = {name: np.sqrt(value) for name, value in asdict(variances).items()}
        seeds = runs[arm, rule]
        models = sum(len(np.unique(pools[arm, rule, seed].fold)) for seed in seeds)
        generators = np.sqrt(_positive(more))
        rows.append(
            (arm, rule, len(seeds), models, sd["patients"], sd["units"], sd["trainings"], generators, sd["rest"])
        )
    return pd.DataFrame(rows, columns=COLUMNS).rename(columns={"sd_units": f"sd_{measures.unit}s"})


@dataclass(frozen=True)
class _Pairs:
    """Pairs of predictions: how many, and the sum of their squared differences."""

    number: float
    squares: float

    @classmethod
    def within(cls, values: np.ndarray, groups: np.ndarray) -> "_Pairs":
        """Return the pairs of ``values``, (n,), whose ``groups``, (n,), are the same."""
        group = np.unique(groups, return_inverse=True)[1]
        centred = values - values.mean()
        sizes, sums, squares = (np.bincount(group, weights=weights) for weights in (None, centred, centred**2))
        return cls(float((sizes * (sizes - 1) / 2).sum()), float((sizes * squares - sums**2).sum()))

    def __add__(self, other: "_Pairs") -> "_Pairs":
        return _Pairs(self.number + other.number, self.squares + other.squares)

    def __sub__(self, other: "_Pairs") -> "_Pairs":
        return _Pairs(self.number - other.number, self.squares - other.squares)

    def half_mean_square(self) -> float:
        """Return half the mean squared difference: the variance of what the two do not share."""
        return self.squares / self.number / 2 if self.number else np.nan


def _crossed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return a number for each combination of two groupings, (n,) int."""
    first, second = (np.unique(array, return_inverse=True)[1] for array in (one, other))
    return first * (second.max() + 1) + second


def _positive(variance: float) -> float:
    return max(variance, 0.0) if variance == variance else np.nan


def _predictions(seeds: list[Pool], measures: Measures) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what each prediction of an arm adds to the primary measure, its patient, unit and model."""
    key = measures.primary, ALL
    values = np.concatenate([measures.contributions(pool)[key] for pool in seeds])
    seed = np.repeat(np.arange(len(seeds)), [len(pool.units) for pool in seeds])
    patients, units, folds = (
        np.concatenate([getattr(pool, name) for pool in seeds]) for name in ("patients", "units", "fold")
    )
    return values, patients, units, _crossed(seed, folds)
