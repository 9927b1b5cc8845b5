"""The case table of rows that a format gives, with ids, and the pictures that had to be written."""

import os
import re
from collections import Counter
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from synthaug.cohort.formats import patients
from synthaug.cohort.formats.found import Drawn, Found, Row
from synthaug.cohort.formats.source import Source, stem
from synthaug.errors import InputError

NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]+")
PICTURES = "pictures"  # the folder of what is written beside the table


class Ids:
    """Ids of what has names: with "_" for whatever ids must not have, and never one id for two names."""

    def __init__(self, kind: str):
        self._kind = kind
        self._owners: dict[str, str] = {}

    def of(self, name: str, number: int = 0) -> str:
        """Return the id of a name, or of one of several things of this name, by its number from 1.

        Raises
        ------
        InputError
            If another name has the same id, or one that differs by case alone.
        """
        found = NOT_IN_IDS.sub("_", name).strip("_") or "_"
        found, name = (f"{found}-{number}", f"{name}, number {number}") if number else (found, name)
        owner = self._owners.setdefault(found.lower(), name)
        if owner != name:
            raise InputError(
                f"{self._kind} {found}: expected an id for one {self._kind}, found it for {owner} and {name}; rename "
                "one of them"
            )
        return found


def of_rows(found: Found, source: Source, rule: str, folder: Path) -> tuple[pd.DataFrame, list[Drawn]]:
    """Return the case table that will lie in ``folder``, and the pictures that it names there, below `PICTURES`.

    Parameters
    ----------
    found
        With one kind of annotation a row, see `tasks.fitted`.
    rule
        Whose an image is, see `patients.assigned`.

    Returns
    -------
    DataFrame with ``lesion``, ``patient``, ``class``, ``image`` and those columns of annotation that have cells, sorted
    as the format gives the rows; and each picture once.

    Raises
    ------
    InputError
        If patients are not known, or two names give one id.
    """
    rows = patients.assigned(found, rule, lambda row: _name(source, row))
    named = {_name(source, row): _short(row) for row in rows}
    alike = len(set(named.values())) < len(named)  # the same names in several folders
    count, seen = Counter(_name(source, row) for row in rows), Counter()
    lesions, owners, classes = Ids("lesion"), Ids("patient"), Ids("class")
    cells, drawn = [], {}
    for row in rows:
        name = _name(source, row)
        seen[name] += 1
        whole = str(PurePosixPath(name).with_name(_short(row))) if alike else named[name]
        owner = whole if rule == patients.EACH_IMAGE else row.patient
        cells.append({
            "lesion": lesions.of(whole, seen[name] if count[name] > 1 else 0), "patient": owners.of(owner),
            "class": classes.of(row.cls) if row.cls else "", "image": _path(row.image, folder, drawn),
            "mask": _path(row.mask, folder, drawn), "label": row.label, "polygon": row.polygon, "box": row.box,
        })  # fmt: skip
    table = pd.DataFrame(cells)
    if "all" in set(table["class"]):
        raise InputError("class all: expected a name of one class, found one that means all of them; rename it")
    kept = [name for name in table if name in ("lesion", "patient", "class", "image") or (table[name] != "").any()]
    return table[kept], list(drawn.values())


def write_pictures(drawn: list[Drawn], folder: Path) -> None:
    """Write pictures as PNG below ``folder``."""
    from PIL import Image

    for each in drawn:
        path = folder / PICTURES / f"{each.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(each.pixels())).save(path)


def _name(source: Source, row: Row) -> str:
    return row.image.name if isinstance(row.image, Drawn) else source.inner(row.image)


def _short(row: Row) -> str:
    return row.image.name if isinstance(row.image, Drawn) else stem(row.image)


def _path(file: Path | Drawn | None, folder: Path, drawn: dict[str, Drawn]) -> str:
    if isinstance(file, Drawn):
        drawn[file.name] = file
        return f"{PICTURES}/{file.name}.png"
    return "" if file is None else Path(os.path.relpath(file, os.path.realpath(folder))).as_posix()
