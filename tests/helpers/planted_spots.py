"""Small images with a bright spot in a box, or a black one in a box of the second class; a small CPGGAN for them."""

import numpy as np

SIDE = 16
CLASSES = ["bright", "black"]
LEVELS = (110, 220, 10)  # of the ground and of each class
COMPUTE = {"master_seed": 1, "device": "cpu", "threads": 1, "precision": "float32"}
PRESET = {
    "architecture": "cpggan", "classes": CLASSES, "side": SIDE, "maps": 8, "latent": 8, "images_per_stage": [40],
    "batches": [4], "learning_rate": 0.01, "beta1": 0.0, "beta2": 0.99, "gradient_penalty": 10.0, "drift": 0.001,
    "smoothing": 0.9, "flipped_labels": 0.0, "spatial_pyramid": False, **COMPUTE,
}  # fmt: skip


def boxes(count: int, seed: int) -> list[np.ndarray]:
    """One box an image, of the classes in turn: float32 (1, 5)."""
    draws = np.random.default_rng(seed)
    found = []
    for number in range(count):
        corner, size = draws.integers(1, SIDE - 6, 2), draws.integers(4, 6)
        found.append(np.array([[*corner, *(corner + size), number % len(CLASSES)]], np.float32))
    return found


def images(of: list[np.ndarray], seed: int) -> np.ndarray:
    """Return images with spots in boxes, uint8 (n, side, side), and some noise."""
    values = np.random.default_rng(seed).normal(LEVELS[0], 5, (len(of), SIDE, SIDE))
    for image, each in zip(values, of, strict=True):
        for left, top, right, bottom, position in each.astype(int):
            image[top:bottom, left:right] += LEVELS[1 + position] - LEVELS[0]
    return values.clip(0, 255).astype(np.uint8)
