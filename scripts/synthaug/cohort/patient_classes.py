"""Patients whose lesions are of several classes."""

import pandas as pd


def several(cases: pd.DataFrame) -> pd.Series:
    """Return the classes of each patient with lesions of several, a sorted list each, by patient.

    Parameters
    ----------
    cases
        The case table, or ``cases.csv``: ``patient`` and ``class``, which is "" where nothing is.
    """
    drawn = cases[cases["class"] != ""]
    classes = drawn.groupby("patient", sort=False)["class"].agg(lambda found: sorted(set(found)))
    return classes[classes.map(len) > 1]


def said(cases: pd.DataFrame, unit: str) -> str:
    """Return a sentence on the patients with lesions, or whatever a ``unit`` is, of several classes; "" if none has."""
    found = several(cases)
    who = f"1 patient has {unit}s" if len(found) == 1 else f"{len(found)} patients have {unit}s"
    what = f"is each of them one patient? A fold takes all {unit}s of a patient"
    if found.empty:
        return ""
    return f"{who} of two classes or more, such as {found.index[0]}, {' and '.join(found.iloc[0])}: {what}"
