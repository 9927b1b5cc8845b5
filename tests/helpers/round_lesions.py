"""Images of lesions that are all alike when blurred, and whose grain alone tells them apart."""

import numpy as np
from scipy import ndimage


def round_lesions(count: int, seed: int) -> np.ndarray:
    """Return round, dark lesions of about one size in grainy tissue, uint8 (count, 64, 64)."""
    draws = np.random.default_rng(seed)
    y, x = np.indices((64, 64)) - 31.5
    images = []
    for _ in range(count):
        radius = 17 + draws.normal(0, 0.5)
        lesion = 150 - 90 / (1 + np.exp(2 * (np.hypot(x, y) - radius)))
        grain = ndimage.gaussian_filter(draws.normal(size=(64, 64)), 1.5)
        images.append(lesion + 12 * grain / grain.std())
    return np.rint(np.clip(images, 0, 255)).astype(np.uint8)
