"""The list in which a reader says, slice by slice, which of a generator's slices clearly show their lesions.

Han et al. discard "synthetic images with unclear tumor appearance" by eye. The list names each slice by its repetition,
training folds and sample, and by a digest of its pixels, so that it never speaks of the slices of another training.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.errors import InputError
from synthaug.files import user_tables

COLUMNS = ["seed", "folds", "sample", "image", "kept"]
KEPT, LEFT_OUT = "1", "0"
Images = Mapping[tuple[str, str], np.ndarray]  # uint8 (n, side, side) by seed and training folds
Place = tuple[str, str, str]  # seed, folds, sample
AGAIN = "list the slices anew with snakemake list_slices, and look at them"


def digest(image: np.ndarray) -> str:
    """Return 16 hexadecimal digits that only this image, uint8 (side, side), has."""
    return hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=8).hexdigest()


def table(images: Images) -> pd.DataFrame:
    """Return the list of all slices, `COLUMNS`, all of them kept, for a reader to change."""
    rows = [(*place, image, KEPT) for place, image in _known(images).items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def read(path: Path, images: Images, generator: str) -> dict[tuple[str, str], pd.DataFrame]:
    """Return ``sample,kept`` (int, in the order of the samples) by seed and training folds, as a filter writes it.

    Parameters
    ----------
    images
        The slices of the generator as they are now.
    generator
        Its name, for messages.

    Raises
    ------
    InputError
        With all problems, one per line: no table, columns that are missing, rows of slices that are not there, were
        made anew since or are listed twice, values of ``kept`` other than 0 and 1, slices that are not listed, and
        training folds of which none is kept.
    """
    where = f"kept_slices: {generator}"
    header, rows = user_tables.read(path, "the list of kept slices", where)
    if missing := [name for name in COLUMNS if header.count(name) != 1]:
        raise InputError(f"{path}, row 1: expected each of {', '.join(COLUMNS)} once; check {', '.join(missing)}")
    user_tables.check_even(path, header, rows)
    known, found, problems = _known(images), {}, []
    for number, cells in rows:
        cell = {name: cells[header.index(name)] for name in COLUMNS}
        place = cell["seed"], cell["folds"], cell["sample"]
        problems += [f"{path}, row {number}: {text}" for text in _wrong(cell, place, known, found)]
        found.setdefault(place, cell["kept"])
    problems = problems or [f"{path}: {text}" for text in _lacking(found, known, images)]
    if problems:
        raise InputError("\n".join(problems))
    kept = {}
    for (seed, folds), pool in images.items():
        chosen = [int(found[seed, folds, str(sample)]) for sample in range(len(pool))]
        kept[seed, folds] = pd.DataFrame({"sample": range(len(pool)), "kept": chosen})
    return kept


def _known(images: Images) -> dict[Place, str]:
    """Return the digest of each slice."""
    return {
        (seed, folds, str(sample)): digest(image)
        for (seed, folds), pool in images.items()
        for sample, image in enumerate(pool)
    }


def _wrong(cell: dict[str, str], place: Place, known: Mapping[Place, str], found: Mapping[Place, str]) -> Iterator[str]:
    """Yield what is wrong with a row."""
    name = _name(place)
    if place not in known:
        yield f"expected a slice of this generator, found {name}; remove the row, or {AGAIN}"
    elif place in found:
        yield f"expected each slice once, found {name} again; keep one of the rows"
    elif cell["image"] != known[place]:
        yield f"image: expected {known[place]}, which {name} is now, found {cell['image'] or 'nothing'}; {AGAIN}"
    if cell["kept"] not in (KEPT, LEFT_OUT):
        yield f"kept: expected {KEPT} or {LEFT_OUT}, found {cell['kept'] or 'nothing'}; correct the cell"


def _lacking(found: Mapping[Place, str], known: Mapping[Place, str], images: Images) -> Iterator[str]:
    """Yield what a list lacks whose rows are right."""
    if missing := [place for place in known if place not in found]:
        yield f"expected all {len(known)} slices, {len(missing)} are missing, first {_name(missing[0])}; {AGAIN}"
        return
    for seed, folds in images:
        if not any(kept == KEPT for place, kept in found.items() if place[:2] == (seed, folds)):
            yield f"expected a slice to keep, found none of seed {seed}, train-{folds}; remove the list, or keep one"


def _name(place: Place) -> str:
    return f"seed {place[0]}, train-{place[1]}, sample {place[2]}"
