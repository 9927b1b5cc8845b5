"""Label maps of discs in two classes, images of them with known gray levels, and a small pix2pix to learn them."""

import numpy as np

CLASSES = ["bright", "dark"]
LEVELS = np.array([120, 220, 30])  # of the ground and of each class
COMPUTE = {"master_seed": 1, "device": "cpu", "threads": 1, "precision": "float32"}
PRESET = {
    "architecture": "pix2pix", "classes": CLASSES, "side": 32, "epochs": 4, "candidates": [1, 3, 4], "batch": 8,
    "generator_maps": 8, "discriminator_maps": 8, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "l1": 100.0,
    "init_std": 0.02, "leak": 0.2, **COMPUTE,
}  # fmt: skip


def label_maps(count: int, seed: int, side: int = 32) -> np.ndarray:
    """One disc a map, of the first class in every other one: uint8 (count, side, side)."""
    draws = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    maps = np.zeros((count, side, side), np.uint8)
    for number, each in enumerate(maps):
        row, column = draws.uniform(0.3 * side, 0.7 * side, 2)
        each[(y - row) ** 2 + (x - column) ** 2 < (side * draws.uniform(0.12, 0.25)) ** 2] = 1 + number % 2
    return maps


def images(maps: np.ndarray, seed: int, noise: float = 6.0) -> np.ndarray:
    """Return images of ``maps``, uint8 of their shape, with some noise."""
    values = LEVELS[maps] + np.random.default_rng(seed).normal(0, noise, maps.shape)
    return values.clip(0, 255).astype(np.uint8)
