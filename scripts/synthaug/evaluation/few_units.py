"""Whether so few cases can show the smallest gain of interest at all: said before any training.

Of cases that an arm has right or wrong. Two arms differ in a share of them, the discordance; the interval of their
difference is then about the normal quantile times the root of discordance over cases (McNemar), and what it takes to
show a gain follows from `study_size`. Patients with several cases, and trainings that differ, make it wider.
"""

import math

from synthaug.evaluation import study_size

DISCORDANCES = (0.1, 0.2)  # a low and a common share, of those that `make plan-study` begins with
POWER = 0.8


def half_width(units: int, discordance: float, confidence: float) -> float:
    """Return how far the interval of a difference of two arms reaches to each side, a fraction.

    >>> round(half_width(100, 0.1, 0.95), 3)
    0.062
    """
    level, _ = study_size.quantiles(confidence, POWER)
    return level * math.sqrt(discordance / units)


def notes(units: int, gain: float, confidence: float, unit: str) -> list[str]:
    """Return that ``units`` cases will not show a true ``gain``, a fraction; nothing where they may.

    Parameters
    ----------
    unit
        What a case is called, such as lesion.
    """
    if not units:
        return []
    few, many = (half_width(units, max(share, gain), confidence) for share in DISCORDANCES)
    if few <= gain:
        return []
    needed = [_needed(gain, max(share, gain), confidence) for share in DISCORDANCES]
    low, high = (f"{100 * share:g}" for share in DISCORDANCES)
    return [
        f"{units} tested {unit}s are too few to show a gain of {100 * gain:g} points: the {100 * confidence:g} % "
        f"interval of a difference will be about ±{100 * few:.0f} to ±{100 * many:.0f} points.",
        f"  That takes about {needed[0]:,} to {needed[1]:,} {unit}s, if two arms differ in {low} to {high} % of them; "
        "make plan-study has more. A larger gain may still be shown.",
    ]


def _needed(gain: float, discordance: float, confidence: float) -> int:
    """Return the number of cases, to two digits."""
    design = study_size.Design(gain, (discordance,), 1, 0, 1, 1, 2, 0, confidence)
    return int(float(f"{study_size.units_needed(design, discordance, POWER):.2g}"))
