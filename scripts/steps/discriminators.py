"""An ACGAN's discriminator as a classifier of its own (Frid-Adar et al. 2018, Table 5)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from synthaug.classification import prediction_table, training_sets
from synthaug.files import artifacts
from synthaug.generators import acgan
from synthaug.training import device, weights


@dataclass(frozen=True)
class Classified:
    """The predictions, the content of the ACGAN's ``model.json`` and the number of the discriminator's weights."""

    predictions: pd.DataFrame
    model: dict[str, object]
    parameters: int


def classify(
    folder: Path, rois: pd.DataFrame, images: np.ndarray, folds: pd.DataFrame, train_folds: str, where: torch.device
) -> Classified:
    """Predict the lesions outside ``train_folds`` with the discriminator of the ACGAN in ``folder``.

    Parameters
    ----------
    rois, folds
        ``rois.csv`` and ``folds.csv``.
    images
        The un-augmented ROIs, uint8 (n, 64, 64), in the order of ``rois``.

    Raises
    ------
    InputError
        If the weights are damaged or of another network.
    """
    model = artifacts.read_json(folder / "model.json")
    trained = acgan.Params(**model["params"])
    discriminator = acgan.FAMILY.build(trained, ())["discriminator"]
    weights.load(discriminator, folder / "discriminator.safetensors")
    test = training_sets.test_lesions(folds, train_folds)
    row_of = {lesion: row for row, lesion in enumerate(rois["lesion"])}
    discriminator = device.place(discriminator, where)
    probabilities, _ = acgan.classify(discriminator, images[test["lesion"].map(row_of)], where)
    return Classified(prediction_table.table(test, probabilities, trained.classes), model, weights.count(discriminator))
