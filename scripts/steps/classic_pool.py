"""The classic pool: all augmentations of every lesion, one lesion at a time."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.classification import augment, augmentation_draws, rois
from synthaug.classification.augmentation_choice import Choice

COLUMNS = ["lesion", "rank", *augmentation_draws.COLUMNS]


def build(
    index: pd.DataFrame,
    crops: Mapping[str, np.ndarray],
    params: rois.Params,
    choice: Choice,
    master_seed: int,
) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    """Yield, for each lesion of ``index`` (``rois.csv``), its rows of the pool's index and its images.

    Parameters
    ----------
    crops
        The native-resolution crop of each lesion, float32 (rows, columns).

    Yields
    ------
    DataFrame with `COLUMNS`, and uint8 (choice.per_lesion, 64, 64).
    """
    for row in index.itertuples():
        table = augmentation_draws.draw(seeding.stream(master_seed, "pool", row.lesion), row.diameter_px, choice)
        aspect = getattr(row, "aspect", 1.0)
        maps = augment.matrices(table, row.diameter_px, params, aspect)
        crop = rois.lowpass(crops[row.lesion], row.diameter_px, params, aspect)
        noise = seeding.stream(master_seed, "pool", row.lesion, "noise")
        yield (
            table.assign(lesion=row.lesion, rank=range(len(table)))[COLUMNS],
            augment.apply(crop, maps, row.low, row.high, table, noise),
        )
