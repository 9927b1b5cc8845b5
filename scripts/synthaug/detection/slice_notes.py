"""What a look at the slices has found, in words."""

import pandas as pd


def empty_slices(slices: pd.DataFrame) -> list[str]:
    """Return how many slices have no box that counts, and what it means if there is none.

    Parameters
    ----------
    slices
        ``slices.csv``.
    """
    empty = int((slices["boxes"] == 0).sum())
    if empty:
        return [f"{empty} of {len(slices)} slices have no lesion that counts; false positives on them count."]
    return [
        f"None of the {len(slices)} slices is without lesion, so false alarms are counted beside lesions alone.",
        "  On other slices there may be more. Add some: rows with empty class and annotation.",
    ]
