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


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
