"""How many false positives each arm needs to find as many boxes as the reference arm does, at the operating point."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthaug.detection.detection_pool import Ranked
from synthaug.detection.froc import Curve
from synthaug.detection.froc_table import Params
from synthaug.detection.measures import Detection
from synthaug.evaluation import resampling
from synthaug.evaluation.measures import Pool
from synthaug.evaluation.pools import Run

COLUMNS = ["arm", "rule", "iou", "sensitivity", "false_positives", "low", "high", "reached"]


def table(pools: dict[Run, Pool], measures: Detection, params: Params) -> pd.DataFrame:
    """Return a row for each arm and IoU, mean over the seeds that it shares with the reference arm.

    ``sensitivity`` is that of the reference arm at `Detection.false_positives`; ``false_positives``, a slice, are those
    at which the arm reaches it: of the reference itself no more than that. Each resample, of patients and seeds alike
    in both arms, reads both anew. ``reached`` is the share of the resamples in which it is reached at all, and the
    interval is of these. Without the reference arm the table is empty.

    Parameters
    ----------
    pools
        At the operating point, by (arm, rule, seed), from `operating_points.of_arms`.
    """
    evaluation, rows = resampling.Evaluation(pools, measures, params), []
    seeds_of, rule = evaluation.runs(), params.operating_point
    for arm in (arm for arm, _ in seeds_of if (measures.reference, rule) in seeds_of):
        seeds = [seed for seed in seeds_of[arm, rule] if seed in seeds_of[measures.reference, rule]]
        for place, iou in enumerate(measures.iou if seeds else ()):
            pairs = {
                seed: _pair(
                    [Ranked.of(pools[name, rule, seed], place) for name in (measures.reference, arm)],
                    evaluation.weights,
                    measures.false_positives,
                )
                for seed in seeds
            }
            sensitivity, needed = (
                evaluation.over_seeds({seed: pair[:, column] for seed, pair in pairs.items()}) for column in (0, 1)
            )
            reached = float(np.isfinite(needed[1 : 1 + params.bootstrap]).mean())
            rows.append((arm, rule, iou, sensitivity[0], *evaluation.summary(needed), reached))
    return pd.DataFrame(rows, columns=COLUMNS)


def _pair(ranked: Sequence[Ranked], weights: np.ndarray, rate: float) -> np.ndarray:
    """Return the reference's sensitivity and the false positives that the arm needs for it, (b, 2)."""
    result = np.empty((len(weights), 2))
    for row, often in enumerate(weights.astype(float)):
        reference, arm = (Curve(each.ranking, often) for each in ranked)
        sensitivity = reference.sensitivity(rate)
        result[row] = sensitivity, arm.false_positives(sensitivity)
    return result
