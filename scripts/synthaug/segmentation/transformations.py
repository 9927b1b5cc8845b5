"""Transformations of slices with their label maps: what may be drawn, and the images that it gives.

The image and its map are moved by one affine map, bent by one field and mirrored alike; the image is sampled once
with bicubic interpolation and the labels are those of the nearest pixel. Then come noise, blur, brightness, contrast
and gamma, in this order, each within the range of the gray values.
"""

import numpy as np
import pandas as pd
import torch
from torch.nn import functional

from synthaug import seeding
from synthaug.imaging import bicubic, gray_changes, grids, random_changes

# What leaves an image as it is, by the names of the config. Lengths are px of a slice of 256 x 256, whatever its side.
NEUTRAL = {
    "rotation_deg": 0.0,
    "scale": 1.0,
    "shear_px": 0.0,
    "bend_px": 0.0,
    **gray_changes.NEUTRAL,
}
MIRRORS = ("left_right", "up_down")
KNOTS = 6  # of the field that bends an image, in each direction
TOGETHER = 8  # images transformed together


def draw(random: np.random.Generator, count: int, chances: dict) -> pd.DataFrame:
    """Draw transformations of ``count`` images.

    Parameters
    ----------
    chances
        See `random_changes.draw`; by the names of `NEUTRAL` and `MIRRORS`, which are the columns of the result.
    """
    return random_changes.draw(random, count, chances, NEUTRAL, MIRRORS)


def apply(images: torch.Tensor, labels: torch.Tensor, table: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ``images`` and ``labels`` transformed as ``table``, from `draw`, says.

    Parameters
    ----------
    images, labels
        uint8 (n, side, side) each, on one device.

    Returns
    -------
    tuple
        New tensors of the same kind. Beyond the border of a slice lies gray value 0 and ground.
    """
    parts = [
        _apply(images[first : first + TOGETHER], labels[first : first + TOGETHER], table.iloc[first : first + TOGETHER])
        for first in range(0, len(images), TOGETHER)
    ]
    return torch.cat([part for part, _ in parts]), torch.cat([part for _, part in parts])


def _apply(images: torch.Tensor, labels: torch.Tensor, table: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor]:
    grays, labels = _moved(images.float() / 255, labels, table)
    return (gray_changes.apply(grays, table) * 255).round_().to(torch.uint8), labels


def maps(table: pd.DataFrame) -> np.ndarray:
    """Compose the affine maps from the transformed image to the image, both with coordinates from -1 to 1.

    A slice is mirrored, scaled (about its centre; above 1 it becomes larger), sheared (its top edge is moved to the
    left and its bottom edge to the right by half of ``shear_px`` each) and rotated (anticlockwise), in this order.

    Returns
    -------
    float64 (n, 2, 3), acting on (x, y, 1), x to the right, y down.
    """
    angle, zero = np.deg2rad(table["rotation_deg"].to_numpy()), np.zeros(len(table))
    shear = table["shear_px"].to_numpy() / gray_changes.REFERENCE_SIDE
    signs = [np.where(table[name], -1.0, 1.0) * table["scale"].to_numpy() for name in MIRRORS]
    rotation = _matrices(np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle))
    forward = rotation @ _matrices(zero + 1, shear, zero, zero + 1) @ _matrices(signs[0], zero, zero, signs[1])
    return np.concatenate([np.linalg.inv(forward), np.zeros((len(table), 2, 1))], axis=2)


def _matrices(*values: np.ndarray) -> np.ndarray:
    return np.stack(values, axis=1).reshape(-1, 2, 2)


def _moved(grays: torch.Tensor, labels: torch.Tensor, table: pd.DataFrame) -> tuple[torch.Tensor, torch.Tensor]:
    found = maps(table)
    changed = np.flatnonzero((found != np.eye(2, 3)).any((1, 2)) | (table["bend_px"].to_numpy() > 0))
    if not len(changed):
        return grays, labels
    side = grays.shape[-1]
    positions = grids.grid(found[changed], side) + _bends(table.iloc[changed], side)
    positions, rows = positions.to(grays.device), torch.from_numpy(changed).to(grays.device)
    moved = functional.grid_sample(labels[rows, None].float(), positions, "nearest", "zeros", align_corners=False)
    grays, labels = grays.clone(), labels.clone()
    for place, row in enumerate(changed.tolist()):  # one by one, as what is computed on the way then stays in the cache
        image = bicubic.prepare(grays[row, None], "zeros")
        grays[row] = bicubic.sample(image, positions[place, None])[0]
    labels[rows] = moved[:, 0].to(torch.uint8)
    return grays, labels


def _bends(table: pd.DataFrame, side: int) -> torch.Tensor:
    """Return how far each pixel's position is moved, float32 (n, side, side, 2), by fields smooth across the slice."""
    fields = torch.zeros(len(table), side, side, 2)
    for place, (size, seed) in enumerate(zip(table["bend_px"], table[random_changes.SEED], strict=True)):
        if size > 0:
            knots = torch.from_numpy(seeding.stream(seed, "bend").standard_normal((1, 2, KNOTS, KNOTS), np.float32))
            field = functional.interpolate(knots, (side, side), mode="bicubic", align_corners=True)
            fields[place] = field[0].permute(1, 2, 0) * (2 * size / gray_changes.REFERENCE_SIDE)
    return fields
