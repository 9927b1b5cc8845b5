"""Operating points: the size at which each arm is compared, by one of three rules.

`fixed` is the config's, set before any result. `published` is read off the curve of the primary measure on the test
folds, as the paper chose its sizes (section 4.2); what it reports is therefore optimistic. `nested` reads the same kind
of curve, but for each test fold from models that saw no unit of that fold, scored on units of other folds. No rule
trains a model; the choice is arithmetic on predictions.
"""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.errors import InputError
from synthaug.evaluation.measures import Measures, Pool, joined
from synthaug.evaluation.pools import Run
from synthaug.terms import arms, sizes

log = logging.getLogger(__name__)

FIXED, PUBLISHED, NESTED = RULES = ("fixed", "published", "nested")
COLUMNS = ["rule", "arm", "seed", "fold", "size"]  # of operating_points.csv; the primary measure follows
WITHOUT_SIZE = "0"  # the only size of an arm that has none, such as one without synthetic images
ROUNDING = 1e-9  # an accuracy is a count over a count; two that are closer than this are equal


@dataclass(frozen=True)
class Params:
    """What the rules need of the config."""

    folds: int
    classes: int  # by how many classes synthetic images are counted, the C of a size N+MxC
    group: int  # classic images per fold that the other arms start from; or the size itself, where none is chosen
    synthetic: int  # synthetic or extra images per class and fold, of the fixed rule
    plateau: float  # how far below the best still counts as the best, for `classic`; a fraction


def choose(predictions: pd.DataFrame, measures: Measures, params: Params) -> pd.DataFrame:
    """Choose a size for each rule, arm, seed and test fold; folds that no standard run tests are none.

    An arm lacks the rows of a rule that is not possible for it: `fixed` where the config's size was not run, `nested`
    where there are several sizes and not every one has all inner runs. An inner run is a model trained on all folds
    but two; it serves the choice for either of the two, by its predictions of the other. With two folds there are
    none. Sizes that were not run with every seed of the arm are not chosen.

    Parameters
    ----------
    predictions
        The table of `collect_predictions`: ``arm, size, seed, folds``, then the columns of the task.

    Returns
    -------
    DataFrame with `COLUMNS` and the primary measure: that of the chosen size on the curve that was read, missing where
    none was read (`fixed`, and `nested` with one size).

    Raises
    ------
    InputError
        If a model predicts a unit of a fold that it was trained on, or predicts one twice.
    """
    rows = with_unseen(predictions, measures.unit, params.folds)
    standard, inner = rows[rows["unseen"] == ""], rows[rows["unseen"].str.len() == 1]
    chosen = []
    for arm, of_arm in standard.groupby("arm", sort=False):
        values = _values(of_arm, ["size", "seed"], measures)
        curve = values.unstack("seed").dropna().mean(axis=1).to_dict()
        seeds, run = list(of_arm["seed"].unique()), sizes.ascending(curve)
        if measures.sizes_are_chosen:
            fixed = fixed_size(arm, run, params)
            published = pick(curve, _tolerance(arm, params)) if run else None
            nested = _nested(arm, run, of_arm, inner[inner["arm"] == arm], measures, params) if run else {}
        else:
            size = WITHOUT_SIZE if run == [WITHOUT_SIZE] else str(params.group)
            fixed, published, nested = size if size in run else None, None, {}
        for seed in seeds:
            for fold in sorted(of_arm["fold"].astype(int).unique().tolist()):
                if fixed:
                    chosen.append((FIXED, arm, seed, fold, fixed, np.nan))
                if published:
                    chosen.append((PUBLISHED, arm, seed, fold, published, curve[published]))
                if (seed, fold) in nested:
                    chosen.append((NESTED, arm, seed, fold, *nested[seed, fold]))
    table = pd.DataFrame(chosen, columns=[*COLUMNS, measures.primary])
    return table.sort_values("rule", key=lambda rules: rules.map(RULES.index), kind="stable", ignore_index=True)


def at(pools: dict[Run, Pool], choice: pd.DataFrame, rule: str) -> dict[Run, Pool]:
    """Return the predictions of each arm at a rule, by (arm, rule, seed): each unit's at the size of its test fold.

    Parameters
    ----------
    pools
        From `pools.pooled`.
    choice
        From `choose`.

    Raises
    ------
    InputError
        If a size was chosen that is not in ``pools``.
    """
    result = {}
    for (arm, seed), rows in choice[choice["rule"] == rule].groupby(["arm", "seed"], sort=False):
        parts = []
        for fold, size in zip(rows["fold"], rows["size"], strict=True):
            pool = pools.get((arm, size, int(seed)))
            if pool is None:
                raise InputError(
                    f"operating points: {rule} takes arm {arm}, seed {seed} at size {size}, which the predictions "
                    "lack; make the operating points again from these predictions"
                )
            parts.append((pool, pool.fold == fold))
        result[arm, rule, int(seed)] = joined(parts)
    return result


