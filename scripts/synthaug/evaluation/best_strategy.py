"""The strategy that a careful user would have chosen for each test fold, and what it was worth there.

A strategy is an arm at a size: a generator, the way in which its images are used and their number, or none of them. For
each test fold and seed the one of the highest primary measure is taken, of two alike the earlier one, and its
predictions of that fold are what counts. No model is trained for it. The choice is read off one of two sources:

- `INNER`: models that saw nothing of the test fold, where every strategy has them. Nothing of the fold has a part in
  the choice, so the result is unbiased for training sets of this size.
- `OTHERS`: the predictions of the other test folds. No unit has a part in its own choice, but the models that predict
  those folds have learned from the test fold. What two folds have in common by chance then helps a strategy on both
  sides, so the result is optimistic where models learn little but chance; docs/statistics.md says by how much.

One strategy that was lucky everywhere is chosen in every fold. The mean over studies stays right, but the spread is
larger than a comparison of two given arms supposes. So a test repeats the choice under the null hypothesis, see
`p_of_choice`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.evaluation import comparisons, operating_points, resampling
from synthaug.evaluation.measures import Measures, Point, Pool, joined
from synthaug.evaluation.pools import Run
from synthaug.terms import sizes
from synthaug.terms.best import BEST, CHOSEN, INNER, OTHERS
from synthaug.terms.totals import ALL

COLUMNS = ["seed", "fold", "arm", "size"]  # of choices.csv; the primary measure that was read follows
HINDSIGHT = ["hindsight_arm", "hindsight_size", "optimism"]  # of comparison.csv
FLIPS = 1999  # random sign flips of the patients
ROUNDING = 1e-9  # sums of fractions that differ by less are equal
Field = dict[int, tuple[list[Pool], Pool]]  # by test fold: the pools of all strategies, and that of the reference arm
Read = dict[tuple[str, str, int, int], Pool]  # by arm, size, seed and the test fold whose choice it is read for


@dataclass(frozen=True)
class Params(comparisons.Params):
    """What the choice needs of the config."""

    candidates: list[str]  # the arms whose sizes are strategies, the plainest first


@dataclass(frozen=True)
class Best:
    """What the choice is worth.

    Attributes
    ----------
    choices
        `COLUMNS` and the primary measure on what was read; a row for each seed and test fold.
    strategies
        ``arm``, ``size``, ``chosen`` (how often), the primary measure over all test folds, ``delta`` from the
        reference arm and ``minus_best`` from what was chosen; fractions, means over seeds. The largest ``minus_best``
        is the optimism of a choice in hindsight.
    metrics
        Rows as of ``metrics.csv``, of the arm `BEST` at the size `CHOSEN`, in the mean over seeds.
    comparison
        The row as of ``comparisons.csv``, against the reference arm at the operating point; and ``p_choice``, ``read``
        (`INNER` or `OTHERS`), ``strategies``, their number, and `HINDSIGHT`: the strategy with the best value over all
        test folds, and what it had more than what was chosen.
    """

    choices: pd.DataFrame
    strategies: pd.DataFrame
    metrics: pd.DataFrame
    comparison: pd.DataFrame


@dataclass(frozen=True)
class Differences:
    """What the strategies of one seed are ahead of the reference arm: sums over each patient's units.

    Attributes
    ----------
    held_out : (strategies, folds, patients) float array
        On the units of each test fold; 0 for patients of others.
    read : (strategies, folds, patients) float array
        On what the choice for that fold is read off.
    """

    held_out: np.ndarray
    read: np.ndarray


def choose(
    predictions: pd.DataFrame, pools: dict[Run, Pool], points: pd.DataFrame, measures: Measures, params: Params
) -> Best | None:
    """Choose a strategy for each seed and test fold, and compare what was chosen with the reference arm.

    Parameters
    ----------
    predictions
        The table of `collect_predictions`.
    pools
        From `pools.pooled`.
    points
        From `operating_points.choose`: where the reference arm stands.

    Returns
    -------
    None where no choice is possible: without strategies, without the reference arm at the operating point, or with one
    test fold and no inner models. The primary measure must be a sum over units.
    """
    rule = params.operating_point
    standing = {
        seed: pool
        for (arm, _, seed), pool in operating_points.at(pools, points, rule).items()
        if arm == measures.reference
    }
    candidates = strategies(pools, list(standing), params.candidates)
    if not standing or not candidates:
        return None
    reference_sizes = _reference_sizes(points, measures.reference, rule)
    needed = list(dict.fromkeys([*candidates, *((measures.reference, size) for size in reference_sizes.values())]))
    read, source = _inner(predictions, needed, standing, measures, params.folds), INNER
    if read is None:
        read, source = _other_folds(pools, needed, standing), OTHERS
    if read is None:
        return None
    names = np.unique(predictions["patient"].astype(str))
    choices, differences, chosen = [], [], {(measures.reference, rule, seed): pool for seed, pool in standing.items()}
    for seed, reference in standing.items():
        fields = _fields(seed, reference, candidates, pools, read, reference_sizes, measures)
        found = Differences(*(_sums(side, names, measures) for side in fields))
        picked = _first_best(found.read.sum(axis=-1))
        chosen[BEST, CHOSEN, seed] = joined(
            [_whole(field[place]) for (field, _), place in zip(fields[0].values(), picked, strict=True)]
        )
        choices += [
            (seed, fold, *candidates[place], measures.primary_value(field[place]))
            for (fold, (field, _)), place in zip(fields[1].items(), picked, strict=True)
        ]
        differences.append(found)
    table = pd.DataFrame(choices, columns=[*COLUMNS, measures.primary])
    p = p_of_choice(differences, seeding.stream(params.master_seed, "choice of a strategy"))
    worth = _strategies(candidates, table, pools, chosen, measures, rule)
    compared = _comparison(chosen, p, measures, params).assign(read=source, strategies=len(candidates))
    return Best(table, worth, _metrics(chosen, measures, params), compared.assign(**_hindsight(worth)))


def none(measures: Measures) -> Best:
    """Return the tables of a study in which no choice is possible: without rows."""
    of_comparison = [*comparisons.COLUMNS, "p_choice", "read", "strategies", *HINDSIGHT]
    return Best(
        pd.DataFrame(columns=[*COLUMNS, measures.primary]),
        pd.DataFrame(columns=["arm", "size", "chosen", measures.primary, "delta", "minus_best"]),
        pd.DataFrame(columns=resampling.COLUMNS),
        pd.DataFrame(columns=of_comparison).rename(columns={"units": f"{measures.unit}s"}),
    )


def strategies(pools: dict[Run, Pool], seeds: list[int], candidates: list[str]) -> list[Point]:
    """Return the (arm, size) of the arms ``candidates`` that were run with every seed: by arm, then by size."""
    run: dict[str, set[str]] = {}
    for arm, size, _ in pools:
        run.setdefault(arm, set()).add(size)
    return [
        (arm, size)
        for arm in candidates
        for size in sizes.ascending(run.get(arm, ()))
        if all((arm, size, seed) in pools for seed in seeds)
    ]


def p_of_choice(by_seed: list[Differences], generator: np.random.Generator) -> float:
    """Return the two-sided p of the whole procedure: the choice and what it gains on the test folds.

    If no strategy differs from the reference arm, a patient's differences could as well all have the other sign. So
    whole patients are flipped, with all strategies, folds and seeds together, and every time a strategy is chosen anew
    for each test fold. The observed signs count as one of the flips. A choice gains seldom and much, and loses
    often and little; so each side is tested at half of the level: p is twice the smaller tail.
    """
    patients = by_seed[0].held_out.shape[-1]
    signs = np.vstack([np.ones((1, patients)), 1 - 2.0 * generator.integers(0, 2, (FLIPS, patients))])
    total = np.zeros(len(signs))
    for differences in by_seed:
        picked = _first_best(np.moveaxis(differences.read @ signs.T, -1, 0))
        held_out = np.moveaxis(differences.held_out @ signs.T, -1, 0)
        total += np.take_along_axis(held_out, picked[:, np.newaxis], axis=1).sum(axis=(1, 2))
    tails = np.mean(total >= total[0] - ROUNDING), np.mean(total <= total[0] + ROUNDING)
    return float(min(2 * min(tails), 1.0))


def _first_best(scores: np.ndarray) -> np.ndarray:
    """Return the first of the best strategies for each fold, (..., folds) int, of scores (..., strategies, folds)."""
    return np.argmax(scores >= scores.max(axis=-2, keepdims=True) - ROUNDING, axis=-2)


def _other_folds(pools: dict[Run, Pool], points: list[Point], standing: dict[int, Pool]) -> Read | None:
    """Return what the models of each point predict of all test folds but one."""
    result = {}
    for seed, pool in standing.items():
        folds = np.unique(pool.fold).tolist()
        if len(folds) < 2:
            return None
        for point in points:
            found = pools[*point, seed]
            result |= {(*point, seed, fold): joined([(found, found.fold != fold)]) for fold in folds}
    return result


def _inner(
    predictions: pd.DataFrame, points: list[Point], standing: dict[int, Pool], measures: Measures, folds: int
) -> Read | None:
    """Return what models of each point that saw nothing of one fold predict of the others; None if any is missing."""
    rows = operating_points.with_unseen(predictions, measures.unit, folds)
    rows = rows[rows["unseen"].str.len() == 1]
    result = {
        (arm, size, int(seed), int(unseen)): measures.pool(part.sort_values(measures.unit))
        for (arm, size, seed, unseen), part in rows.groupby(["arm", "size", "seed", "unseen"])
    }
    for seed, pool in standing.items():
        for fold in np.unique(pool.fold).tolist():
            found = [result.get((*point, seed, fold)) for point in points]
            if any(each is None for each in found) or len({tuple(each.units) for each in found}) > 1:
                return None
            if not set(pool.units[pool.fold != fold]) <= set(found[0].units):
                return None
    return result


def _fields(
    seed: int,
    reference: Pool,
    candidates: list[Point],
    pools: dict[Run, Pool],
    read: Read,
    reference_sizes: dict[tuple[int, int], str],
    measures: Measures,
) -> tuple[Field, Field]:
    """Return one seed's predictions of each test fold, and those that the choice for it is read off."""
    held_out, seen = {}, {}
    for fold in np.unique(reference.fold).tolist():
        size = reference_sizes[seed, fold]
        held_out[fold] = [_of_fold(pools[*point, seed], fold) for point in candidates], _of_fold(reference, fold)
        seen[fold] = [read[*point, seed, fold] for point in candidates], read[measures.reference, size, seed, fold]
    return held_out, seen


