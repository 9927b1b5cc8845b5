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


def apply(images: torch.Tensor, uniform: torch.Tensor, policy: list[str]) -> torch.Tensor:
    """Change each image as ``uniform`` says.

    Parameters
    ----------
    images
        float (n, 1, side, side) in (-1, 1).
    uniform
        float (n, `DRAWS`) in [0, 1), drawn by the caller.
    policy
        Any of `POLICIES`, applied in their order. What a shift uncovers and what is cut out becomes 0, mid gray.
    """
    if "brightness" in policy:
        images = images + (uniform[:, :1, None, None] - 0.5) * (2 * BRIGHTNESS)
    if "translation" in policy:
        images = _translate(images, uniform[:, 1], uniform[:, 2])
    if "cutout" in policy:
        images = _cut_out(images, uniform[:, 3], uniform[:, 4])
    return images


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
