"""Parts of sentences: counts with their noun, and lists."""

from collections.abc import Iterable

import pandas as pd


def counted(number: int, noun: str) -> str:
    """Write a count with its noun.

    >>> counted(1, "lesion"), counted(1200, "lesion")
    ('1 lesion', '1,200 lesions')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def listed(parts: Iterable[object]) -> str:
    """Write a list as a sentence has it; ``none`` for an empty one.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed([])
    ('a', 'a, b and c', 'none')
    """
    *first, last = [str(part) for part in parts] or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


def between(values: pd.Series, unit: str = "", digits: int = 3) -> str:
    """Write the range of ``values`` with ``digits`` significant digits, or their only value.

    >>> between(pd.Series([0.81461, 0.5]), "mm"), between(pd.Series([512, 512]), "px")
    ('0.5 to 0.815 mm', '512 px')
    """
    ends = dict.fromkeys(f"{value:.{digits}g}" for value in (values.min(), values.max()))
    return " ".join([" to ".join(ends), unit]).strip()


def settings(values: dict[str, object]) -> str:
    """Write keys of the config and their values.

    >>> settings({"c": [1, 5], "inner_folds": 3, "low": None})
    'c 1, 5; inner folds 3; low none'
    """
    return "; ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in values.items())


def chances(values: dict[str, dict | float], without: str) -> str:
    """Write what may be drawn for an image, as the config has it: a probability with a range, or the former alone.

    >>> chances({"zoom": {"probability": 0.5, "range": [0.9, 1.1]}, "left_right": 0.5, "up_down": 0}, "nothing")
    'zoom from 0.9 to 1.1 with a probability of 0.5; left right mirrored with a probability of 0.5'
    >>> chances({"up_down": 0}, "nothing")
    'nothing'
    """
    parts = []
    for name, chance in values.items():
        shown = name.replace("_", " ")
        if not isinstance(chance, dict):
            parts += [f"{shown} mirrored with a probability of {chance:g}"] if chance else []
        elif chance["probability"]:
            low, high = chance["range"]
            parts.append(f"{shown} from {low:g} to {high:g} with a probability of {chance['probability']:g}")
    return "; ".join(parts) or without


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
