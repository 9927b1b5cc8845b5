"""Slices made so that the answer is known: noise on a head with bright discs, each in a box; every fourth has none."""

from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.detection.boxes import BOX
from synthaug.files import artifacts

SIDE, EACH = 32, 4  # px; slices of a patient
BRIGHTER = 80  # gray levels, of a disc


def images(boxes: list[np.ndarray], seed: int) -> np.ndarray:
    """Return slices, uint8 (n, side, side), with a bright disc in each of their boxes, float (k, 4)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    head = (x - SIDE / 2) ** 2 + (y - SIDE / 2) ** 2 < (SIDE / 2 - 1) ** 2
    result = np.where(head, random.normal(100, 8, (len(boxes), SIDE, SIDE)), 0)
    for image, of_slice in zip(result, boxes, strict=True):
        for x0, y0, x1, y1 in of_slice:
            inside = ((x - (x0 + x1) / 2) / (x1 - x0)) ** 2 + ((y - (y0 + y1) / 2) / (y1 - y0)) ** 2 < 0.25
            image[inside] += BRIGHTER
    return result.clip(0, 255).astype(np.uint8)


def drawn(count: int, seed: int) -> list[np.ndarray]:
    """Return a box of 6 to 9 px for each of ``count`` slices, left or right of the middle; none for every fourth."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        width, height = random.uniform(6, 9, 2)
        left = random.uniform(4, 6) if number % 2 else random.uniform(17, 19)
        top = random.uniform(8, 14)
        box = np.array([[left, top, left + width, top + height]])
        found.append(box if number % EACH < EACH - 1 else box[:0])
    return found


def box_table(names: list[str], boxes: list[np.ndarray], column: str) -> pd.DataFrame:
    """Return a row a box, with the name of its slice in ``column``, and its class."""
    rows = [(name, "met", *box) for name, of_slice in zip(names, boxes, strict=True) for box in of_slice]
    return pd.DataFrame(rows, columns=[column, "class", *BOX])


def cohort(folder: Path, patients: int = 8) -> pd.DataFrame:
    """Write slices.csv, boxes.csv, images.npy and folds.csv of two folds to ``folder``; return folds.csv."""
    boxes = drawn(patients * EACH, 0)
    names = [f"P{number // EACH}-{number % EACH}" for number in range(len(boxes))]
    table = pd.DataFrame({"slice": names, "patient": [name[:2] for name in names], "boxes": list(map(len, boxes))})
    found = box_table(names, boxes, "slice")
    found = found.assign(box=found["slice"] + "-0", patient=found["slice"].str[:2], lesion=found["slice"], ignore=0)
    folds = table[["slice", "patient"]].assign(fold=[number // EACH % 2 for number in range(len(names))])
    artifacts.write_csv(table, folder / "slices.csv")
    artifacts.write_csv(found[["box", "slice", "patient", "lesion", "class", *BOX, "ignore"]], folder / "boxes.csv")
    artifacts.write_array(images(boxes, 1), folder / "images.npy")
    artifacts.write_csv(folds, folder / "folds.csv")
    return folds


def synthetic(folder: Path, folds: pd.DataFrame, trained: str, shown: bool = True) -> None:
    """Write the synthetic slices of a generator of the folds ``trained``, one for each training slice with a box.

    ``shown``: whether there is a lesion in the box.
    """
    own = folds[folds["fold"].astype(str).isin(list(trained)) & ~folds["slice"].str.endswith(str(EACH - 1))]
    boxes = [each for each in drawn(2 * len(own), 2) if len(each)][: len(own)]
    made = images(boxes if shown else [each[:0] for each in boxes], 3)
    index = pd.DataFrame({"sample": range(len(own)), "slice": own["slice"].to_list(), "generator": "cpggan"})
    table = box_table(list(map(str, index["sample"])), boxes, "sample")
    train_set = pd.DataFrame({"source": "slice", "slice": own["slice"], "rank": -1, "generator": ""})
    artifacts.write_array(made, folder / "images.npy")
    artifacts.write_csv(index, folder / "index.csv")
    artifacts.write_csv(table, folder / "boxes.csv")
    artifacts.write_csv(train_set, folder / "train_set.csv")
