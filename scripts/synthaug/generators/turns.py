"""Mirroring and quarter turns of a batch, each image by a number of its own; the eight symmetries of a square."""

import numpy as np
import torch

MIRRORED, UPSIDE_DOWN, TRANSPOSED = 0, 1, 2  # bits of the number
LABELS = 3


def drawn(stream: np.random.Generator, shape: tuple[int, ...], probability: float) -> np.ndarray:
    """Draw bits, float32 (*shape, `LABELS`): with ``probability`` each is 0 or 1, as likely; otherwise all are 0."""
    turned = stream.random(shape, dtype=np.float32) < probability
    bits = stream.integers(0, 2, (*shape, LABELS))
    return (bits * turned[..., np.newaxis]).astype(np.float32)


def apply(images: torch.Tensor, bits: torch.Tensor) -> torch.Tensor:
    """Return each image mirrored from left to right, then turned upside down, then transposed, as its bits say.

    Parameters
    ----------
    images
        float (n, 1, side, side).
    bits
        float (n, `LABELS`) of 0 and 1.
    """
    changed = {MIRRORED: lambda each: each.flip(3), UPSIDE_DOWN: lambda each: each.flip(2),
               TRANSPOSED: lambda each: each.transpose(2, 3)}  # fmt: skip
    for bit, change in changed.items():
        images = torch.where((bits[:, bit] > 0)[:, None, None, None], change(images), images)
    return images
