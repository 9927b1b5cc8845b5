"""Classic augmentation: the maps of augmentations that were drawn, and the images that they give (paper section 3.1).

Each augmentation is one affine map from the 64x64 grid to the native crop, sampled once with bicubic interpolation, and
perhaps a change of the gray values.
"""

import numpy as np
import pandas as pd
import torch

from synthaug.classification import gray_values, rois
from synthaug.imaging import bicubic, grids, intensity

FLIP_SIGNS = {"none": (1, 1), "up-down": (1, -1), "left-right": (-1, 1), "both": (-1, -1)}  # (x, y)
TOGETHER = 32  # maps sampled together: their positions fit a processor's cache
COLUMNS = ["rotation_deg", "flip", "shift_x_px", "shift_y_px", "surround"]


def identity() -> pd.DataFrame:
    """Return the parameters of the one map that leaves a ROI un-augmented."""
    return pd.DataFrame([[0.0, "none", 0.0, 0.0, np.nan]], columns=COLUMNS)


def matrices(augmentations: pd.DataFrame, diameter_px: float, params: rois.Params, aspect: float = 1.0) -> np.ndarray:
    """Compose the maps from ROI coordinates to px of the crop, both with their origin at the lesion's centre.

    A pixel of the crop is a native one, or `rois.reduction` of them wide. Its height is ``aspect`` times its width.

    ROI coordinates run from -1 to 1 between the outer edges of the 64x64 grid. The image is rotated first, then
    flipped, translated or scaled. These act on the image, so sampling positions go through their inverses, the last one
    first.

    Returns
    -------
    float64 (n, 2, 3), acting on (x, y, 1), x to the right, y down.
    """
    margin = params.scaled_margin(augmentations["surround"].to_numpy())
    margin = np.where(np.isnan(margin), params.margin, margin)
    half = rois.side_px(diameter_px, margin) / 2
    angle = np.deg2rad(augmentations["rotation_deg"].to_numpy())
    flip = np.array([FLIP_SIGNS[name] for name in augmentations["flip"]], dtype=float)
    shift = augmentations[["shift_x_px", "shift_y_px"]].to_numpy()
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
    linear = rotation * (flip * half[:, None])[:, None, :]
    offset = -np.einsum("nij,nj->ni", rotation, shift)
    pixel = rois.reduction(diameter_px, params), rois.reduction(diameter_px / aspect, params) * aspect
    return np.concatenate([linear, offset[:, :, None]], axis=2) / np.array(pixel)[None, :, None]


def apply(
    crop: np.ndarray,
    maps: np.ndarray,
    low: float,
    high: float,
    changes: pd.DataFrame | None = None,
    random: np.random.Generator | None = None,
) -> np.ndarray:
    """Sample ``crop`` along ``maps``, map the intensities ``low``-``high`` to 0-255 and change these gray values.

    Parameters
    ----------
    crop
        float32 (rows, columns), the lesion's centre at its geometric centre.
    maps
        float64 (n, 2, 3) from `matrices`.
    changes, random
        The changes of each image's gray values and the stream of their noise, as `gray_values.changed` takes them; none
        by default.

    Returns
    -------
    uint8 (n, 64, 64).
    """
    middle = np.float32((low + high) / 2)
    prepared = bicubic.prepare(torch.from_numpy(crop - middle)[None], "border")  # small numbers keep more digits
    extent = np.array([crop.shape[1], crop.shape[0]]) / 2  # -1..1 spans the outer edges of the crop
    images = np.empty((len(maps), rois.SIZE, rois.SIZE), np.uint8)
    for first in range(0, len(maps), TOGETHER):
        part = slice(first, first + TOGETHER)
        # The images are sampled as one tall image, so that the crop is not copied for each.
        positions = grids.grid(maps[part] / extent[None, :, None], rois.SIZE).reshape(1, -1, rois.SIZE, 2)
        sampled = bicubic.sample(prepared, positions).reshape(-1, rois.SIZE, rois.SIZE).numpy()
        sampled = intensity.unit(sampled, low - middle, high - middle)
        if changes is not None:
            sampled = gray_values.changed(sampled, changes.iloc[part], random)
        images[part] = np.rint(sampled * 255)
    return images
