"""The arm ``traditional``: one transformed copy of each training slice, the same one in every share and fold."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch

from synthaug import seeding
from synthaug.segmentation import transformations


def draw(slices: Iterable[str], chances: dict, seed: int, master_seed: int) -> pd.DataFrame:
    """Draw the transformation of each of the ``slices``, given by their ids, as `transformations.draw` returns them."""
    drawn = [
        transformations.draw(seeding.stream(master_seed, "traditional", seed, name), 1, chances) for name in slices
    ]
    return pd.concat(drawn, ignore_index=True)


def write(
    images: np.ndarray,
    labels: np.ndarray,
    table: pd.DataFrame,
    into: tuple[np.ndarray, np.ndarray],
) -> None:
    """Write the copies of ``images`` and ``labels`` that ``table`` describes, into two arrays of the same shape.

    Parameters
    ----------
    images, labels
        uint8 (n, side, side) each.
    into
        Where the copies of the images and those of the labels go.
    """
    for first in range(0, len(images), transformations.TOGETHER):
        part = slice(first, first + transformations.TOGETHER)
        given = (torch.from_numpy(array[part]) for array in (images, labels))
        for array, made in zip(into, transformations.apply(*given, table.iloc[part]), strict=True):
            array[part] = made.numpy()
