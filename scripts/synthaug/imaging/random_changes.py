"""What is drawn for images that are changed at random, by the names and chances of the config."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

SEED = "seed"  # of what an image needs beyond one number, such as its noise


def draw(
    random: np.random.Generator, count: int, chances: dict, neutral: Mapping[str, float], mirrors: Iterable[str]
) -> pd.DataFrame:
    """Draw changes of ``count`` images.

    Parameters
    ----------
    chances
        By the names of ``neutral`` the ``probability`` with which an image is changed so, and the ``range`` from which
        the value is drawn uniformly; by the names of ``mirrors`` the probability alone. What is missing never happens.
    neutral
        The values that leave an image as it is.
    mirrors
        The names of changes that happen or not.

    Returns
    -------
    DataFrame with a column for each name of ``neutral``, bool ones for ``mirrors``, and `SEED`.
    """
    table = {}
    for name, unchanged in neutral.items():  # every name takes its numbers, so no chance moves the draws of another
        happens, place = random.random((2, count))
        chance = chances.get(name, {"probability": 0.0, "range": [unchanged, unchanged]})
        low, high = chance["range"]
        table[name] = np.where(happens < chance["probability"], low + (high - low) * place, unchanged)
    for name in mirrors:
        table[name] = random.random(count) < chances.get(name, 0.0)
    table[SEED] = random.integers(2**63, size=count)
    return pd.DataFrame(table)
