"""Intervals that respect patients: the percentile bootstrap over patients, paired over arms, sizes and seeds.

Lesions of one patient are not independent, so whole patients are drawn, with all their lesions. One set of resamples
serves every arm, so differences between arms are paired.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug import metrics, seeding

COLUMNS = ["arm", "size", "seed", "metric", "class", "value", "low", "high", "n"]  # of metrics.csv
BLOCK = 1000  # resamples computed at a time; bounds the memory, changes no result


@dataclass(frozen=True)
class Params:
    """What `metrics_table` needs of the config."""

    master_seed: int
    classes: list[str]
    folds: int
    bootstrap: int  # number of patient resamples
    confidence: float  # of the intervals, e.g. 0.95


def patient_weights(patients: np.ndarray, number: int, generator: np.random.Generator) -> np.ndarray:
    """Draw ``number`` resamples of the patients, with replacement, as many as there are.

    Parameters
    ----------
    patients : (n,) array
        The patient of each lesion.

    Returns
    -------
    (1 + number, n) uint16 array
        How often each lesion counts: row 0 is the cohort itself (all 1), each further row one resample.
    """
    names, patient = np.unique(patients, return_inverse=True)
    drawn = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=number)
    return np.vstack([np.ones((1, len(names))), drawn])[:, patient].astype(np.uint16)


def interval(resamples: np.ndarray, confidence: float) -> tuple[float, float]:
    """Return the percentile interval of (b,) resampled values; those that are not a number are left out."""
    values = resamples[~np.isnan(resamples)]
    if not len(values):
        return np.nan, np.nan
    tail = 50 * (1 - confidence)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


class Evaluation:
    """Every measure of every (arm, size), in the cohort and in the same patient resamples.

    Parameters
    ----------
    pools : dict of (arm, size, seed) to `metrics.Pool`
        From `metrics.pools`, so all of the same lesions.
    """

    def __init__(self, pools: dict[tuple[str, str, int], metrics.Pool], params: Params):
        self.pools, self.params = pools, params
        patients = next(iter(pools.values())).patients
        self.weights = patient_weights(patients, params.bootstrap, seeding.stream(params.master_seed, "bootstrap"))

    def runs(self) -> dict[tuple[str, str], list[int]]:
        """Return the seeds of each (arm, size), in order of appearance."""
        result: dict[tuple[str, str], list[int]] = {}
        for arm, size, seed in self.pools:
            result.setdefault((arm, size), []).append(seed)
        return result

    def measures(self, arm: str, size: str, seed: int) -> dict[tuple[str, str], np.ndarray]:
        """Return each measure by (metric, class) as a (1 + bootstrap,) array: the value, then its resamples."""
        pool = self.pools[arm, size, seed]
        blocks = [
            metrics.measures(pool, self.params.classes, self.weights[i : i + BLOCK].astype(float))
            for i in range(0, len(self.weights), BLOCK)
        ]
        return {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}

    def summary(self, values: np.ndarray) -> tuple[float, float, float]:
        """Return (value, low, high) of one (1 + bootstrap,) array."""
        return float(values[0]), *interval(values[1:], self.params.confidence)


def mean_over_seeds(by_seed: list[np.ndarray]) -> np.ndarray:
    """Average over seeds within each resample: the interval then says what other patients would have given."""
    return np.mean(by_seed, axis=0)


def metrics_table(pools: dict[tuple[str, str, int], metrics.Pool], params: Params) -> pd.DataFrame:
    """Return all measures with their intervals: a row for each arm, size, seed, metric and class, in fractions.

    The rows of seed `all` are means over the seeds; they are there with one seed too, so a reader needs no other.
    """
    evaluation = Evaluation(pools, params)
    rows = []
    for (arm, size), seeds in evaluation.runs().items():
        counted = metrics.lesions_counted(pools[arm, size, seeds[0]], params.classes)
        by_seed = {str(seed): evaluation.measures(arm, size, seed) for seed in seeds}
        keys = by_seed[str(seeds[0])]
        by_seed[metrics.ALL] = {key: mean_over_seeds([by_seed[str(seed)][key] for seed in seeds]) for key in keys}
        for seed, values in by_seed.items():
            for metric, name in keys:
                estimate = evaluation.summary(values[metric, name])
                rows.append((arm, size, seed, metric, name, *estimate, counted[metric, name]))
    return pd.DataFrame(rows, columns=["arm", "size", "seed", "metric", "class", "value", "low", "high", "n"])
