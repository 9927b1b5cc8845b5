"""Shares of counts."""

import numpy as np


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Return ``numerator / denominator``, float; not a number where the denominator is not positive.

    The denominator is broadcast to the numerator's shape.
    """
    denominator = np.broadcast_to(denominator, np.shape(numerator))
    return np.divide(numerator, denominator, out=np.full(np.shape(numerator), np.nan), where=denominator > 0)
