"""Classic augmentations that are drawn afresh in each epoch, as is common today, from the native-resolution crops."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from synthaug.classification import augment, augmentation_draws, rois, training_sets
from synthaug.classification.augmentation_choice import Choice


def prepare(crops: Mapping[str, np.ndarray], index: pd.DataFrame, params: rois.Params) -> dict[str, np.ndarray]:
    """Return the low-pass filtered crops, float32 (rows, columns), of the lesions in ``index`` (of ``rois.csv``)."""
    return {
        row.lesion: rois.lowpass(crops[row.lesion], row.diameter_px, params, getattr(row, "aspect", 1.0))
        for row in index.itertuples()
    }


def redraw(
    images: np.ndarray,
    rows: pd.DataFrame,
    crops: Mapping[str, np.ndarray],
    index: pd.DataFrame,
    params: rois.Params,
    choice: Choice,
    random: np.random.Generator,
) -> None:
    """Replace the images whose source is `training_sets.FRESH` by new augmentations, in place.

    Parameters
    ----------
    images
        uint8 (len(rows), 64, 64), changed here.
    rows
        The training set.
    crops
        From `prepare`.
    index
        ``rois.csv``, with each lesion's diameter and intensity limits.
    choice
        The augmentations to draw from.
    random
        The stream of this epoch.
    """
    of_lesion = index.set_index("lesion")
    drawn = rows[rows["source"] == training_sets.FRESH]
    for lesion, places in sorted(drawn.groupby("lesion").indices.items()):
        known = of_lesion.loc[lesion]
        table = augmentation_draws.draw_some(random, known["diameter_px"], len(places), choice)
        maps = augment.matrices(table, known["diameter_px"], params, known.get("aspect", 1.0))
        images[drawn.index[places]] = augment.apply(crops[lesion], maps, known["low"], known["high"], table, random)
