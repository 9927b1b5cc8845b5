"""The table of how far the arms' probabilities can be believed, with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.classification import recalibration
from synthaug.classification.calibration import (
    are_probabilities,
    bin_number,
    brier,
    calibration_error,
    log_loss,
    predicted_confidence,
)
from synthaug.classification.measures import Classification, ClassPool
from synthaug.evaluation import resampling
from synthaug.evaluation.pools import Run
from synthaug.terms.arms import CLASSIC

COLUMNS = ["arm", "rule", "measure", "value", "low", "high", "scores"]  # of calibration.csv
Score = Callable[[ClassPool, np.ndarray], np.ndarray]  # of a pool; a value for each row of weights


@dataclass(frozen=True)
class Params(resampling.Params):
    """What calibration needs of the config."""

    operating_point: str  # the rule
    arms: list[str]  # in the order of the config, `classic` first
    generators: list[str]  # those of them that add synthetic images


def table(pools: dict[Run, ClassPool], measures: Classification, params: Params) -> pd.DataFrame:
    """Return ``calibration.csv``: a row for each arm and measure, means over the seeds.

    Scores, slope, mean confidence and confidence minus accuracy have intervals of resamples of patients and seeds. The
    calibration error has none, since resampling inflates it; the row after it says what perfectly calibrated
    probabilities would give with as few lesions: the mean of simulations and the range of most of them. Log loss and
    slope are of probabilities only.

    Parameters
    ----------
    pools
        From `operating_points.at`, by (arm, rule, seed).
    """
    evaluation = resampling.Evaluation(pools, measures, params)
    seeds_of = {arm: seeds for (arm, _), seeds in evaluation.runs().items()}
    rows, classic = [], {}
    for arm in (arm for arm in params.arms if arm in seeds_of):
        of_arm = {seed: pools[arm, params.operating_point, seed] for seed in seeds_of[arm]}
        scores = {name: _over_seeds(score, of_arm, evaluation) for name, score in _scores(arm).items()}
        if arm == CLASSIC:
            classic = scores
        measured = {}
        for name, values in scores.items():
            measured[name] = values
            if arm != CLASSIC and name in classic:
                measured[f"{name} minus {CLASSIC}"] = values - classic[name]
        if are_probabilities(arm):
            measured["calibration slope"] = _over_seeds(recalibration.slope, of_arm, evaluation)
        measured["confidence"] = _over_seeds(_mean_confidence, of_arm, evaluation)
        measured["confidence minus accuracy"] = _over_seeds(_mean_excess, of_arm, evaluation)
        estimates = {measure: evaluation.summary(values) for measure, values in measured.items()}
        estimates |= _errors(list(of_arm.values()), params)
        kind = "probabilities" if are_probabilities(arm) else "no probabilities"
        rows += [(arm, params.operating_point, measure, *values, kind) for measure, values in estimates.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _scores(arm: str) -> dict[str, Score]:
    """Return the scores in which an arm is compared with `classic`."""
    return {"brier": brier} | ({"log loss": log_loss} if are_probabilities(arm) else {})


def _over_seeds(score: Score, of_arm: dict[int, ClassPool], evaluation: resampling.Evaluation) -> np.ndarray:
    return evaluation.over_seeds({seed: score(pool, evaluation.weights) for seed, pool in of_arm.items()})


def _errors(pools: list[ClassPool], params: Params) -> dict[str, tuple[float, float, float]]:
    bins = bin_number(len(pools[0].units))
    found = np.mean([calibration_error(*predicted_confidence(pool), bins) for pool in pools])
    random = seeding.stream(params.master_seed, "calibration", "simulated")
    simulated = []
    for start in range(0, params.bootstrap, resampling.BLOCK):
        # One draw serves all seeds: their predictions of a lesion are right or wrong together as far as they can be.
        drawn = random.random((min(resampling.BLOCK, params.bootstrap - start), len(pools[0].units)))
        errors = [calibration_error(_confidence(pool), drawn < _confidence(pool), bins) for pool in pools]
        simulated.append(np.mean(errors, axis=0))
    simulated = np.concatenate(simulated)
    return {
        "calibration error": (float(found), np.nan, np.nan),
        "calibration error if calibrated": (
            float(simulated.mean()),
            *resampling.interval(simulated, params.confidence),
        ),
    }


def _confidence(pool: ClassPool) -> np.ndarray:
    return predicted_confidence(pool)[0]


def _mean_confidence(pool: ClassPool, weights: np.ndarray) -> np.ndarray:
    return weights @ _confidence(pool) / weights.sum(axis=1)


def _mean_excess(pool: ClassPool, weights: np.ndarray) -> np.ndarray:
    confidence, right = predicted_confidence(pool)
    return weights @ (confidence - right) / weights.sum(axis=1)
