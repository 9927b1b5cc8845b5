"""Differentiable augmentation of what a discriminator sees, for training GANs on few images (Zhao et al. 2020).

Real and generated images pass through the same kind of random change, and gradients pass through it to the generator,
so the discriminator cannot memorise the training images and the generator does not learn to produce the changes.
"""

import torch
from torch.nn import functional

POLICIES = ("brightness", "translation", "cutout")
DRAWS = 5  # uniform numbers an image: brightness, shift in x and y, centre of the cutout in x and y
BRIGHTNESS = 0.5  # largest change, on the scale from -1 to 1
SHIFT, CUTOUT = 1 / 8, 1 / 2  # largest shift and side of the cutout, as shares of the image's side


def apply(
    images: torch.Tensor, uniform: torch.Tensor, policy: list[str], rate: torch.Tensor | None = None
) -> torch.Tensor:
    """Change each image as ``uniform`` says.

    Parameters
    ----------
    images
        float (n, 1, side, side) in (-1, 1).
    uniform
        float (n, `DRAWS`) in [0, 1), drawn by the caller; with a ``rate``, another for each of `POLICIES` follows.
    policy
        Any of `POLICIES`, applied in their order. What a shift uncovers and what is cut out becomes 0, mid gray.
    rate
        Probability of each augmentation of each image, float (); without it, all are applied.
    """
    for name in POLICIES:
        if name in policy:
            changed = _CHANGES[name](images, uniform)
            images = changed if rate is None else torch.where(_chosen(name, uniform, rate), changed, images)
    return images


def _chosen(name: str, uniform: torch.Tensor, rate: torch.Tensor) -> torch.Tensor:
    return (uniform[:, DRAWS + POLICIES.index(name)] < rate)[:, None, None, None]


def _brighten(images: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
    return images + (u[:, None, None, None] - 0.5) * (2 * BRIGHTNESS)


def _translate(images: torch.Tensor, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    side = images.shape[-1]
    reach = int(side * SHIFT)
    padded = functional.pad(images, (reach, reach, reach, reach))
    grid = torch.arange(side, device=images.device)
    columns = (u * (2 * reach + 1)).long()[:, None] + grid  # the offset `reach` is no shift
    rows = (v * (2 * reach + 1)).long()[:, None] + grid
    index = torch.arange(len(images), device=images.device)[:, None, None]
    return padded[index, 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


def _cut_out(images: torch.Tensor, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    side = images.shape[-1]
    half = side * CUTOUT / 2
    grid = torch.arange(side, device=images.device) + 0.5
    across = (grid - (u * side)[:, None]).abs() < half
    down = (grid - (v * side)[:, None]).abs() < half
    return images * ~(down[:, None, :, None] & across[:, None, None, :])


_CHANGES = {
    "brightness": lambda images, uniform: _brighten(images, uniform[:, 0]),
    "translation": lambda images, uniform: _translate(images, uniform[:, 1], uniform[:, 2]),
    "cutout": lambda images, uniform: _cut_out(images, uniform[:, 3], uniform[:, 4]),
}
