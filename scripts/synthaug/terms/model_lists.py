"""How a list of models is written on a command line: once for all seeds, since Linux ends an argument at 128 KiB.

A model is a tuple whose third element is its seed, such as (arm, size, seed, folds).
"""

import json
from collections.abc import Iterable, Sequence


def written(models: Iterable[Sequence]) -> str:
    """Return the models as JSON: for seeds that have the same models, these seeds and the models without their seed.

    >>> written([("gan", "9", 0, "12"), ("gan", "9", 0, "02"), ("gan", "9", 1, "12"), ("gan", "9", 1, "02")])
    '[[[0, 1], [["gan", "9", "12"], ["gan", "9", "02"]]]]'
    """
    of_seed: dict[int, list] = {}
    for first, second, seed, *rest in models:
        of_seed.setdefault(seed, []).append((first, second, *rest))
    seeds_of: dict[tuple, list[int]] = {}
    for seed, each in of_seed.items():
        seeds_of.setdefault(tuple(each), []).append(seed)
    return json.dumps([[seeds, each] for each, seeds in seeds_of.items()])


def read(text: str) -> list[tuple]:
    """Return the models that `written` wrote, seed by seed.

    >>> read('[[[0, 1], [["gan", "9", "12"], ["gan", "9", "02"]]]]')[:3]
    [('gan', '9', 0, '12'), ('gan', '9', 0, '02'), ('gan', '9', 1, '12')]
    """
    return [
        (first, second, seed, *rest)
        for seeds, models in json.loads(text)
        for seed in seeds
        for first, second, *rest in models
    ]