def with_unseen(predictions: pd.DataFrame, unit: str, folds: int) -> pd.DataFrame:
    """Return the predictions with ``unseen``: the folds neither trained on nor the unit's own.

    It is empty for a standard run, and the fold that an inner run serves for one of these.

    Raises
    ------
    InputError
        If a model predicts a unit of a fold that it was trained on, or predicts one twice.
    """
    rows = predictions.assign(fold=predictions["fold"].astype(str))
    unseen = {}
    for trained, fold in rows[["folds", "fold"]].drop_duplicates().itertuples(index=False):
        if fold in trained:
            row = rows[(rows["folds"] == trained) & (rows["fold"] == fold)].iloc[0]
            raise InputError(
                f"predictions: arm {row['arm']}, size {row['size']}, seed {row['seed']} predicts {unit} "
                f"{row[unit]} of fold {fold} with a model trained on folds {trained}; run that model again"
            )
        unseen[trained, fold] = "".join(str(k) for k in range(folds) if str(k) not in trained + fold)
    rows["unseen"] = [unseen[pair] for pair in zip(rows["folds"], rows["fold"], strict=True)]
    twice = rows[rows.duplicated(["arm", "size", "seed", "folds", unit])]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(
            f"predictions: arm {row['arm']}, size {row['size']}, seed {row['seed']}, folds {row['folds']} predicts "
            f"{unit} {row[unit]} twice; collect the predictions again"
        )
    return rows


def fixed_size(arm: str, run: list[str], params: Params) -> str | None:
    """Return the config's size of ``arm``, or nothing if it is not among the sizes run (in ascending order).

    That of ``online`` and ``mixup`` has as many images as the other arms have in all, or, if it was not run, is the
    largest.
    """
    if not run:
        return None
    if arm in arms.FRESH:
        equal_steps = str(params.group + params.synthetic * params.classes)
        return equal_steps if equal_steps in run else run[-1]
    if arm in (arms.CLASSIC, arms.PLACEBO):
        size = str(params.group)
    else:
        size = WITHOUT_SIZE if run == [WITHOUT_SIZE] else f"{params.group}+{params.synthetic}x{params.classes}"
    return size if size in run else None


def pick(curve: dict[str, float], tolerance: float) -> str:
    """Return the smallest size whose value is at most ``tolerance`` below the best of ``curve``.

    >>> pick({"0": 0.70, "400": 0.785, "850": 0.79}, 0.01)
    '400'
    """
    enough = max(curve.values()) - tolerance - ROUNDING
    return next(size for size in sizes.ascending(curve) if curve[size] >= enough)


def _tolerance(arm: str, params: Params) -> float:
    return params.plateau if arm == arms.CLASSIC else 0.0


def _values(rows: pd.DataFrame, by: list[str], measures: Measures) -> pd.Series:
    """Return the primary measure of the predictions in each group of ``rows``."""
    parts = {key: measures.pool(part.sort_values(measures.unit)) for key, part in rows.groupby(by)}
    index = pd.MultiIndex.from_tuples(list(parts), names=by)
    return pd.Series([measures.primary_value(pool) for pool in parts.values()], index, dtype=float)


def _nested(
    arm: str, run: list[str], standard: pd.DataFrame, inner: pd.DataFrame, measures: Measures, params: Params
) -> dict[tuple[int, int], tuple[str, float]]:
    """Return (size, primary measure) by (seed, test fold); empty where the rule is not possible for the arm."""
    tested = sorted(standard["fold"].astype(int).unique().tolist())
    places = [(seed, fold) for seed in standard["seed"].unique() for fold in tested]
    if len(run) == 1:
        return dict.fromkeys(places, (run[0], np.nan))
    # A row's `unseen` is the test fold whose choice it serves: its model and its unit are both of other folds.
    by = ["seed", "unseen", "size"]
    values, scored = _values(inner, by, measures).to_dict(), inner.groupby(by).size().to_dict()
    # Inner runs also predict folds that are not tested.
    everybody = pd.concat([standard, inner]).drop_duplicates(["seed", measures.unit])
    result = {}
    for seed, fold in places:
        expected = ((everybody["seed"] == seed) & (everybody["fold"] != str(fold))).sum()
        if any(scored.get((seed, str(fold), size)) != expected for size in run):
            return {}
        curve = {size: values[seed, str(fold), size] for size in run}
        size = pick(curve, _tolerance(arm, params))
        result[seed, fold] = size, curve[size]
    return result


def of_arms(pools: dict[Run, Pool], choice: pd.DataFrame, rule: str, wanted: list[str]) -> dict[Run, Pool]:
    """Return `at` for the arms ``wanted`` that have an operating point by ``rule``; the others are logged.

    Raises
    ------
    InputError
        If none has.
    """
    found = {key: pool for key, pool in at(pools, choice, rule).items() if key[0] in wanted}
    missing = [arm for arm in wanted if arm not in {arm for arm, _, _ in found}]
    if not found:
        raise InputError(
            f"operating points: expected the rule {rule} for one of the arms {', '.join(wanted)}, found none; choose "
            "another operating_point in the config"
        )
    for arm in missing:
        log.info("%s has no %s operating point and is left out", arm, rule)
    return found
