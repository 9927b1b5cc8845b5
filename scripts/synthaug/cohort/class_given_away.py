"""Whether the case table gives the class away by something else than the image: its source, its folder, its name.

Images of one class from one hospital or device teach a network the hospital, and no test patient of the same table
shows that. Only what separates a class nearly completely is said, and only where each value has several cases. Names
that say the class itself are no sign of a source.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pandas as pd

from synthaug.cohort import given_split
from synthaug.terms.case_columns import MOST_GROUPS, OPTIONAL, REQUIRED

FEWEST, PATIENTS = 5, 3  # cases of a value, and their patients; fewer may agree with the class by chance
NEARLY = 0.95  # of a class's cases, and of those of its values
LETTERS = re.compile(r"[^\W\d_]*")  # the letters that a file's name begins with
NOT_WORDS = re.compile(r"[\W_]+")
SHORTEST = 3  # letters of a name that may say the class


def notes(table: pd.DataFrame, unit: str) -> list[str]:
    """Return a line for each column, and each part of the images' paths, that gives a class away, and what follows.

    Parameters
    ----------
    table
        See `case_table.read_table`. No part of a path is returned, as it may be a patient's.
    unit
        What a row is called, such as lesion.
    """
    cases = table[table["class"] != ""]
    lines = []
    for what, values in _attributes(cases):
        found = _given_away(values, cases)
        if found:
            lines.append(f"The class can be read off {what}: of the {unit}s that share one, {_listed(found)}.")
    if not lines:
        return []
    why = "If that is where images come from (hospital, device), a network may learn it instead of what they show."
    return [*lines[:1], *(f"  {line}" for line in [*lines[1:], why])]


def _attributes(cases: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Yield what may stand for a source, as (name in words, its value in each row)."""
    for name in cases:
        if name not in (*REQUIRED, *OPTIONAL, given_split.COLUMN):
            yield f"the column {name}", cases[name]
    paths = cases["image"].map(PurePosixPath)
    depth = min(len(path.parts) for path in paths) if len(paths) else 0
    for place in range(depth - 1):
        yield "the images' folders", paths.map(lambda path, place=place: path.parts[place])
    yield "the first letters of the images' names", paths.map(lambda path: LETTERS.match(path.name)[0].lower())
    yield "the type of the images' files", paths.map(lambda path: path.suffix.lower())


def _given_away(values: pd.Series, cases: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Return the classes that ``values`` give away, with how many of the cases with its values have it, of how many."""
    counts = pd.crosstab(values, cases["class"])
    patients = cases.groupby(values)["patient"].nunique()
    if not 2 <= len(counts) <= MOST_GROUPS or len(counts.columns) < 2:
        return {}
    if counts.sum(axis=1).min() < FEWEST or patients.min() < PATIENTS:
        return {}
    of_value = counts.idxmax(axis=1)
    if any(_says(str(value), cls) for value, cls in of_value.items()):
        return {}
    found = {}
    for cls in counts:
        own = counts[of_value == cls]
        right, there, all_of_it = int(own[cls].sum()), int(own.to_numpy().sum()), int(counts[cls].sum())
        if there and right >= NEARLY * there and right >= NEARLY * all_of_it:
            found[cls] = right, there
    return found


def _says(value: str, cls: str) -> bool:
    """Return whether a value is, or holds, the name of the class, or the other way round."""
    short, long = sorted((NOT_WORDS.sub("", text).lower() for text in (value, cls)), key=len)
    return short == long or (len(short) >= SHORTEST and short in long)


def _listed(found: dict[str, tuple[int, int]]) -> str:
    return ", ".join(f"{right} of {there} are {cls}" for cls, (right, there) in found.items())
