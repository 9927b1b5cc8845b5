"""Numbers as tables and pages write them: percent with one decimal, intervals, p values."""

import numpy as np


def percent(fraction: float, *, signed: bool = False) -> str:
    """Write a fraction as percent with one decimal; ``n/a`` where it is not defined.

    >>> percent(0.7857), percent(-0.0001, signed=True)
    ('78.6', '+0.0')
    """
    if np.isnan(fraction):
        return "n/a"
    value = round(100 * fraction, 1) + 0.0  # adding 0.0 turns -0.0 into 0.0
    return f"{value:+.1f}" if signed else f"{value:.1f}"


def span(low: float, high: float, *, signed: bool = False) -> str:
    """Write an interval of fractions in percent, such as ``72.1 to 83.9``; ``no interval`` where there is none."""
    if np.isnan([low, high]).any():
        return "no interval"
    return f"{percent(low, signed=signed)} to {percent(high, signed=signed)}"


def estimate(value: float, low: float, high: float) -> str:
    """Write a fraction and its interval in percent.

    >>> estimate(0.7857, 0.721, 0.839), estimate(0.5, np.nan, np.nan)
    ('78.6 (72.1 to 83.9)', '50.0 (no interval)')
    """
    return f"{percent(value)} ({span(low, high)})"


def points(delta: float, low: float, high: float) -> str:
    """Write a difference of fractions and its interval, if it has one, in points.

    >>> points(0.071, 0.012, 0.129), points(-0.02, np.nan, np.nan)
    ('+7.1 points (+1.2 to +12.9)', '-2.0 points')
    """
    interval = "" if np.isnan([low, high]).any() else f" ({span(low, high, signed=True)})"
    return f"{percent(delta, signed=True)} points{interval}"


def probability(p: float) -> str:
    """Write a p value with three decimals.

    >>> probability(0.0749), probability(0.0002)
    ('0.075', '<0.001')
    """
    if np.isnan(p):
        return "n/a"
    return "<0.001" if p < 0.001 else f"{p:.3f}"
