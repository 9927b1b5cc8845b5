"""How far predicted areas agree with true ones, after Bland and Altman (Lancet 327:307, 1986)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synthaug.segmentation import slice_scores

LIMITS = 1.96  # standard deviations of the differences, between which 95 % of them lie
COLUMNS = ["arm", "size", "class", "n", "mean_truth", "bias", "low", "high", "unit"]


def limits(differences: np.ndarray) -> tuple[float, float, float]:
    """Return bias and limits of agreement: the mean of (n,) differences, and 1.96 standard deviations below and above.

    The limits of fewer than two differences are not numbers.
    """
    bias = float(np.mean(differences))
    reach = LIMITS * float(np.std(differences, ddof=1)) if len(differences) > 1 else np.nan
    return bias, bias - reach, bias + reach


def table(predictions: pd.DataFrame, slices: pd.DataFrame, classes: Sequence[str], folds: int) -> pd.DataFrame:
    """Return the agreement of the areas of each arm, share and class, predicted less true.

    A patient is one observation: the sum of the areas on all his slices, because slices of one patient are not
    independent. Of several seeds the mean of a patient counts. Patients without a class, in truth and prediction, do
    not count for it.

    Parameters
    ----------
    predictions
        ``evaluation/predictions.csv``.
    slices
        ``slices.csv``. Areas are in mm2 if the size of the pixels of every slice is known, else in px.
    folds
        Of the experiment: predictions of models trained on fewer folds than all but one are left out.

    Returns
    -------
    DataFrame with `COLUMNS`; n is the number of patients.
    """
    size = slices.set_index("slice")["pixel_mm"].astype(float)
    known = bool(np.isfinite(size).all())
    pixel = predictions["slice"].map(size).to_numpy() ** 2 if known else np.ones(len(predictions))
    standard = predictions["folds"].str.len() == folds - 1
    rows = []
    for cls in classes:
        areas = [predictions[column.format(cls)] * pixel for column in slice_scores.COLUMNS[:2]]
        each = predictions[["arm", "size", "seed", "patient"]].assign(truth=areas[0], predicted=areas[1])[standard]
        by_seed = each.groupby(["arm", "size", "patient", "seed"], sort=False).sum()
        for (arm, share), found in by_seed.groupby(level=["arm", "size"], sort=False):
            patients = found.groupby(level="patient").mean()
            patients = patients[patients.sum(axis=1) > 0]
            if len(patients):
                agreement = limits((patients["predicted"] - patients["truth"]).to_numpy())
                rows.append((arm, share, cls, len(patients), patients["truth"].mean(), *agreement))
    return pd.DataFrame(rows, columns=COLUMNS[:-1]).assign(unit="mm2" if known else "px")
