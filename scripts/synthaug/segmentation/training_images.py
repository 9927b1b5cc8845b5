"""The images of a training set and their label maps, made into two arrays of the final size, without further copies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.errors import InputError
from synthaug.segmentation import arms, paste, training_sets, transformed_copies


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """The ``augmentation`` of the config.

    Attributes
    ----------
    traditional, fresh
        See `transformations.draw`.
    paste
        See `paste.Params`.
    """

    traditional: dict
    fresh: dict
    paste: dict


@dataclass(frozen=True)
class Synthetic:
    """Synthetic pairs: ``index.csv``, and images and labels, uint8 (n, side, side) each."""

    index: pd.DataFrame
    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Examples:
    """What a segmenter trains on.

    Attributes
    ----------
    table
        The training set, for ``train_set.csv``.
    images, labels
        uint8 (n, side, side) each, the first n rows of the table.
    """

    table: pd.DataFrame
    images: np.ndarray
    labels: np.ndarray


def gather(
    real: pd.DataFrame,
    arm: str,
    arrays: tuple[np.ndarray, np.ndarray],
    augmentation: Augmentation,
    synthetic: Synthetic | None,
    *,
    seed: int,
    train_folds: str,
    master_seed: int,
) -> Examples:
    """Return the training set of an arm, with its images.

    Parameters
    ----------
    real
        The rows of ``slices.csv`` of the share; their index says where the images are.
    arrays
        ``images.npy`` and ``labels.npy``, of which no other rows are read.
    synthetic
        The pairs of the arms that need them, else None.

    Raises
    ------
    InputError
        If the synthetic images are fewer than their index says, or of another side.
    """
    listed = training_sets.table(real, arm, synthetic.index if synthetic else None)
    made = tuple(np.empty((len(listed), *array.shape[1:]), np.uint8) for array in arrays)
    names, own = real["slice"].tolist(), slice(0, len(real))
    for filled, array in zip(made, arrays, strict=True):
        for place, row in enumerate(real.index):  # one by one: a whole selection would be a further copy
            filled[place] = array[row]
    given = tuple(array[own] for array in made)
    copies = tuple(array[len(real) : 2 * len(real)] for array in made)
    if arm in training_sets.WITH_COPIES:
        drawn = transformed_copies.draw(names, augmentation.traditional, seed, master_seed)
        transformed_copies.write(*given, drawn, copies)
    if synthetic:
        _take(synthetic, (listed["source"] == training_sets.SYNTHETIC).to_numpy(), made)
    if arm == arms.PASTE:
        origins = _paste(names, given, paste.Params(**augmentation.paste), copies, seed, train_folds, master_seed)
        listed = training_sets.with_donors(listed, names, origins)
    return Examples(listed, *made)


def _paste(
    names: Sequence[str],
    given: tuple[np.ndarray, np.ndarray],
    params: paste.Params,
    into: tuple[np.ndarray, np.ndarray],
    seed: int,
    train_folds: str,
    master_seed: int,
) -> np.ndarray:
    with_lesion = given[1].any(axis=(1, 2))
    drawn = paste.draw(names, with_lesion, params, ("paste", seed, train_folds), master_seed)
    return paste.write(*given, drawn, params, into)


def _take(synthetic: Synthetic, places: np.ndarray, into: tuple[np.ndarray, np.ndarray]) -> None:
    for name, array, filled in zip(("images", "labels"), (synthetic.images, synthetic.labels), into, strict=True):
        wanted = (len(synthetic.index), *filled.shape[1:])
        if array.shape != wanted:
            raise InputError(
                f"synthetic {name}: expected {' x '.join(map(str, wanted))} as index.csv and the slices say, found "
                f"{' x '.join(map(str, array.shape))}; delete them and run again"
            )
        filled[places] = array
