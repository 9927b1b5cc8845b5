"""Slices made so that the answer is known: noise with a bright or a dark square in a box, two of them, or none."""

from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.detection.boxes import BOX
from synthaug.files import artifacts

CLASSES = ["bright", "dark"]
SHADES = {"bright": 80, "dark": -70}
DETECTOR = {
    "master_seed": 1, "classes": CLASSES, "architecture": "yolov3", "maps": 2, "input_px": None, "steps": 4, "batch": 4,
    "learning_rate": 2e-3, "burn_in": 2, "ignore_iou": 0.7, "nms_iou": 0.45, "floor": 0.001, "most_boxes": 300,
    "ema": 0.9, "checkpoint": "last", "evaluate_every": 3, "device": "cpu", "threads": 1, "precision": "float32",
}  # fmt: skip
REAL = {
    "zoom": {"probability": 1.0, "range": [0.9, 1.1]}, "shift_x": {"probability": 1.0, "range": [-0.1, 0.1]},
    "shift_y": {"probability": 1.0, "range": [-0.1, 0.1]}, "brightness": {"probability": 0.5, "range": [0.9, 1.1]},
    "left_right": 0.5,
}  # fmt: skip
FRESH = {**REAL, "mosaic": {"probability": 0.5, "range": [0.6, 1.0]}, "noise": {"probability": 0.5, "range": [0, 0.05]}}
PASTE = {"border": 0.3, "tissue": [20, 250], "smallest_px": 200, "donors": 5}
AUGMENTATION = {"real": REAL, "fresh": FRESH, "paste": PASTE}


def slices(count: int, seed: int, side: int = 64) -> tuple[np.ndarray, pd.DataFrame]:
    """Return images, uint8 (count, side, side), and a row a box: ``slice``, the number of the image, class and box.

    Of three slices the first has a bright square, the second a dark one, or both, and the third none.
    """
    draws = np.random.default_rng(seed)
    images, rows = draws.normal(110, 10, (count, side, side)), []
    for number in range(count):
        shown = (["bright"], ["dark", "bright"] if number % 2 else ["dark"], [])[number % 3]
        for place, cls in enumerate(shown):
            size = draws.integers(side // 8, side // 3)
            low, high = place * side // 2, (place + 1) * side // 2 if len(shown) == 2 else side
            x0, y0 = draws.integers(0, side - size), draws.integers(low, max(low + 1, high - size))
            images[number, y0 : y0 + size, x0 : x0 + size] += SHADES[cls]
            rows.append((number, cls, x0, y0, x0 + size, min(y0 + size, side)))
    boxes = pd.DataFrame(rows, columns=["slice", "class", *BOX]).astype(dict.fromkeys(BOX, float))
    return images.clip(0, 255).astype(np.uint8), boxes


def cohort(folder: Path, patients: int = 12, per_patient: int = 3, side: int = 32) -> pd.DataFrame:
    """Write slices.csv, boxes.csv, images.npy and folds.csv of three folds to ``folder``; return folds.csv."""
    images, boxes = slices(patients * per_patient, 0, side)
    names = np.array([f"s{number:03d}" for number in range(len(images))])
    patient = np.repeat([f"P{number:02d}" for number in range(patients)], per_patient)
    table = pd.DataFrame({"slice": names, "patient": patient, "set": "main"})
    folds = table[["slice", "patient"]].assign(fold=np.repeat(np.arange(patients) % 3, per_patient))
    of_box = boxes["slice"].to_numpy()
    boxes = boxes.assign(slice=names[of_box], patient=patient[of_box], ignore=0)
    boxes.insert(0, "box", [f"b{number:03d}" for number in range(len(boxes))])
    boxes = boxes.assign(lesion=boxes["box"])[["box", "slice", "patient", "lesion", "class", *BOX, "ignore"]]
    artifacts.write_csv(table, folder / "slices.csv")
    artifacts.write_csv(boxes, folder / "boxes.csv")
    artifacts.write_csv(folds, folder / "folds.csv")
    artifacts.write_array(images, folder / "images.npy")
    return folds
