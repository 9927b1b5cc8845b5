"""Changes of gray values: noise, blur, brightness, contrast and gamma, each within the range of the gray values."""

import math

import numpy as np
import pandas as pd
import torch
from torch.nn import functional

from synthaug import seeding
from synthaug.imaging import random_changes

# What leaves an image as it is, by the names of the config. Lengths are px of a slice of 256 x 256, whatever its side.
NEUTRAL = {"noise": 0.0, "blur_px": 0.0, "brightness": 1.0, "contrast": 1.0, "gamma": 1.0}
REFERENCE_SIDE = 256


def apply(grays: torch.Tensor, table: pd.DataFrame) -> torch.Tensor:
    """Return ``grays`` changed as ``table`` says, in the order of `NEUTRAL`.

    Parameters
    ----------
    grays
        float (n, side, side), 0 to 1; it may be changed, too.
    table
        A row an image: the columns of `NEUTRAL` and `random_changes.SEED`, see `random_changes.draw`.
    """
    for change in (_noisy, _blurred, _brighter, _contrasted, _curved):
        grays = change(grays, table).clamp_(0, 1)
    return grays


def _noisy(grays: torch.Tensor, table: pd.DataFrame) -> torch.Tensor:
    """Add normal noise whose standard deviation is ``noise``, 1 being the whole range of gray values."""
    for place, (size, seed) in enumerate(zip(table["noise"], table[random_changes.SEED], strict=True)):
        if size > 0:
            grains = seeding.stream(seed, "noise").standard_normal(grays.shape[1:], np.float32)
            grays[place] += torch.from_numpy(grains).to(grays.device) * size
    return grays


def _blurred(grays: torch.Tensor, table: pd.DataFrame) -> torch.Tensor:
    """Blur with Gaussians whose standard deviation is ``blur_px``; beyond the border the edge repeats."""
    changed = np.flatnonzero(table["blur_px"].to_numpy() > 0)
    if not len(changed):
        return grays
    widths = table["blur_px"].to_numpy()[changed] * grays.shape[-1] / REFERENCE_SIDE
    reach = min(math.ceil(3 * widths.max()), grays.shape[-1] - 1)
    kernels = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * widths[:, None] ** 2))
    kernels = torch.from_numpy(kernels / kernels.sum(1, keepdims=True)).to(grays)
    rows = torch.from_numpy(changed).to(grays.device)
    some = functional.pad(grays[rows][None], (reach, reach, reach, reach), mode="replicate")
    for kernel in (kernels[:, None, :, None], kernels[:, None, None, :]):
        some = functional.conv2d(some, kernel, groups=len(changed))
    grays = grays.clone()
    grays[rows] = some[0]
    return grays


def _brighter(grays: torch.Tensor, table: pd.DataFrame) -> torch.Tensor:
    return grays * _column(table, "brightness", grays)


def _contrasted(grays: torch.Tensor, table: pd.DataFrame) -> torch.Tensor:
    """Stretch the gray values about each image's mean."""
    factor = _column(table, "contrast", grays)
    return grays * factor + grays.mean((1, 2), keepdim=True) * (1 - factor)


def _curved(grays: torch.Tensor, table: pd.DataFrame) -> torch.Tensor:
    return grays ** _column(table, "gamma", grays)


def _column(table: pd.DataFrame, name: str, like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(table[name].to_numpy(np.float32, copy=True), device=like.device).view(-1, 1, 1)
