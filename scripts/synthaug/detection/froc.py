"""Free-response operating characteristic (FROC): sensitivity against false positives a slice.

Scores of two networks are not comparable, and neither are their thresholds. So each detection has, beside its score,
the rate at which it enters its own network's curve: the false positives a slice, of this network, whose score is as
high as its own or higher. Detections of several networks (test folds) are put in one order by that rate.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthaug.detection import average_precision

RATES = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)  # false positives a slice, those of the LUNA16 challenge
ROUNDING = 1e-9


def entering_rates(scores: np.ndarray, false: np.ndarray, slices: int) -> np.ndarray:
    """Return the false positives a slice at which each detection of one network enters its curve.

    Parameters
    ----------
    scores : (n,) float array
    false : (n,) bool array
        Which detections are false positives.
    slices
        How many slices it was applied to.

    >>> entering_rates(np.array([0.9, 0.8, 0.8, 0.1]), np.array([False, True, False, True]), 2)
    array([0. , 0.5, 0.5, 1. ])
    """
    wrong = np.sort(scores[false])
    return (len(wrong) - np.searchsorted(wrong, scores, side="left")) / slices


def threshold(scores: np.ndarray, false: np.ndarray, slices: int, rate: float) -> float:
    """Return the lowest score from which on there are at most ``rate`` false positives a slice.

    Parameters as in `entering_rates`. Minus infinity where all detections together have no more, and infinity where
    there is no slice to tell.
    """
    if not slices:
        return np.inf
    over = scores[entering_rates(scores, false, slices) > rate + ROUNDING]
    within = scores[scores > over.max(initial=-np.inf)]
    if not len(over):
        return -np.inf
    return float(within.min()) if len(within) else float(np.nextafter(over.max(), np.inf))


@dataclass(frozen=True)
class Ranking:
    """Hits and false positives of one IoU, in the order in which they enter the curve.

    The curve has a point 0, where nothing has entered, and one after each of the different rates.

    Attributes
    ----------
    boxes : (n,) float array
        How many boxes each slice has.
    hit, false : (hits,), (false positives,) int arrays
        The slice of each.
    before : (hits,) int array
        How many false positives stand before each hit.
    hits_at, false_at : (points,) int arrays
        How many of them have entered at each point.
    point : (hits,) int array
        The point at which each hit enters.
    """

    boxes: np.ndarray
    hit: np.ndarray
    false: np.ndarray
    before: np.ndarray
    hits_at: np.ndarray
    false_at: np.ndarray
    point: np.ndarray


def rank(
    boxes: np.ndarray, units: np.ndarray, scores: np.ndarray, rates: np.ndarray, hits: np.ndarray
) -> tuple[Ranking, np.ndarray]:
    """Put detections in order: by rate, those of one rate by descending score, equal ones as they come.

    Parameters
    ----------
    boxes : (n,) float array
        How many boxes each slice has.
    units, scores, rates, hits : (d,) arrays
        Of each detection its slice, its score, its rate, and whether it is a hit, else a false positive.

    Returns
    -------
    The order, and where each of its hits stands among the detections, (hits,) int.
    """
    order = np.lexsort((-scores, rates))
    hits, point = hits[order], 1 + np.unique(rates[order], return_inverse=True)[1]
    last = np.concatenate([[0], np.searchsorted(point, np.arange(1, point.max(initial=0) + 1), side="right")])
    entered = np.concatenate([[0], np.cumsum(hits)])
    ranking = Ranking(
        boxes=boxes,
        hit=units[order[hits]],
        false=units[order[~hits]],
        before=np.cumsum(~hits)[hits],
        hits_at=entered[last],
        false_at=last - entered[last],
        point=point[hits],
    )
    return ranking, order[hits]


class Curve:
    """The curve of a ranking where slices count as often as ``weights``, (n,) float, says.

    Rates and sensitivities are not numbers without slices and without boxes. A rate that all detections together do
    not reach gives the curve's end.
    """

    def __init__(self, ranking: Ranking, weights: np.ndarray):
        self.ranking, self.weights = ranking, weights
        self.slices, self.truth = float(weights.sum()), float(weights @ ranking.boxes)
        self._false = np.concatenate([[0], np.cumsum(weights[ranking.false])])
        self._found = np.concatenate([[0], np.cumsum(weights[ranking.hit])])

    @cached_property
    def false(self) -> np.ndarray:
        """False positives at each point of the curve, (points,) float."""
        return self._false[self.ranking.false_at]

    @cached_property
    def found(self) -> np.ndarray:
        """Boxes that are found at each point of the curve, (points,) float."""
        return self._found[self.ranking.hits_at]

    def at(self, rate: float) -> int:
        """Return the last point of the curve with at most ``rate`` false positives a slice."""
        return int(np.searchsorted(self.false, rate * self.slices + ROUNDING, side="right")) - 1

    def sensitivity(self, rate: float) -> float:
        """Return the share of boxes found at ``rate`` false positives a slice."""
        return self.found[self.at(rate)] / self.truth if self.truth else np.nan

    def false_positives(self, sensitivity: float) -> float:
        """Return the false positives a slice at which ``sensitivity`` is reached; not a number if it never is."""
        point = int(np.searchsorted(self.found, sensitivity * self.truth - ROUNDING, side="left"))
        if not self.slices or not self.truth or point == len(self.found):
            return np.nan
        return self.false[point] / self.slices

    def average_precision(self) -> float:
        """Return the average precision over all points."""
        return average_precision.all_points(*self._at_hits(), self.truth)

    def average_precision_101(self) -> float:
        """Return the average precision over 101 recalls, as COCO does."""
        return average_precision.of_101_points(*self._at_hits(), self.truth)

    def _at_hits(self) -> tuple[np.ndarray, np.ndarray]:
        return self._found[1:], self._false[self.ranking.before]
