"""Patients whose lesions are of several classes, unless their images show that these are of one patient."""

import pandas as pd


def several(cases: pd.DataFrame) -> pd.Series:
    """Return the classes of each patient with lesions of several, a sorted list each, by patient.

    Classes that share an image are of one patient, whatever the id, so they count as one here, also along a chain.

    Parameters
    ----------
    cases
        The case table: ``patient``, ``image`` and ``class``, which is "" where nothing is.
    """
    drawn = cases[cases["class"] != ""]
    found = {
        patient: sorted(set(rows["class"])) for patient, rows in drawn.groupby("patient", sort=False) if _apart(rows)
    }
    return pd.Series(found, dtype=object)


def _apart(rows: pd.DataFrame) -> bool:
    """Return whether a patient has classes that no image, and no chain of images, shows together."""
    together: list[set[str]] = []
    for _, classes in rows.groupby("image")["class"]:
        joined = set(classes).union(*(group for group in together if group & set(classes)))
        together = [group for group in together if not group & joined] + [joined]
    return len(together) > 1


def said(cases: pd.DataFrame, unit: str) -> str:
    """Return a sentence on the patients with lesions, or whatever a ``unit`` is, of several classes; "" if none has."""
    found = several(cases)
    who = f"1 patient has {unit}s" if len(found) == 1 else f"{len(found)} patients have {unit}s"
    what = f"is each of them one patient? A fold takes all {unit}s of a patient"
    if found.empty:
        return ""
    return f"{who} of two classes or more, such as {found.index[0]}, {' and '.join(found.iloc[0])}: {what}"
