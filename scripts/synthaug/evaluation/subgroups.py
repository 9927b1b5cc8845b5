"""The primary measure by lesion size and by the free columns of the case table, such as site or scanner."""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.errors import InputError
from synthaug.evaluation import differences, resampling
from synthaug.evaluation.measures import Measures, Pool
from synthaug.evaluation.pools import Run
from synthaug.terms.case_columns import COLUMNS as CASE_COLUMNS
from synthaug.terms.case_columns import MOST_GROUPS
from synthaug.terms.totals import ALL

LEVELS = (2, MOST_GROUPS)  # a free column with fewer values divides nothing, one with more leaves too few units each
NUMBERS = ("diameter_mm", "diameter_px")  # the only ones of cases.csv that are used
NOT_GIVEN = "not given"
COLUMNS = [
    *("subgroup", "level", "arm", "rule", "value", "low", "high", "units", "patients"),
    *("delta", "delta_low", "delta_high"),
]  # of subgroups.csv; units bears the name of the task's, such as lesions

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Params(resampling.Params):
    """What the subgroups need of the config."""

    operating_point: str  # the rule
    arms: list[str]  # in the order of the config, the reference first
    generators: list[str]  # those of them that add synthetic images
    shown: list[str]  # the arms drawn beside the reference


def everything(unit: str) -> str:
    """Return the name of the subgroup of all units."""
    return f"all {unit}s"


def levels(cases: pd.DataFrame, units: np.ndarray, unit: str) -> dict[tuple[str, str], np.ndarray]:
    """Return which of the ``units`` are in each level of each subgroup: by (subgroup, level) a bool (n,) array.

    First all units; then tertiles of ``diameter_mm``, or of ``diameter_px`` if a lesion lacks the other; then the free
    columns with `LEVELS` values. The log says which columns are left out.

    Parameters
    ----------
    cases
        A table of the units, such as ``cases.csv``; all text but `NUMBERS`.
    unit
        The name of its first column, such as ``lesion``.
    """
    rows = cases.set_index(unit)
    missing = sorted(set(units) - set(rows.index))
    if missing:
        raise InputError(
            f"cases.csv: expected every predicted {unit}, {len(missing)} are missing, the first {missing[0]}; "
            "delete the predictions and run again"
        )
    rows = rows.loc[units]
    name = everything(unit)
    result = {(name, name): np.ones(len(rows), dtype=bool)}
    if NUMBERS[1] in rows:
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


def table(pools: dict[Run, Pool], cases: pd.DataFrame, measures: Measures, params: Params) -> pd.DataFrame:
    """Return ``subgroups.csv``: one row for each subgroup, level and arm, in fractions, means over the seeds.

    Units that the primary measure does not count are left out, and subgroups without any others. ``delta`` is the
    primary measure minus that of the reference arm on the same units and seeds, with the interval of `differences`; the
    reference itself has none.

    Parameters
    ----------
    pools
        From `operating_points.at`, by (arm, rule, seed).
    cases
        See `levels`.
    """
    evaluation = resampling.Evaluation(pools, measures, params)
    seeds_of = {arm: seeds for (arm, _), seeds in evaluation.runs().items()}
    first, key = next(iter(pools.values())), (measures.primary, ALL)
    patient = np.unique(first.patients, return_inverse=True)[1]
    rule, rows = params.operating_point, []
    counts = measures.counted(first)[key]
    groups = {name: members & counts for name, members in levels(cases, first.units, measures.unit).items()}
    for (subgroup, level), members in ((name, members) for name, members in groups.items() if members.any()):
        patients = np.unique(patient[members])
        counted = int(members.sum()), len(patients)
        share = members if key in measures.shares() else None
        without_each = np.concatenate([[0], 1 + params.bootstrap + patients])
        reference = None
        for arm in (arm for arm in params.arms if arm in seeds_of):
            by_seed = {seed: evaluation.measures(arm, rule, seed, [key], members)[key] for seed in seeds_of[arm]}
            delta = (np.nan,) * 3
            if arm == measures.reference:
                reference = by_seed
            elif reference is not None:
                pairs = [(by_seed[seed] - reference[seed])[without_each] for seed in by_seed if seed in reference]
                found = differences.estimate(np.array(pairs))
                delta = found.value, *found.interval(params.confidence)
            summary = evaluation.summary(evaluation.over_seeds(by_seed), share)
            rows.append((subgroup, level, arm, rule, *summary, *counted, *delta))
    return pd.DataFrame(rows, columns=COLUMNS).rename(columns={"units": f"{measures.unit}s"})
