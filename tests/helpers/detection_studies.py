"""Simulated detectors on simulated slices, of known truth: predictions of arms as `collect_predictions` makes them.

A box is found or not, and each of its hits and each false positive has a score, so nothing is matched here. Patients
differ in how hard their boxes are and in how many false positives they draw, for all detectors alike; a detector has
noise of its own.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.detection import prediction_table
from synthaug.detection.measures import Detection

IOUS = [0.25, 0.5]
MEASURES = Detection(["m"], IOUS, 1, 0.001)


@dataclass(frozen=True)
class Cohort:
    """Slices of patients; the score of each box and of each place of a false positive, before a detector's noise.

    Attributes
    ----------
    patients : (n,) str array
        Of each slice.
    boxes, others : (m,), (k,) int arrays
        The slice of each box, and of each place.
    sure, tempting : (m,), (k,) float arrays
    """

    patients: np.ndarray
    boxes: np.ndarray
    others: np.ndarray
    sure: np.ndarray
    tempting: np.ndarray


def cohort(random: np.random.Generator, patients: int = 30, slices: int = 8, empty: float = 0.4) -> Cohort:
    """Draw a cohort, as hard as real ones: about two thirds of the boxes are found at one false positive a slice."""
    n = patients * slices
    owner = np.repeat(np.arange(patients), slices)
    hard, tempting = random.normal(0, 0.6, patients), random.normal(0, 0.4, patients)
    boxes = np.repeat(np.arange(n), np.where(random.random(n) < empty, 0, random.integers(1, 4, n)))
    others = np.repeat(np.arange(n), random.poisson(6, n))
    return Cohort(
        np.array([f"P{number:02}" for number in owner]),
        boxes,
        others,
        1.3 + hard[owner[boxes]] + random.normal(0, 1, len(boxes)),
        tempting[owner[others]] + random.normal(0, 1, len(others)),
    )


def predictions(
    of: Cohort,
    random: np.random.Generator,
    *,
    gain: float = 0.0,
    shift: float = 0.0,
    noise: float = 0.5,
    floor: float = -9.0,
    arm: str = "real",
    size: str = "0",
    seed: int = 0,
) -> pd.DataFrame:
    """Return what a detector found: `evaluation/predictions.csv` of one arm; fold 0, so one network.

    Parameters
    ----------
    gain
        How much surer it is of true boxes than of false positives.
    shift
        Added to all scores: the same detector with another threshold.
    floor
        Below which it says nothing.
    """
    hits = of.sure + gain + shift + random.normal(0, noise, len(of.sure))
    false = of.tempting + shift + random.normal(0, noise, len(of.tempting))
    rows = []
    for number, patient in enumerate(of.patients):
        mine, theirs = np.flatnonzero(of.boxes == number), false[of.others == number]
        found = [(hits[box], place) for place, box in enumerate(mine)] + [(score, -1) for score in theirs]
        found = sorted((pair for pair in found if pair[0] >= floor), reverse=True)
        scores = [float(1 / (1 + np.exp(-score))) for score, _ in found]
        outcomes = [outcome for _, outcome in found]
        lists = {
            prediction_table.BOX_CLASSES: [0] * len(mine),
            prediction_table.BOX_LESIONS: [f"L{number}-{place}" for place in range(len(mine))],
            prediction_table.BOX_SIDES: [5.0 + box % 7 for box in mine.tolist()],
            prediction_table.CLASSES: [0] * len(scores),
            prediction_table.SCORES: scores,
            **{prediction_table.OUTCOMES.format(iou): outcomes for iou in IOUS},
        }
        cells = {name: str(values).replace("'", '"') for name, values in lists.items()}
        thresholds = {prediction_table.THRESHOLD.format(iou): np.inf for iou in IOUS}
        rows.append(
            {"slice": f"S{number:04}", "patient": patient, "fold": 0, "boxes": len(mine), **cells, **thresholds}
        )
    run = {"arm": arm, "size": size, "seed": seed, "folds": "1"}
    table = pd.DataFrame(rows)
    return table.assign(**run)[[*run, *table]]
