"""Operating points: the size at which each arm is compared, by one of three rules.

`fixed` is the config's, set before any result. `published` is read off the accuracy curve on the test folds, as the
paper chose its sizes (section 4.2); what it reports is therefore optimistic. `nested` reads the same kind of curve, but
for each test fold from models that saw no lesion of that fold, scored on lesions of other folds. No rule trains a
model; the choice is arithmetic on predictions.
"""

import logging
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from synthaug.classification import measures
from synthaug.classification.training_sets import CLASSIC, MIXUP, ONLINE, parse_size
from synthaug.errors import InputError

log = logging.getLogger(__name__)

FIXED, PUBLISHED, NESTED = RULES = ("fixed", "published", "nested")
FRESH = (ONLINE, MIXUP)  # arms whose size counts fresh classic augmentations at every epoch
COLUMNS = ["rule", "arm", "seed", "fold", "size", "accuracy"]  # of operating_points.csv
ROUNDING = 1e-9  # accuracies are counts over counts; closer than this they are equal


@dataclass(frozen=True)
class Params:
    """What the rules need of the config."""

    classes: list[str]
    folds: int
    group: int  # classic images per fold that the other arms start from
    synthetic: int  # synthetic or extra images per class and fold, of the fixed rule
    plateau: float  # accuracy below the best that still counts as the best, for `classic`; a fraction


