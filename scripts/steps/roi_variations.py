"""Variations of the ROIs that a diffusion model was trained on, for classification."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from steps import synthetic_pools
from synthaug import seeding
from synthaug.classification import training_sets
from synthaug.files import artifacts
from synthaug.generators import diffusion, variations


def drawn(
    folder: Path,
    names: tuple[str | int, ...],
    classes: list[str],
    rois: np.ndarray,
    sampling: variations.SamplingParams,
    where: torch.device,
) -> Iterator[tuple[str, np.ndarray, pd.Series]]:
    """Yield each class, its variations, uint8 (n, 64, 64), and the lesion that each of them is a variation of.

    Parents are the un-augmented ROIs of the generator's own training set, so no test patient is among them.

    Parameters
    ----------
    folder
        Where the generator of all classes lies, in a folder of its own.
    names
        The names of its training's random streams, without the class.
    rois
        uint8 (n, 64, 64): every ROI of the cohort.

    Raises
    ------
    InputError
        If the generator's files are not those of a diffusion model, or it saw no ROI of a class.
    """
    source = folder / training_sets.ALL_CLASSES
    of_all = (*names, training_sets.ALL_CLASSES)
    trained, networks = synthetic_pools.load(diffusion.FAMILY, source, of_all, where)
    train_set = artifacts.read_csv(source / "train_set.csv")
    for place, cls in enumerate(trained.classes):
        if cls not in classes:
            continue
        own = train_set[(train_set["source"] == training_sets.ROI) & (train_set["class"] == cls)]
        order = seeding.stream(sampling.master_seed, *names, cls, "parents")
        chosen = own.iloc[variations.parents(order, sampling.samples, len(own))].reset_index(drop=True)
        noise = seeding.stream(sampling.master_seed, *names, cls, "variations")
        inputs = variations.inputs(rois[chosen["row"].to_numpy(int)], place, noise, sampling)
        yield cls, diffusion.FAMILY.images(networks, inputs, where, trained.precision), chosen["lesion"]
