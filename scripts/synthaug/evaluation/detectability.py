"""How well detectors tell two kinds apart: balanced accuracy, d' and the criterion of signal detection theory."""

import numpy as np
from scipy.special import ndtri

from synthaug.evaluation.ratios import ratio


def detectability(
    hits: np.ndarray, alarms: np.ndarray, positives: np.ndarray, negatives: np.ndarray
) -> dict[str, np.ndarray]:
    """Return balanced accuracy, d' and the criterion of detectors by their numbers of hits and false alarms.

    The rates of d' and the criterion have the loglinear correction, half an answer more of each kind. Without it d' is
    infinite where a rate is 0 or 1; it is applied always, which is less biased than where needed only (Hautus, Behav.
    Res. Methods 27:46, 1995).

    Parameters
    ----------
    hits, alarms, positives, negatives : (b,) float arrays
        The last two are how many there are of both kinds; the balanced accuracy is not a number without one of them.
    """
    z_hit, z_alarm = ndtri((hits + 0.5) / (positives + 1)), ndtri((alarms + 0.5) / (negatives + 1))
    return {
        "balanced accuracy": (ratio(hits, positives) + 1 - ratio(alarms, negatives)) / 2,
        "d'": z_hit - z_alarm,
        "criterion": -(z_hit + z_alarm) / 2,
    }
