"""From the table of all predictions to pools: the out-of-fold predictions of each arm, size and seed."""

import numpy as np
import pandas as pd

from synthaug.errors import InputError
from synthaug.evaluation.measures import Measures, Pool

Run = tuple[str, str, int]  # arm, size, seed


def pooled(predictions: pd.DataFrame, measures: Measures, folds: int) -> dict[Run, Pool]:
    """Pool the predictions of the standard cross-validation runs by (arm, size, seed), in order of appearance.

    A run is standard where its training folds and the unit's fold together are all ``folds`` folds; predictions of
    models trained on fewer folds are left out.

    Parameters
    ----------
    predictions
        The table of `collect_predictions`: ``arm, size, seed, folds``, then the columns of the task.

    Raises
    ------
    InputError
        If a prediction is missing or impossible, or if the arms do not predict the same units once each.
    """
    everything = "".join(str(fold) for fold in range(folds))
    covered = [
        "".join(sorted(f"{trained}{tested}")) == everything
        for trained, tested in zip(predictions["folds"], predictions["fold"], strict=True)
    ]
    measures.check(predictions)
    result = {}
    for (arm, size, seed), rows in predictions[np.array(covered, dtype=bool)].groupby(
        ["arm", "size", "seed"], sort=False
    ):
        result[arm, size, int(seed)] = measures.pool(rows.sort_values(measures.unit))
    _check_same_units(result, measures.unit)
    return result


def _check_same_units(found: dict[Run, Pool], unit: str) -> None:
    if not found:
        raise InputError("predictions: no arm was run on all folds but one, so there is nothing to evaluate")
    (first_run, first), *others = found.items()
    problems = []
    for (arm, size, seed), pool in [(first_run, first), *others]:
        units, counts = np.unique(pool.units, return_counts=True)
        name = f"arm {arm}, size {size}, seed {seed}"
        if counts.max() > 1:
            problems.append(f"{name}: {unit} {units[counts.argmax()]} is predicted {counts.max()} times")
        differing = sorted(set(units) ^ set(first.units))
        if differing:
            problems.append(
                f"{name}: {len(differing)} {unit}s are predicted here or in arm {first_run[0]}, size {first_run[1]}, "
                f"seed {first_run[2]}, not in both, the first {differing[0]}"
            )
    if problems:
        raise InputError(f"predictions: expected each {unit} once in each arm; " + "\n".join(problems))
