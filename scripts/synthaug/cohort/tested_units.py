"""Which units a model is tested on: those of the folds that it was not trained on."""

import pandas as pd


def outside(folds: pd.DataFrame, trained: str) -> pd.DataFrame:
    """Return the rows of ``folds.csv`` outside the folds ``trained``, such as "12", in their order: the test units."""
    return folds[~folds["fold"].astype(str).isin(list(trained))].reset_index(drop=True)
