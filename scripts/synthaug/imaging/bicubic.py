"""Bicubic interpolation by Keys' kernel with a = -0.5, the "bicubic" of MATLAB, Pillow and scikit-image.

PyTorch's own has a = -0.75 and does not even continue a parabola. At the share t of the way from one pixel to the next,
the cubic of a = -0.5 is the straight line between the two less t (1 - t) / 2 times the straight line between their
second differences. So in two dimensions it is one bilinear interpolation of four images, which PyTorch does about as
fast as it interpolates one image bicubically.

R. Keys, "Cubic convolution interpolation for digital image processing", IEEE Trans. ASSP 29 (1981) 1153-1160.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional

RING = 1  # px around an image where second differences are not yet those of what lies beyond


@dataclass(frozen=True)
class Prepared:
    """Images made ready to be sampled at any number of positions.

    Attributes
    ----------
    four
        float32 (n, 4, rows + 2, columns + 2): what is interpolated bilinearly, then weighed by 1, x, y and x y, where x
        and y are -(t - 1/2)^2 along each axis.
    beyond
        What lies beyond an image, by its name in PyTorch's ``grid_sample``.
    """

    four: torch.Tensor
    beyond: str


def prepare(images: torch.Tensor, beyond: str) -> Prepared:
    """Make ``images`` ready, float32 (n, rows, columns); ``beyond`` them lie "zeros", or their "border" is repeated."""
    wide = functional.pad(images, [2 * RING] * 4, "replicate" if beyond == "border" else "constant")
    return Prepared(torch.stack([both for along_y in _two(wide, 1) for both in _two(along_y, 2)], 1), beyond)


def _two(images: torch.Tensor, axis: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what is weighed by 1 and by -(t - 1/2)^2 along an axis.

    The second differences, halved, are weighed by -t (1 - t), which is (t - 1/2)^2 - 1/4 and takes fewer steps so.
    """
    count = images.shape[axis] - 2
    before, here, after = (images.narrow(axis, first, count) for first in range(3))
    bend = torch.add(here, before + after, alpha=-0.5)
    return torch.add(here, bend, alpha=0.25), bend


def sample(prepared: Prepared, positions: torch.Tensor) -> torch.Tensor:
    """Sample prepared images.

    Parameters
    ----------
    positions
        float32 (n, rows, columns, 2), where each of the n images is sampled: x and y from -1 to 1 between its outer
        edges.

    Returns
    -------
    torch.Tensor
        float32 (n, rows, columns).
    """
    sides = torch.tensor(prepared.four.shape[:1:-1], dtype=torch.float32, device=positions.device)  # columns, rows
    within = positions * ((sides - 2 * RING) / sides)
    shares = (within * (sides / 2)).add_((sides + 1) / 2).frac_().sub_(0.5).square_()
    x, y = shares.unbind(-1)
    lines = functional.grid_sample(prepared.four, within, "bilinear", prepared.beyond, align_corners=False)
    constant, of_x, of_y, of_both = lines.unbind(1)
    # Each operation rounds by itself: as one, some processors would round once and some twice.
    return constant.sub_(of_x.mul_(x)).sub_(of_y.sub_(of_both.mul_(x)).mul_(y))
