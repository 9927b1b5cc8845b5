"""Boxes of many slices in one array: as many places for each slice as the fullest one needs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthaug.detection.boxes import BOX

EMPTY, IGNORED_LABEL = -1, -2  # labels of places without a box, and of boxes that are neither learned nor false


def packed(table: pd.DataFrame, ids: pd.Series, column: str, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes of the slices or samples ``ids``.

    Parameters
    ----------
    table
        A row a box: ``column``, ``class``, `BOX`, and perhaps ``ignore`` (1 for boxes that are ignored).
    ids
        All different.
    column
        Which column says whose box it is: ``slice`` or ``sample``.
    classes
        All classes of the experiment; a box of another one is a KeyError.

    Returns
    -------
    tuple
        Boxes, float32 (n, k, 4), and labels, int64 (n, k): the place of the class in ``classes``, `IGNORED_LABEL` or
        `EMPTY` after the last one. k is at least 1.
    """
    row_of = dict(zip(ids, range(len(ids)), strict=True))
    mine = table[table[column].isin(row_of)]
    rows = mine[column].map(row_of).to_numpy(np.int64)
    place = mine.groupby(column).cumcount().to_numpy(np.int64)
    most = max(1, int(place.max(initial=0)) + 1)
    boxes, labels = np.zeros((len(ids), most, 4), np.float32), np.full((len(ids), most), EMPTY)
    boxes[rows, place] = mine[BOX].to_numpy(np.float32)
    number = {cls: label for label, cls in enumerate(classes)}
    labels[rows, place] = [number[cls] for cls in mine["class"]]
    if "ignore" in mine:
        ignored = (mine["ignore"] == 1).to_numpy()
        labels[rows[ignored], place[ignored]] = IGNORED_LABEL
    return boxes, labels


def joined(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes and labels of several results of `packed`, one after the other."""
    most = max(labels.shape[1] for _, labels in parts)

    def filled(array: np.ndarray, value: int) -> np.ndarray:
        missing = [(0, 0), (0, most - array.shape[1]), *[(0, 0)] * (array.ndim - 2)]
        return np.pad(array, missing, constant_values=value)

    return (
        np.concatenate([filled(boxes, 0) for boxes, _ in parts]),
        np.concatenate([filled(labels, EMPTY) for _, labels in parts]),
    )