def choose(predictions: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Choose a size for each rule, arm, seed and test fold.

    An arm lacks the rows of a rule that is not possible for it: `fixed` where the config's size was not run, `nested`
    where there are several sizes and not every one has all inner runs. An inner run is a model trained on all folds
    but two; it serves the choice for either of the two, by its predictions of the other. With two folds there are
    none. Sizes that were not run with every seed of the arm are not chosen.

    Parameters
    ----------
    predictions
        The table of `collect_predictions`: ``arm, size, seed, folds, lesion, fold, truth, predicted, ...``.

    Returns
    -------
    DataFrame with the columns ``rule, arm, seed, fold, size, accuracy``; the accuracy is that of the chosen size on
    the curve that was read, missing where none was read (`fixed`, and `nested` with one size).

    Raises
    ------
    InputError
        If a model predicts a lesion of a fold that it was trained on, or predicts one twice.
    """
    rows = _labelled(predictions, params.folds)
    standard, inner = rows[rows["unseen"] == ""], rows[rows["unseen"].str.len() == 1]
    chosen = []
    for arm, of_arm in standard.groupby("arm", sort=False):
        accuracy = of_arm.groupby(["size", "seed"])["right"].mean().unstack("seed").dropna()
        curve = accuracy.mean(axis=1).to_dict()
        seeds, sizes = list(of_arm["seed"].unique()), ascending(curve)
        fixed = fixed_size(arm, sizes, params)
        published = pick(curve, _tolerance(arm, params)) if sizes else None
        nested = _nested(arm, sizes, of_arm, inner[inner["arm"] == arm], params) if sizes else {}
        for seed in seeds:
            for fold in range(params.folds):
                if fixed:
                    chosen.append((FIXED, arm, seed, fold, fixed, np.nan))
                if published:
                    chosen.append((PUBLISHED, arm, seed, fold, published, curve[published]))
                if (seed, fold) in nested:
                    chosen.append((NESTED, arm, seed, fold, *nested[seed, fold]))
    table = pd.DataFrame(chosen, columns=COLUMNS)
    return table.sort_values("rule", key=lambda rules: rules.map(RULES.index), kind="stable", ignore_index=True)


def at(
    pools: dict[tuple[str, str, int], measures.Pool], choice: pd.DataFrame, rule: str
) -> dict[tuple[str, str, int], measures.Pool]:
    """Return the predictions of each arm at a rule, by (arm, rule, seed): each lesion's at the size of its test fold.

    Parameters
    ----------
    pools
        From `measures.pools`.
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
        order = np.argsort(np.concatenate([pool.lesions[mask] for pool, mask in parts]), kind="stable")
        result[arm, rule, int(seed)] = measures.Pool(
            **{
                field.name: np.concatenate([getattr(pool, field.name)[mask] for pool, mask in parts])[order]
                for field in fields(measures.Pool)
            }
        )
    return result


def fixed_size(arm: str, sizes: list[str], params: Params) -> str | None:
    """Return the config's size of ``arm``, or nothing if it is not among the ``sizes`` run (in ascending order).

    That of ``online`` and ``mixup`` has as many images as the other arms have in all, or, if it was not run, is the
    largest.
    """
    if not sizes:
        return None
    classes = len(params.classes)
    if arm in FRESH:
        equal_steps = str(params.group + params.synthetic * classes)
        return equal_steps if equal_steps in sizes else sizes[-1]
    if arm == CLASSIC:
        size = str(params.group)
    else:
        size = "0" if sizes == ["0"] else f"{params.group}+{params.synthetic}x{classes}"
    return size if size in sizes else None


def pick(curve: dict[str, float], tolerance: float) -> str:
    """Return the smallest size whose accuracy is at most ``tolerance`` below the best of ``curve``.

    >>> pick({"0": 0.70, "400": 0.785, "850": 0.79}, 0.01)
    '400'
    """
    enough = max(curve.values()) - tolerance - ROUNDING
    return next(size for size in ascending(curve) if curve[size] >= enough)


def ascending(sizes) -> list[str]:
    """Sort size strings by their classic images, then by their further images."""
    return sorted(sizes, key=parse_size)


def _tolerance(arm: str, params: Params) -> float:
    return params.plateau if arm == CLASSIC else 0.0


def _labelled(predictions: pd.DataFrame, folds: int) -> pd.DataFrame:
    """Return what the rules read, with ``right`` and ``unseen``: the folds neither trained on nor the lesion's own."""
    rows = predictions[["arm", "size", "seed", "folds", "lesion"]].copy()
    rows["fold"] = predictions["fold"].astype(str)
    rows["right"] = predictions["truth"] == predictions["predicted"]
    unseen = {}
    for trained, fold in rows[["folds", "fold"]].drop_duplicates().itertuples(index=False):
        if fold in trained:
            row = rows[(rows["folds"] == trained) & (rows["fold"] == fold)].iloc[0]
            raise InputError(
                f"predictions: arm {row['arm']}, size {row['size']}, seed {row['seed']} predicts lesion "
                f"{row['lesion']} of fold {fold} with a model trained on folds {trained}; run that classifier again"
            )
        unseen[trained, fold] = "".join(str(k) for k in range(folds) if str(k) not in trained + fold)
    rows["unseen"] = [unseen[pair] for pair in zip(rows["folds"], rows["fold"], strict=True)]
    twice = rows[rows.duplicated(["arm", "size", "seed", "folds", "lesion"])]
    if len(twice):
        row = twice.iloc[0]
        raise InputError(
            f"predictions: arm {row['arm']}, size {row['size']}, seed {row['seed']}, folds {row['folds']} predicts "
            f"lesion {row['lesion']} twice; collect the predictions again"
        )
    return rows


def _nested(
    arm: str, sizes: list[str], standard: pd.DataFrame, inner: pd.DataFrame, params: Params
) -> dict[tuple[int, int], tuple[str, float]]:
    """Return (size, accuracy) by (seed, test fold); empty where the rule is not possible for the arm."""
    places = [(seed, fold) for seed in standard["seed"].unique() for fold in range(params.folds)]
    if len(sizes) == 1:
        return dict.fromkeys(places, (sizes[0], np.nan))
    # A row's `unseen` is the test fold whose choice it serves: its model and its lesion are both of other folds.
    curves = inner.groupby(["seed", "unseen", "size"])["right"].agg(["mean", "size"])
    accuracy, scored = curves["mean"].to_dict(), curves["size"].to_dict()
    fold_of = standard[standard["size"] == sizes[0]]
    result = {}
    for seed, fold in places:
        expected = ((fold_of["seed"] == seed) & (fold_of["fold"] != str(fold))).sum()
        if any(scored.get((seed, str(fold), size)) != expected for size in sizes):
            return {}
        curve = {size: accuracy[seed, str(fold), size] for size in sizes}
        size = pick(curve, _tolerance(arm, params))
        result[seed, fold] = size, curve[size]
    return result


def of_arms(
    pools: dict[tuple[str, str, int], measures.Pool], choice: pd.DataFrame, rule: str, arms: list[str]
) -> dict[tuple[str, str, int], measures.Pool]:
    """Return `at` for the arms of ``arms`` that have an operating point by ``rule``; the others are logged.

    Raises
    ------
    InputError
        If none has.
    """
    found = {key: pool for key, pool in at(pools, choice, rule).items() if key[0] in arms}
    missing = [arm for arm in arms if arm not in {arm for arm, _, _ in found}]
    if not found:
        raise InputError(
            f"operating points: expected the rule {rule} for one of the arms {', '.join(arms)}, found none; choose "
            "another operating_point in the config"
        )
    for arm in missing:
        log.info("%s has no %s operating point and is left out", arm, rule)
    return found