def _whole(pool: Pool) -> tuple[Pool, np.ndarray]:
    return pool, np.ones(len(pool.units), dtype=bool)


def _of_fold(pool: Pool, fold: int) -> Pool:
    return joined([(pool, pool.fold == fold)])


def _reference_sizes(points: pd.DataFrame, arm: str, rule: str) -> dict[tuple[int, int], str]:
    """Return the size of the reference arm at the rule by seed and test fold."""
    rows = points[(points["rule"] == rule) & (points["arm"] == arm)]
    return {(int(seed), int(fold)): size for seed, fold, _, size in rows[COLUMNS].itertuples(index=False, name=None)}


def _sums(by_fold: Field, names: np.ndarray, measures: Measures) -> np.ndarray:
    """Return each patient's sum of what each strategy is ahead of the reference, (strategies, folds, patients).

    Parameters
    ----------
    by_fold
        The pools of the strategies, and that of the reference arm, of the same units.
    names : (patients,) str array
        Sorted.
    """
    key, sums = (measures.primary, ALL), []
    for pools, reference in by_fold.values():
        base, patient = measures.contributions(reference)[key], np.searchsorted(names, reference.patients)
        ahead = [measures.contributions(pool)[key] - base for pool in pools]
        sums.append([np.bincount(patient, each, minlength=len(names)) for each in ahead])
    return np.array(sums).transpose(1, 0, 2)


