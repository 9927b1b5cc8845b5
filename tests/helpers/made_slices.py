"""Slices made so that the answer is known: noise with a bright disc (label 1) or a dark one (label 2) in each."""

from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.files import artifacts

CLASSES = ["bright", "dark"]
UNET = {
    "master_seed": 1, "classes": CLASSES, "architecture": "unet", "widths": [6, 12, 24], "epochs": 2, "batch": 8,
    "optimiser": "adam", "learning_rate": 1e-2, "momentum": 0.9, "loss": {"cross_entropy": 1.0, "dice": 1.0},
    "ema": 0.9, "device": "cpu", "threads": 1, "precision": "float32",
}  # fmt: skip
FCN8S = {
    **UNET, "architecture": "fcn8s", "widths": [2, 2, 2, 2, 2, 4], "dropout": 0.5, "optimiser": "sgd",
    "learning_rate": 0.01, "batch": 2,
}  # fmt: skip
TRADITIONAL = {
    "rotation_deg": {"probability": 1.0, "range": [-25, 25]},
    "scale": {"probability": 1.0, "range": [0.85, 1.15]},
    "shear_px": {"probability": 1.0, "range": [-10, 10]},
    "blur_px": {"probability": 0.5, "range": [2, 2]},
    "brightness": {"probability": 0.5, "range": [1, 1.5]},
}
FRESH = {
    "rotation_deg": {"probability": 0.2, "range": [-180, 180]},
    "noise": {"probability": 0.5, "range": [0, 0.08]},
    "left_right": 0.5,
}
PASTE = {"border_px": 4, "reach_px": 96, "tissue": [20, 250], "smallest_px": 200, "donors": 5}
AUGMENTATION = {"traditional": TRADITIONAL, "fresh": FRESH, "paste": PASTE}


def discs(count: int, seed: int, side: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Return images and label maps, uint8 (count, side, side) each; both kinds of discs take turns."""
    draws = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    images = draws.normal(110, 15, (count, side, side))
    labels = np.zeros((count, side, side), np.uint8)
    for number in range(count):
        centre_y, centre_x = draws.uniform(side / 4, 3 * side / 4, 2)
        disc = (y - centre_y) ** 2 + (x - centre_x) ** 2 < (side / draws.uniform(6, 9)) ** 2
        images[number][disc] += (80, -60)[number % 2]
        labels[number][disc] = 1 + number % 2
    return images.clip(0, 255).astype(np.uint8), labels


def cohort(folder: Path, patients: int = 9, slices: int = 4) -> pd.DataFrame:
    """Write slices.csv, images.npy, labels.npy and folds.csv of three folds to ``folder``; return folds.csv."""
    images, labels = discs(patients * slices, 0)
    names = [f"s{number:03d}" for number in range(len(images))]
    table = pd.DataFrame({"slice": names, "patient": np.repeat([f"P{n}" for n in range(patients)], slices)})
    for label, cls in enumerate(CLASSES, start=1):
        table[f"{cls}_px"] = (labels == label).sum((1, 2))
    folds = table[["slice", "patient"]].assign(fold=np.repeat(np.arange(patients) % 3, slices))
    artifacts.write_csv(table, folder / "slices.csv")
    artifacts.write_csv(folds, folder / "folds.csv")
    artifacts.write_array(images, folder / "images.npy")
    artifacts.write_array(labels, folder / "labels.npy")
    return folds


def dice(truth: np.ndarray, predicted: np.ndarray, label: int) -> float:
    """Return the Dice coefficient of a label over all pixels together."""
    return 2 * ((truth == label) & (predicted == label)).sum() / ((truth == label).sum() + (predicted == label).sum())
