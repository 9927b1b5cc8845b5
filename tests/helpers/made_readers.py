"""Made-up reader studies: a key, the orders, and answers of which everything is known."""

import numpy as np
import pandas as pd

from synthaug.readers.answers import COLUMNS, Study

CLASSES = ["cyst", "metastasis", "hemangioma"]
PAPER_REAL, PAPER_SYNTHETIC = (53, 64, 65), (40, 40, 40)  # ROIs of each class that the paper's readers saw


def key(real=PAPER_REAL, synthetic=PAPER_SYNTHETIC, lesions_a_patient=1):
    """Return the key of a study with so many images of each class."""
    rows = []
    for origin, counts in (("real", real), ("synthetic", synthetic)):
        for cls, count in zip(CLASSES, counts, strict=True):
            for i in range(count):
                number = len(rows)
                source = ("dcgan", "0", "12", str(i)) if origin == "synthetic" else ("",) * 4
                lesion = f"L{number}" if origin == "real" else ""
                patient = f"P{number // lesions_a_patient}" if origin == "real" else ""
                rows.append((f"{number * 2654435761 % 2**32:016x}", origin, cls, lesion, patient, *source))
    names = ["image", "origin", "class", "lesion", "patient", "generator", "seed", "folds", "sample"]
    return pd.DataFrame(rows, columns=names).sort_values("image", ignore_index=True)


def study(table, readers=2, repeats=(), seed=0):
    """Return a study of these images in random orders; ``repeats`` are shown again at the end."""
    random = np.random.default_rng(seed)
    orders = {f"reader-{i + 1}": [*random.permutation(table["image"]), *repeats] for i in range(readers)}
    return Study(CLASSES, orders, table)


def answers(asked, by_reader):
    """Return a table of answers as it is exported.

    Parameters
    ----------
    by_reader
        Of each reader a DataFrame in the order of the key with ``class``, ``origin`` and ``confidence``.
    """
    parts = []
    for reader, given in by_reader.items():
        shown = given.set_index(asked.key["image"]).loc[asked.presentations[reader]].reset_index()
        parts.append(shown.assign(reader=reader, presentation=range(1, len(shown) + 1), seconds=3.5))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def counted(table, right_real, right_synthetic, told_real, told_synthetic, confidence=3):
    """Return answers of one reader with so many right, the first of the key; the others are wrong."""
    real = (table["origin"] == "real").to_numpy()
    place = np.where(real, real.cumsum(), (~real).cumsum())
    right = place <= np.where(real, right_real, right_synthetic)
    told = place <= np.where(real, told_real, told_synthetic)
    other = table["class"].map(dict(zip(CLASSES, [*CLASSES[1:], CLASSES[0]], strict=True)))
    origin = np.where(told == real, "real", "synthetic")
    return pd.DataFrame({"class": table["class"].where(right, other), "origin": origin, "confidence": confidence})


def detecting(table, d_prime, random, criterion=0.0, patient_variance=0.0):
    """Return answers of a reader of known d', with normal evidence of variance 1 cut into five confidences a side.

    ``patient_variance`` is the part of the variance of real images that a patient's images share.
    """
    real = (table["origin"] == "real").to_numpy()
    patients = pd.factorize(table["patient"])[0]
    shared = np.sqrt(patient_variance) * random.standard_normal(patients.max() + 1)[patients]
    own = random.standard_normal(len(table)) * np.sqrt(1 - np.where(real, patient_variance, 0))
    evidence = np.where(real, d_prime / 2 + shared, -d_prime / 2) + own - criterion
    confidence = 1 + np.searchsorted([0.3, 0.6, 1.0, 1.5], np.abs(evidence))
    origin = np.where(evidence > 0, "real", "synthetic")
    return pd.DataFrame({"class": table["class"], "origin": origin, "confidence": confidence})