def _strategies(
    candidates: list[Point],
    choices: pd.DataFrame,
    pools: dict[Run, Pool],
    chosen: dict[Run, Pool],
    measures: Measures,
    rule: str,
) -> pd.DataFrame:
    counts = choices.groupby(["arm", "size"]).size()
    seeds = choices["seed"].unique()

    def mean(of: dict[Run, Pool], point: Point) -> float:
        return float(np.mean([measures.primary_value(of[*point, seed]) for seed in seeds]))

    best, reference = mean(chosen, (BEST, CHOSEN)), mean(chosen, (measures.reference, rule))
    rows = []
    for point in candidates:
        value = mean(pools, point)
        rows.append((*point, int(counts.get(point, 0)), value, value - reference, value - best))
    return pd.DataFrame(rows, columns=["arm", "size", "chosen", measures.primary, "delta", "minus_best"])


def _hindsight(worth: pd.DataFrame) -> dict[str, object]:
    """Return the strategy that was best over all test folds, and what it had more than what was chosen."""
    best = worth.loc[worth["minus_best"].idxmax()]
    return dict(zip(HINDSIGHT, (best["arm"], best["size"], best["minus_best"]), strict=True))


def _metrics(chosen: dict[Run, Pool], measures: Measures, params: Params) -> pd.DataFrame:
    of_best = {run: pool for run, pool in chosen.items() if run[0] == BEST}
    table, _ = resampling.evaluate(of_best, measures, params)
    return table[table["seed"] == ALL].reset_index(drop=True)


def _comparison(chosen: dict[Run, Pool], p_choice: float, measures: Measures, params: Params) -> pd.DataFrame:
    """Return the row of the comparison, whose p is at least ``p_choice``; a family of its own."""
    planned = [(BEST, (BEST, CHOSEN), (measures.reference, params.operating_point))]
    rows = comparisons.of_pairs(chosen, planned, measures, params)
    rows = rows[(rows["metric"] == measures.primary) & (rows["class"] == ALL)].reset_index(drop=True)
    rows[["p", "p_adjusted"]] = rows[["p", "p_adjusted"]].clip(lower=p_choice)
    (row,) = rows.itertuples(index=False)
    said = comparisons.verdict(
        row.delta, row.high, row.p_adjusted, row.p_no_gain, row.p_equivalent, 1 - params.confidence, row.differing
    )
    return rows.assign(verdict=said, p_choice=p_choice)
