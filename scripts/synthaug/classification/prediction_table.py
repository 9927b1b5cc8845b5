"""The table of predictions that every method, network or not, ends in."""

import numpy as np
import pandas as pd


def table(test: pd.DataFrame, probabilities: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """Return the predictions for ``test`` (columns lesion, patient, fold, class), one row per lesion.

    Parameters
    ----------
    probabilities
        float (n, classes); the class with the largest value is the predicted one.

    Returns
    -------
    pandas.DataFrame
        ``lesion, patient, fold, truth, predicted, p_<class>...``
    """
    result = test[["lesion", "patient", "fold"]].reset_index(drop=True)
    result["truth"] = test["class"].to_numpy()
    result["predicted"] = np.array(classes)[probabilities.argmax(axis=1)]
    return pd.concat([result, pd.DataFrame(probabilities, columns=[f"p_{name}" for name in classes])], axis=1)
