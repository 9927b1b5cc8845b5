"""Accuracy by lesion size and by the free columns of the case table, such as site or scanner."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.classification import measures
from synthaug.classification.training_sets import CLASSIC
from synthaug.cohort.cases import COLUMNS as CASE_COLUMNS
from synthaug.cohort.cases import MOST_GROUPS
from synthaug.errors import InputError
from synthaug.evaluation import resampling

LEVELS = (2, MOST_GROUPS)  # a free column with fewer values divides nothing, one with more leaves too few lesions each
NUMBERS = ("diameter_mm", "diameter_px")  # the only ones of cases.csv that are used
EVERYTHING = "all lesions"
NOT_GIVEN = "not given"
# Of subgroups.csv.
COLUMNS = [
    "subgroup", "level", "arm", "rule", "value", "low", "high", "lesions", "patients",
    "delta", "delta_low", "delta_high",
]  # fmt: skip

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Params:
    """What the subgroups need of the config."""

    master_seed: int
    classes: list[str]
    folds: int
    bootstrap: int
    confidence: float  # of the intervals
    operating_point: str  # the rule
    arms: list[str]  # in the order of the config, `classic` first
    shown: list[str]  # the arms drawn beside `classic`

    def statistics(self) -> resampling.Params:
        return resampling.Params(self.master_seed, self.classes, self.folds, self.bootstrap, self.confidence)


def levels(cases: pd.DataFrame, lesions: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """Return which of the ``lesions`` are in each level of each subgroup: by (subgroup, level) a bool (n,) array.

    First all lesions; then tertiles of ``diameter_mm``, or of ``diameter_px`` if a lesion lacks the other; then the
    free columns with `LEVELS` values. The log says which columns are left out.

    Parameters
    ----------
    cases
        The table ``cases.csv``, all text but `NUMBERS`.
    """
    rows = cases.set_index("lesion")
    missing = sorted(set(lesions) - set(rows.index))
    if missing:
        raise InputError(
            f"cases.csv: expected every predicted lesion, {len(missing)} are missing, the first {missing[0]}; "
            "delete the predictions and run again"
        )
    rows = rows.loc[lesions]
    result = {(EVERYTHING, EVERYTHING): np.ones(len(rows), dtype=bool)}
    result |= _tertiles(rows)
    for name in (name for name in rows if name not in CASE_COLUMNS):
        values = rows[name].replace("", NOT_GIVEN)
        given = sorted(set(values) - {NOT_GIVEN}, key=_rank)
        if not LEVELS[0] <= len(given) <= LEVELS[1]:
            log.info("column %s has %d values and is left out: not from %d to %d", name, len(given), *LEVELS)
            continue
        result |= {(name, level): (values == level).to_numpy() for level in given}
        if (values == NOT_GIVEN).any():
            result[name, NOT_GIVEN] = (values == NOT_GIVEN).to_numpy()
    return result


def _tertiles(rows: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    lacking = int(rows["diameter_mm"].isna().sum())
    name, unit = ("diameter_px", "px") if lacking else ("diameter_mm", "mm")
    if lacking:
        log.info("diameter_mm is missing for %d of %d lesions: tertiles of diameter_px instead", lacking, len(rows))
    diameter = rows[name].to_numpy(dtype=float)
    low, high = np.quantile(diameter, [1 / 3, 2 / 3])
    result = {
        (name, f"up to {low:.3g} {unit}"): diameter <= low,
        (name, f"{low:.3g} to {high:.3g} {unit}"): (low < diameter) & (diameter <= high),
        (name, f"above {high:.3g} {unit}"): high < diameter,
    }
    return {key: members for key, members in result.items() if members.any()}


def _rank(level: str) -> tuple[float, str]:
    """Sort numbers by value, before words."""
    return (float(level) if level.replace(".", "", 1).isdecimal() else np.inf), level


def accuracy(pool: measures.Pool, members: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the accuracy of the lesions ``members``, bool (n,), in each row of ``weights`` (b, n).

    Not a number in resamples without such a lesion.
    """
    counts = weights[:, members]
    number = counts.sum(axis=1)
    right = counts @ (pool.predicted == pool.truth)[members].astype(float)
    return np.divide(right, number, out=np.full(len(number), np.nan), where=number > 0)


def table(pools: dict[tuple[str, str, int], measures.Pool], cases: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Return ``subgroups.csv``: a row for each subgroup, level and arm, in fractions, means over the seeds.

    ``delta`` is the accuracy minus that of `classic` on the same lesions, in the same resamples of patients and seeds,
    so paired; `classic` itself has none.

    Parameters
    ----------
    pools
        From `operating_points.at`, by (arm, rule, seed).
    """
    evaluation = resampling.Evaluation(pools, params.statistics())
    seeds_of = {arm: seeds for (arm, _), seeds in evaluation.runs().items()}
    first = next(iter(pools.values()))
    rule, rows = params.operating_point, []
    for (subgroup, level), members in levels(cases, first.lesions).items():
        counted = int(members.sum()), len(np.unique(first.patients[members]))
        classic = None
        for arm in (arm for arm in params.arms if arm in seeds_of):
            values = evaluation.over_seeds(
                {seed: accuracy(pools[arm, rule, seed], members, evaluation.weights) for seed in seeds_of[arm]}
            )
            delta = (np.nan,) * 3
            if arm == CLASSIC:
                classic = values
            elif classic is not None:
                delta = evaluation.summary(values - classic)
            rows.append((subgroup, level, arm, rule, *evaluation.summary(values), *counted, *delta))
    return pd.DataFrame(rows, columns=COLUMNS)
