"""Which synthetic images of a class are selected: those that a classifier of real images agrees with."""

import numpy as np

from synthaug.quality import realism


def accepted(probabilities: np.ndarray, cls: int, least: float) -> np.ndarray:
    """Return which images are of class ``cls`` to the classifier, bool (n,).

    Parameters
    ----------
    probabilities
        Float (n, classes), of the classifier.
    cls
        The position of the class that the images were made for.
    least
        The least probability of this class; 0 asks no more than that no other class has a larger one.
    """
    return (probabilities.argmax(axis=1) == cls) & (probabilities[:, cls] >= least)


def densities(real: np.ndarray, made: np.ndarray, neighbours: int) -> np.ndarray:
    """Return the density of each made image among real ones of its class, float (m,), see `realism.prdc`.

    Parameters
    ----------
    real, made
        Features of one kind, float (n, d) and (m, d).
    neighbours
        How far the ball around a real image reaches: to its neighbour of this rank. With too few real images for one,
        to the last one.
    """
    return realism.prdc(real, made, min(neighbours, len(real) - 1))["density"]


def rows(accepted_ones: np.ndarray, probability: np.ndarray, count: int) -> np.ndarray:
    """Return the ``count`` images that are taken, int64 (count,), as their places among those that were made.

    These are the first accepted ones; if there are fewer, all of them, again and again, so that their number, and with
    it the number of steps, does not depend on the classifier. If none was accepted, the most probable ones stand in.

    Parameters
    ----------
    accepted_ones
        bool (n,).
    probability
        Float (n,): of the class that they were made for.
    """
    chosen = np.flatnonzero(accepted_ones)
    if not len(chosen):
        chosen = np.argsort(-probability, kind="stable")[:count]
    return np.resize(chosen, count)
