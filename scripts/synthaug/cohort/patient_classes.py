"""Patients whose lesions are of several classes."""

import pandas as pd


def several(cases: pd.DataFrame) -> list[str]:
    """Return a sentence on the patients with lesions of several classes; nothing if there are none.

    Parameters
    ----------
    cases
        The case table, or ``cases.csv``: ``patient`` and ``class``, which is "" where nothing is.
    """
    drawn = cases[cases["class"] != ""]
    classes = drawn.groupby("patient", sort=False)["class"].unique()
    found = classes[classes.map(len) > 1]
    if found.empty:
        return []
    first = " and ".join(sorted(found.iloc[0]))
    who = "1 patient has lesions" if len(found) == 1 else f"{len(found)} patients have lesions"
    return [
        f"{who} of two classes or more, such as {found.index[0]}, {first}: is each of them one patient? A fold takes "
        "all lesions of a patient"
    ]
