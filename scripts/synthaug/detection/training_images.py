"""The slices of a training set with their boxes, made into arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.detection import arms, box_lists, paste, training_sets
from synthaug.detection.batches import Examples
from synthaug.detection.slice_table import Slices
from synthaug.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """The ``augmentation`` of the config.

    Attributes
    ----------
    real
        How slices of every arm but ``fresh`` are transformed in each epoch, see `transformations.draw`.
    fresh
        How those of that arm are.
    paste
        See `paste.Params`.
    """

    real: dict
    fresh: dict
    paste: dict

    def chances(self, arm: str) -> dict:
        """Return how the slices of an arm are transformed."""
        return self.fresh if arm == arms.FRESH else self.real


@dataclass(frozen=True)
class Synthetic:
    """Synthetic slices of one size: their rows of ``index.csv``, images uint8 (n, side, side), and ``boxes.csv``.

    The images are those of all samples, of which ``sample`` of the index says the row.
    """

    index: pd.DataFrame
    images: np.ndarray
    boxes: pd.DataFrame


def gather(
    learned: Slices,
    arm: str,
    classes: Sequence[str],
    augmentation: Augmentation,
    synthetic: Synthetic | None,
    *,
    seed: int,
    train_folds: str,
    master_seed: int,
) -> tuple[pd.DataFrame, Examples, list[str]]:
    """Return the training set of an arm, with its images and boxes.

    Parameters
    ----------
    learned
        The slices that are learned from.
    classes
        All classes of the experiment.
    synthetic
        The slices of the arms that need them, else None.

    Returns
    -------
    tuple
        The rows of `training_sets.table`, one for each example; the examples; the ids of the slices whose lesions were
        pasted.

    Raises
    ------
    InputError
        If synthetic images are fewer than their index says, or of another side.
    """
    ids = learned.table["slice"]
    given = box_lists.packed(learned.boxes, ids, "slice", classes)
    rows = training_sets.table(ids, arm, synthetic.index if synthetic else None)
    images = np.empty((len(rows), learned.side, learned.side), np.uint8)
    count = len(ids)
    images[:count] = learned.images
    if synthetic:
        images[count:] = _images(synthetic, learned.side)
        made = box_lists.packed(synthetic.boxes, synthetic.index["sample"], "sample", classes)
        return rows, Examples(images, *box_lists.joined([given, made])), []
    if arm != arms.PASTE:
        return rows, Examples(images, *given), []
    boxes, labels, origins = paste.write(
        images[:count], *given, ids, paste.Params(**augmentation.paste), ("paste", seed, train_folds), master_seed,
        images[count:],
    )  # fmt: skip
    pasted = tuple(np.concatenate(pair, axis=1) for pair in zip(given, (boxes, labels), strict=True))
    return rows, Examples(images, *box_lists.joined([given, pasted])), ids.iloc[origins[origins >= 0]].tolist()


def _images(synthetic: Synthetic, side: int) -> np.ndarray:
    samples = synthetic.index["sample"].to_numpy(int)
    if synthetic.images.shape[1:] != (side, side) or samples.max(initial=-1) >= len(synthetic.images):
        raise InputError(
            f"synthetic images: expected {samples.max(initial=-1) + 1} or more of {side} x {side} px, as index.csv and "
            f"the slices say, found {' x '.join(map(str, synthetic.images.shape))}; delete them and run again"
        )
    return synthetic.images[samples]
