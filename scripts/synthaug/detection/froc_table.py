"""FROC curves of all arms at the operating point, as a table, with intervals over patients and seeds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.detection.detection_pool import Ranked
from synthaug.detection.froc import Curve, Ranking
from synthaug.detection.measures import Detection
from synthaug.evaluation import resampling
from synthaug.evaluation.measures import Pool
from synthaug.evaluation.pools import Run

RATES = tuple(2.0 ** (step / 4) for step in range(-12, 13))  # 1/8 to 8, four to a doubling
COLUMNS = ["arm", "rule", "iou", "false_positives", "sensitivity", "low", "high", "end"]


@dataclass(frozen=True)
class Params(resampling.Params):
    """What the curves need of the config."""

    operating_point: str  # the rule
    arms: list[str]  # in the order of the config, the reference first
    generators: list[str]  # those of them that add synthetic images


def table(pools: dict[Run, Pool], measures: Detection, params: Params) -> pd.DataFrame:
    """Return the sensitivity of each arm at the `RATES`, mean over the seeds: a row for each arm, IoU and rate.

    ``low`` and ``high`` are ends of the interval of this rate alone, over patients and, with several, seeds; each
    resample finds its thresholds anew. ``end`` is how many false positives a slice all detections of the arm have
    together, mean over the seeds: at higher rates the sensitivity is the one there.

    Parameters
    ----------
    pools
        At the operating point, by (arm, rule, seed), from `operating_points.of_arms`.
    """
    evaluation, rows = resampling.Evaluation(pools, measures, params), []
    for (arm, rule), seeds in evaluation.runs().items():
        for place, iou in enumerate(measures.iou):
            ranked = {seed: Ranked.of(pools[arm, rule, seed], place).ranking for seed in seeds}
            by_seed = {seed: _sensitivities(ranking, evaluation.weights) for seed, ranking in ranked.items()}
            end = np.mean([len(ranking.false) / len(ranking.boxes) for ranking in ranked.values()])
            for column, rate in enumerate(RATES):
                values = evaluation.over_seeds({seed: each[:, column] for seed, each in by_seed.items()})
                rows.append((arm, rule, iou, rate, *evaluation.summary(values), end))
    return pd.DataFrame(rows, columns=COLUMNS)


def _sensitivities(ranking: Ranking, weights: np.ndarray) -> np.ndarray:
    """Return the sensitivity at each rate under each row of ``weights``, (b, rates)."""
    curves = (Curve(ranking, row.astype(float)) for row in weights)
    return np.array([[curve.sensitivity(rate) for rate in RATES] for curve in curves])
