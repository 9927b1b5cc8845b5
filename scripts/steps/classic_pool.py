"""The classic pool: the 480 augmentations of every lesion, one lesion at a time."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.classification import augment, rois

COLUMNS = ["lesion", "rank", *augment.COLUMNS]


def build(
    index: pd.DataFrame, crops: Mapping[str, np.ndarray], params: rois.Params, master_seed: int
) -> Iterator[tuple[pd.DataFrame, np.ndarray]]:
    """Yield, for each lesion of ``index`` (``rois.csv``), its rows of the pool's index and its images.

    Parameters
    ----------
    crops
        The native-resolution crop of each lesion, float32 (rows, columns).

    Yields
    ------
    DataFrame with `COLUMNS`, and uint8 (480, 64, 64).
    """
    for row in index.itertuples():
        table = augment.draw(seeding.stream(master_seed, "pool", row.lesion), row.diameter_px)
        maps = augment.matrices(table, row.diameter_px, params)
        crop = rois.lowpass(crops[row.lesion], row.diameter_px, params)
        yield (
            table.assign(lesion=row.lesion, rank=range(len(table)))[COLUMNS],
            augment.apply(crop, maps, row.low, row.high),
        )


def joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the pool's index, of the rows of every lesion."""
    return pd.concat(tables, ignore_index=True)
