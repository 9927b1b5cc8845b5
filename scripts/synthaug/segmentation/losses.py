"""What segmenters minimise: cross-entropy over pixels and the soft Dice loss over classes."""

import torch
from torch.nn import functional

SMOOTH = 1.0  # px added to both areas, so that a class that is absent from a batch has a loss of its own


def cross_entropy(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of all pixels.

    Parameters
    ----------
    logits
        float (n, labels, rows, columns).
    truth
        float, the same shape: 1 for a pixel's label, else 0. PyTorch's own loss of two dimensions has no
        deterministic kernel on a GPU.
    """
    return -(functional.log_softmax(logits, 1) * truth).sum(1).mean()


def soft_dice(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the mean over the classes, without the ground, of the Dice coefficient of a batch as one image.

    The coefficient is 2 * overlap / (area + area) with probabilities in place of predicted labels (Milletari et al.
    2016), and `SMOOTH` added above and below. The parameters are those of `cross_entropy`.
    """
    probabilities = functional.softmax(logits, 1)[:, 1:]
    known = truth[:, 1:]
    overlap = (probabilities * known).sum((0, 2, 3))
    areas = (probabilities + known).sum((0, 2, 3))
    return ((2 * overlap + SMOOTH) / (areas + SMOOTH)).mean()


def one_hot(labels: torch.Tensor, count: int) -> torch.Tensor:
    """Return uint8 ``labels`` (n, rows, columns) as float32 (n, count, rows, columns): 1 for a pixel's label."""
    numbers = torch.arange(count, device=labels.device, dtype=labels.dtype).view(1, -1, 1, 1)
    return (labels[:, None] == numbers).float()
