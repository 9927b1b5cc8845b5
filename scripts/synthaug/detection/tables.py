"""Table 1 of the paper for a cohort, and beside it the tables in which false positives are equal."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.detection import metric_names
from synthaug.detection.froc import RATES
from synthaug.detection.measures import SENSITIVITIES
from synthaug.report.evaluated import Evaluated, with_interval


@dataclass(frozen=True)
class Params:
    """What the tables need of the config.

    Attributes
    ----------
    arms
        (arm, size), in the order of the config.
    iou
        From which intersection over union on a box is hit.
    score
        From which on a detection counts in the paper's table.
    false_positives
        A slice, at which arms are compared.
    """

    arms: list[list[str]]
    iou: list[float]
    score: float
    false_positives: float


def paper(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Return Table 1: a row an arm and size; AP and sensitivity in percent, false positives a slice."""
    measures = {}
    for iou in params.iou:
        name = f"IoU {iou:g}"
        place = {"iou": iou, "score": params.score}
        measures[f"AP, {name} (%)"] = metric_names.AP.format(**place)
        measures[f"Sensitivity, {name} (%)"] = metric_names.AT_SCORE.format(**place)
        measures[f"False positives a slice, {name}"] = metric_names.FALSE_AT_SCORE.format(**place)
        measures[f"of which second hits of a box, {name}"] = metric_names.DUPLICATES_AT_SCORE.format(**place)
    return pd.DataFrame(
        _place(arm, size) | {column: _cell(evaluated, arm, size, metric) for column, metric in measures.items()}
        for arm, size in params.arms
    )


def equal_false_positives(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Return the sensitivities at as many false positives in all arms: a row an arm, size and IoU.

    At a threshold that has so many on the test slices, of boxes, lesions and patients and by size; then at the
    threshold that has so many on the validation slices, with those that it has on the test slices.
    """
    rate = f"{params.false_positives:g} false positive{'s' * (params.false_positives != 1)} a slice"

    def measures(iou: float) -> dict[str, str]:
        return {
            f"Boxes found at {rate} (%)": metric_names.at_rate(params.false_positives, iou),
            "Lesions found (%)": metric_names.PER_LESION.format(iou=iou),
            "Mean over patients (%)": metric_names.PER_PATIENT.format(iou=iou),
            **{
                f"{size.capitalize()} boxes found (%)": metric_names.OF_SIZE.format(size=size, iou=iou)
                for size in metric_names.SIZES
            },
            "Boxes found at the threshold of validation (%)": metric_names.VALIDATED.format(iou=iou),
            "False positives a slice there": metric_names.FALSE_VALIDATED.format(iou=iou),
        }

    return _by_iou(evaluated, params, measures)


def curve(evaluated: Evaluated, params: Params) -> pd.DataFrame:
    """Return points of the FROC curve: a row an arm, size and IoU.

    The sensitivity at false positives a slice, and the false positives at a sensitivity.
    """

    def measures(iou: float) -> dict[str, str]:
        at_rates = {
            f"at {metric_names.FRACTIONS.get(rate, f'{rate:g}')} (%)": metric_names.at_rate(rate, iou) for rate in RATES
        }
        at_sensitivities = {
            f"False positives at {100 * each:g} % found": metric_names.FALSE_AT_SENSITIVITY.format(
                sensitivity=each, iou=iou
            )
            for each in SENSITIVITIES
        }
        return at_rates | {"mean (%)": metric_names.MEAN.format(iou=iou)} | at_sensitivities

    return _by_iou(evaluated, params, measures)


def _by_iou(evaluated: Evaluated, params: Params, measures: Callable[[float], dict[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(
        _place(arm, size)
        | {"IoU": f"{iou:g}"}
        | {column: _cell(evaluated, arm, size, metric) for column, metric in measures(iou).items()}
        for iou in params.iou
        for arm, size in params.arms
    )


def _place(arm: str, size: str) -> dict[str, str]:
    return {"Arm": arm, "Synthetic images per 100": size}


def _cell(evaluated: Evaluated, arm: str, size: str, metric: str) -> str:
    """Return a value with its interval: a fraction in percent; what is stored as its negative, as a number."""
    row = evaluated.measure(arm, size, metric)
    if not metric.startswith("-") or row is None:
        return with_interval(row)
    value, low, high = (0.0 - row[name] for name in ("value", "high", "low"))  # 0 stays 0, and no -0
    if np.isnan(value):
        return "n/a"
    return f"{value:.2f} (no interval)" if np.isnan([low, high]).any() else f"{value:.2f} ({low:.2f} to {high:.2f})"
