"""Predictions that have the confusion matrices of the paper."""

import numpy as np
import pandas as pd

CLASSES = ["cyst", "met", "hem"]
CLASSIC = np.array([[52, 1, 0], [2, 44, 18], [0, 18, 47]])  # the paper's Table 2
GAN = np.array([[53, 0, 0], [2, 52, 10], [1, 13, 51]])  # and Table 3


def predictions(counts, arm, size, seed=0):
    """Return predictions of one lesion a patient with the given confusion counts."""
    truth, predicted = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    n = len(truth)
    fold = np.arange(n) % 3
    table = pd.DataFrame({"arm": arm, "size": size, "seed": seed, "folds": [("12", "02", "01")[k] for k in fold]})
    table["lesion"] = [f"L{i:03d}" for i in range(n)]
    table["patient"] = [f"P{i:03d}" for i in range(n)]
    table["fold"] = fold
    table["truth"] = [CLASSES[i] for i in truth]
    table["predicted"] = [CLASSES[i] for i in predicted]
    for i, name in enumerate(CLASSES):
        table[f"p_{name}"] = (predicted == i).astype(float)
    return table
