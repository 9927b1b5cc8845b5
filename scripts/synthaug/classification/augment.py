"""Classic augmentation: the paper's 480 maps per lesion, drawn and applied (paper section 3.1).

Each augmentation is one affine map from the 64x64 grid to the native crop, sampled once with bicubic interpolation.
"""

import numpy as np
import pandas as pd
import torch

from synthaug.classification import rois
from synthaug.imaging import grids, intensity

ROTATIONS, FLIPS, TRANSLATIONS, SCALES = 30, 3, 7, 5
PER_ROTATION = 1 + FLIPS + TRANSLATIONS + SCALES
PER_LESION = ROTATIONS * PER_ROTATION  # N = 480
FLIP_SIGNS = {"none": (1, 1), "up-down": (1, -1), "left-right": (-1, 1), "both": (-1, -1)}  # (x, y)
TOGETHER = 32  # maps sampled together: their positions fit a processor's cache
COLUMNS = ["rotation_deg", "flip", "shift_x_px", "shift_y_px", "surround"]


def identity() -> pd.DataFrame:
    """Return the parameters of the one map that leaves a ROI un-augmented."""
    return pd.DataFrame([[0.0, "none", 0.0, 0.0, np.nan]], columns=COLUMNS)


def draw(random: np.random.Generator, diameter_px: float) -> pd.DataFrame:
    """Draw the 480 augmentations of one lesion, in random order.

    Each of 30 rotations occurs alone, with three flips, with seven translations and with five scales (section 3.1).

    Returns
    -------
    DataFrame with `COLUMNS`. ``rotation_deg`` is uniform in [0, 180). ``shift_x_px`` and ``shift_y_px``, in native px,
    are uniform within +-min(4, 0.1 d). ``surround`` is how much surrounding tissue the scale shows, as a fraction of
    the diameter, uniform in [0.1, 0.4); NaN without a scale.
    """
    angles = random.uniform(0, 180, ROTATIONS)
    reach = min(rois.MAX_SHIFT_PX, 0.1 * diameter_px)
    shifts = random.uniform(-reach, reach, (ROTATIONS, TRANSLATIONS, 2))
    surrounds = random.uniform(*rois.SURROUND, (ROTATIONS, SCALES))
    rows = []
    for r, angle in enumerate(angles):
        rows.append([angle, "none", 0.0, 0.0, np.nan])
        rows += [[angle, flip, 0.0, 0.0, np.nan] for flip in list(FLIP_SIGNS)[1:]]
        rows += [[angle, "none", x, y, np.nan] for x, y in shifts[r]]
        rows += [[angle, "none", 0.0, 0.0, surround] for surround in surrounds[r]]
    order = random.permutation(len(rows))
    return pd.DataFrame(rows, columns=COLUMNS).iloc[order].reset_index(drop=True).round(6)


def draw_some(random: np.random.Generator, diameter_px: float, number: int) -> pd.DataFrame:
    """Draw ``number`` independent augmentations of one lesion; each kind is as likely as it is frequent in `draw`."""
    angle = random.uniform(0, 180, number)
    place = random.integers(PER_ROTATION, size=number)  # of the 1 + 3 + 7 + 5 that share a rotation
    reach = min(rois.MAX_SHIFT_PX, 0.1 * diameter_px)
    shift = random.uniform(-reach, reach, (number, 2))
    surround = random.uniform(*rois.SURROUND, number)
    flipped = (place >= 1) & (place <= FLIPS)
    shifted = (place > FLIPS) & (place <= FLIPS + TRANSLATIONS)
    scaled = place > FLIPS + TRANSLATIONS
    flips = np.array(list(FLIP_SIGNS))[np.where(flipped, place, 0)]
    columns = [angle, flips, *np.where(shifted, shift.T, 0.0), np.where(scaled, surround, np.nan)]
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def matrices(augmentations: pd.DataFrame, diameter_px: float, params: rois.Params) -> np.ndarray:
    """Compose the maps from ROI coordinates to native px, both with their origin at the lesion's centre.

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
    return np.concatenate([linear, offset[:, :, None]], axis=2)


def apply(crop: np.ndarray, maps: np.ndarray, low: float, high: float) -> np.ndarray:
    """Sample ``crop`` along ``maps`` and map the intensities ``low``-``high`` to 0-255.

    Parameters
    ----------
    crop
        float32 (rows, columns), the lesion's centre at its geometric centre.
    maps
        float64 (n, 2, 3) from `matrices`.

    Returns
    -------
    uint8 (n, 64, 64).
    """
    middle = np.float32((low + high) / 2)
    image = torch.from_numpy(crop - middle)[None, None]  # small numbers keep more digits
    extent = np.array([crop.shape[1], crop.shape[0]]) / 2  # grid_sample's -1..1 spans the outer edges of the crop
    images = np.empty((len(maps), rois.SIZE, rois.SIZE), np.uint8)
    for first in range(0, len(maps), TOGETHER):
        part = slice(first, first + TOGETHER)
        sampled = torch.nn.functional.grid_sample(
            image,
            # The images are sampled as one tall image, so that the crop is not copied for each.
            grids.grid(maps[part] / extent[None, :, None], rois.SIZE).reshape(1, -1, rois.SIZE, 2),
            mode="bicubic",
            padding_mode="border",
            align_corners=False,
        )
        sampled = sampled.reshape(-1, rois.SIZE, rois.SIZE).numpy()
        images[part] = np.rint(intensity.unit(sampled, low - middle, high - middle) * 255)
    return images
