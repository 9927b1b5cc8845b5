"""Which images a segmenter trains on: those of its arm, from the slices of its share of the training patients."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthaug.segmentation import arms

SLICE, POOL, FRESH, SYNTHETIC = "slice", "pool", "fresh", "synthetic"
WITHOUT_GENERATOR = (arms.ORIGINAL, *arms.REAL)  # all other arms train on synthetic images
WITH_COPIES = (arms.TRADITIONAL, arms.BOTH)


def table(real: pd.DataFrame, arm: str, index: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a row an image: the share's own slices, then what the arm adds to them.

    Parameters
    ----------
    real
        The rows of ``slices.csv`` of the share, from `shares.training_slices`.
    arm
        ``original``; ``traditional`` and ``paste``, with a changed copy of each slice (source `POOL`); ``fresh``, with
        places for slices that each epoch transforms anew, and nothing else (source `FRESH`); any other arm, with
        synthetic images; of these ``both`` has the copies of ``traditional``, too.
    index
        ``index.csv`` of the synthetic images.

    Returns
    -------
    DataFrame with ``source``, ``slice`` (of a synthetic image: whose mask it shows), ``rank`` (-1 for a slice itself,
    0 for its copy, the sample's number for a synthetic image) and ``generator``, which is empty for all others.
    """
    names = real["slice"].tolist()
    parts = [_rows(FRESH, names, 0)] if arm == arms.FRESH else [_rows(SLICE, names, -1)]
    if arm in (*WITH_COPIES, arms.PASTE):
        parts.append(_rows(POOL, names, 0))
    if index is not None:
        parts.append(_rows(SYNTHETIC, index["slice"].tolist(), index["sample"], index["generator"].tolist()))
    return pd.concat(parts, ignore_index=True)


def with_donors(rows: pd.DataFrame, names: Sequence[str], origins: np.ndarray) -> pd.DataFrame:
    """Return the ``rows`` of the arm ``paste`` and, after them, one for each slice that a pasted lesion comes from.

    Parameters
    ----------
    names
        The ids of the share's slices.
    origins
        For each of these, the position of the slice whose lesion was pasted; negative for none. The donor's row has
        the rank 1.
    """
    donors = [names[origin] for origin in origins if origin >= 0]
    return pd.concat([rows, _rows(POOL, donors, 1)], ignore_index=True)


def _rows(source: str, names: list[str], rank: int | pd.Series, generator: str | list[str] = "") -> pd.DataFrame:
    columns = {"source": source, "slice": names, "rank": rank, "generator": generator}
    return pd.DataFrame(columns, index=range(len(names)))
