"""How the reference arm gets better with patients, and what twice as many would bring.

A run has models of two sizes where it chooses sizes by inner models: those that are tested learn from all folds but
one, inner models from all but two. Each patient is predicted by both. Through the two errors goes a power law, as
learning curves of classifiers have it (Cortes et al., Adv. Neural Inf. Process. Syst. 6, 1994); its lower limit, to
find which would take a third size, is taken for 0. Intervals resample patients, with the same ones at both sizes.
"""

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.evaluation import operating_points, resampling
from synthaug.evaluation.measures import Measures, Pool
from synthaug.evaluation.observed_variation import Params
from synthaug.evaluation.pools import Run
from synthaug.terms.totals import ALL

MEASURED, EXTRAPOLATED = "measured", "extrapolated"
COLUMNS = ["arm", "kind", "patients"]  # of learning_curve.csv; the primary measure, low and high follow
DOUBLED = 2.0  # the largest number of patients, in cohorts; two points say nothing of more


def table(
    predictions: pd.DataFrame, pools: dict[Run, Pool], choice: pd.DataFrame, measures: Measures, params: Params
) -> pd.DataFrame:
    """Return the rows of ``learning_curve.csv``; none where a fold is not tested or the inner models are not there.

    ``patients`` are those of a training set: at two sizes measured, then extrapolated to the whole cohort and to twice
    as many.

    Parameters
    ----------
    predictions
        The table of `collect_predictions`.
    pools, choice
        From `operating_points.at` for the rule that is shown, and from `operating_points.choose`.
    """
    arm, rule = measures.reference, params.operating_point
    columns = [*COLUMNS, measures.primary, "low", "high"]
    tested = {seed: pool for (name, _, seed), pool in pools.items() if name == arm}
    inner = _inner(predictions, choice, arm, rule, measures, params.folds)
    everybody = set(range(params.folds))
    places = {(seed, fold) for seed in tested for fold in everybody}
    if not tested or any(set(pool.fold.tolist()) != everybody for pool in tested.values()) or places - set(inner):
        return pd.DataFrame(columns=columns)
    names = np.unique(next(iter(tested.values())).patients)
    drawn = resampling.patient_weights(names, params.bootstrap, seeding.stream(params.master_seed, "learning curve"))
    many = _mean_error(list(tested.values()), names, drawn, measures)
    few = _mean_error([inner[place] for place in sorted(places)], names, drawn, measures)
    of_few, of_many = (len(names) * (params.folds - k) / params.folds for k in (2, 1))
    exponent = np.log(few / many) / np.log(of_few / of_many)
    rows = []
    for kind, patients in [
        (MEASURED, of_few), (MEASURED, of_many), (EXTRAPOLATED, len(names)), (EXTRAPOLATED, DOUBLED * len(names))
    ]:  # fmt: skip
        values = 1 - many * (patients / of_many) ** exponent
        low, high = resampling.interval(values[1:], params.confidence)
        rows.append((arm, kind, round(patients), values[0], low, high))
    return pd.DataFrame(rows, columns=columns)


def _inner(
    predictions: pd.DataFrame, choice: pd.DataFrame, arm: str, rule: str, measures: Measures, folds: int
) -> dict[tuple[int, int], Pool]:
    """Return what inner models of ``arm`` that saw nothing of a fold predict, at its size there, by (seed, fold)."""
    of_arm = choice[(choice["rule"] == rule) & (choice["arm"] == arm)]
    size = {
        (int(seed), int(fold)): chosen
        for seed, fold, chosen in of_arm[["seed", "fold", "size"]].itertuples(index=False, name=None)
    }
    rows = operating_points.with_unseen(predictions[predictions["arm"] == arm], measures.unit, folds)
    result = {}
    for (of, seed, unseen), part in rows[rows["unseen"].str.len() == 1].groupby(["size", "seed", "unseen"]):
        if size.get((int(seed), int(unseen))) == of and len(set(part["fold"])) == folds - 1:
            result[int(seed), int(unseen)] = measures.pool(part.sort_values(measures.unit))
    return result


def _mean_error(pools: list[Pool], names: np.ndarray, drawn: np.ndarray, measures: Measures) -> np.ndarray:
    """Return one minus the primary measure, the mean over pools, in the cohort and its resamples, (1 + b,).

    An error of 0 counts as half of a unit, so that it has a logarithm.
    """
    key, errors = (measures.primary, ALL), []
    for pool in pools:
        weights = drawn[:, np.searchsorted(names, pool.patients)].astype(float)
        errors.append(1 - measures.values(pool, weights, [key])[key])
    return np.maximum(np.nanmean(errors, axis=0), 0.5 / len(pools[0].units))
