"""The cohort's slices with their images and boxes, as every script of this task reads them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.detection.boxes import BOX
from synthaug.files import artifacts

BOX_COLUMNS = ["box", "slice", "patient", "lesion", "class", *BOX, "ignore"]


@dataclass(frozen=True)
class Slices:
    """Slices, their images and their boxes.

    Attributes
    ----------
    table
        ``slices.csv``, one row a slice.
    images
        Of each row, uint8 (n, side, side).
    boxes
        ``boxes.csv``, `BOX_COLUMNS`: those of these slices, in the order of the slices.
    """

    table: pd.DataFrame
    images: np.ndarray
    boxes: pd.DataFrame

    @property
    def side(self) -> int:
        """px, of each slice."""
        return self.images.shape[-1]

    @property
    def counting(self) -> "Slices":
        """The same slices without the boxes that are to be ignored."""
        return replace(self, boxes=counting(self.boxes))

    def of(self, ids: Sequence[str]) -> "Slices":
        """Return the slices named ``ids``, all different, in their order.

        Raises
        ------
        KeyError
            If one of them is not there.
        """
        places = pd.Index(self.table["slice"]).get_indexer(list(ids))
        if (places < 0).any():
            raise KeyError(f"no slice {list(ids)[int(places.argmin())]}")
        rank = dict(zip(ids, range(len(ids)), strict=True))
        mine = self.boxes[self.boxes["slice"].isin(rank)]
        mine = mine.sort_values("slice", key=lambda each: each.map(rank), kind="stable", ignore_index=True)
        return Slices(self.table.iloc[places].reset_index(drop=True), self.images[places], mine)

    def corners(self) -> list[np.ndarray]:
        """Return the boxes of each slice in the order of the table, float64 (k, 4) each, k of 0 or more."""
        found = {name: rows[BOX].to_numpy(np.float64) for name, rows in self.boxes.groupby("slice", sort=False)}
        return [found.get(name, np.zeros((0, 4))) for name in self.table["slice"]]


def counting(boxes: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``boxes.csv`` that are not to be ignored."""
    return boxes[boxes["ignore"] == 0]


def read(slices: str | Path, boxes: str | Path, images: str | Path) -> Slices:
    """Read ``slices.csv``, ``boxes.csv`` and ``images.npy``; of the images only what is used."""
    return Slices(artifacts.read_csv(slices), artifacts.read_array(images, memory_map=True), artifacts.read_csv(boxes))
