"""Patients that suspected duplicates link: probably one, so that the case table is suggested with one id for them."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from synthaug.files import user_tables


def links(found: pd.DataFrame, acknowledged: Collection[Sequence[str]]) -> list[tuple[str, str]]:
    """Return the pairs of patients that suspected duplicates link.

    Parameters
    ----------
    found
        See `duplicates.table`.
    acknowledged
        Pairs of lesions that the user has looked at and keeps apart; they link nobody.
    """
    apart = {frozenset(pair) for pair in acknowledged}
    return [
        (pair.patient_a, pair.patient_b)
        for pair in found.itertuples()
        if frozenset((pair.lesion_a, pair.lesion_b)) not in apart
    ]


def merged(patients: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the suggested id of each patient whose id would change.

    All patients whom a chain of ``pairs`` links get the id that comes first in ``patients``.
    """
    ids = list(dict.fromkeys(patients))
    first = {patient: patient for patient in ids}
    place = {patient: number for number, patient in enumerate(ids)}
    for pair in pairs:
        kept, given_up = sorted((first[patient] for patient in pair), key=place.__getitem__)
        first = {patient: kept if owner == given_up else owner for patient, owner in first.items()}
    return {patient: owner for patient, owner in first.items() if patient != owner}


def suggested(table: Path, new: Mapping[str, str]) -> str:
    """Return a case table as CSV text with other ids of patients, and everything else as it was.

    Parameters
    ----------
    table
        The user's case table.
    new
        The new id of each patient whose id changes. Without any there is nothing to suggest, and the text is empty.

    Raises
    ------
    InputError
        If the table cannot be read.
    """
    if not new:
        return ""
    header, rows = user_tables.read(table, "the case table", "cases:")
    column = header.index("patient")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(
        [new.get(cell, cell) if place == column else cell for place, cell in enumerate(cells)] for _, cells in rows
    )
    return text.getvalue()
