"""The random draws of augmentations: all that a lesion has, for the pool, or some of them (paper section 3.1)."""

import numpy as np
import pandas as pd

from synthaug.classification import augment, gray_values
from synthaug.classification.augmentation_choice import Choice

COLUMNS = [*augment.COLUMNS, *gray_values.COLUMNS]


def draw(random: np.random.Generator, diameter_px: float, choice: Choice) -> pd.DataFrame:
    """Draw all augmentations of one lesion, in random order.

    Returns
    -------
    DataFrame with `COLUMNS`, ``choice.per_lesion`` rows. ``shift_x_px`` and ``shift_y_px`` are in native px.
    ``surround`` is how much surrounding tissue a scale shows, as a fraction of the diameter; NaN without a scale. The
    columns of `gray_values` are NaN where the gray values stay. Every value is uniform within its range.
    """
    rotations = choice.rotations["number"]
    angles = random.uniform(*choice.rotations["degrees"], rotations)
    reach = choice.reach_px(diameter_px)
    shifts = random.uniform(-reach, reach, (rotations, choice.shifts["number"], 2))
    surrounds = random.uniform(*choice.scales["diameters"], (rotations, choice.scales["number"]))
    grays = random.uniform(*_gray_ranges(choice), (rotations, choice.intensities["number"], 3))
    unchanged = [np.nan] * 3
    rows = []
    for r, angle in enumerate(angles):
        rows.append([angle, "none", 0.0, 0.0, np.nan, *unchanged])
        rows += [[angle, flip, 0.0, 0.0, np.nan, *unchanged] for flip in _flips(choice)]
        rows += [[angle, "none", x, y, np.nan, *unchanged] for x, y in shifts[r]]
        rows += [[angle, "none", 0.0, 0.0, surround, *unchanged] for surround in surrounds[r]]
        rows += [[angle, "none", 0.0, 0.0, np.nan, *changes] for changes in grays[r]]
    order = random.permutation(len(rows))
    return pd.DataFrame(rows, columns=COLUMNS).iloc[order].reset_index(drop=True).round(6)


def draw_some(random: np.random.Generator, diameter_px: float, number: int, choice: Choice) -> pd.DataFrame:
    """Draw ``number`` independent augmentations of one lesion; each kind is as likely as it is frequent in `draw`."""
    angle = random.uniform(*choice.rotations["degrees"], number)
    place = random.integers(sum(choice.per_kind), size=number)  # of those that share a rotation
    reach = choice.reach_px(diameter_px)
    shift = random.uniform(-reach, reach, (number, 2))
    surround = random.uniform(*choice.scales["diameters"], number)
    changes = np.full((number, 3), np.nan)
    if choice.intensities["number"]:
        changes = random.uniform(*_gray_ranges(choice), (number, 3))
    _, flipped, shifted, scaled, changed = _kinds(place, choice.per_kind)
    flips = np.array(["none", *_flips(choice)])[np.where(flipped, place, 0)]
    maps = [angle, flips, *np.where(shifted, shift.T, 0.0), np.where(scaled, surround, np.nan)]
    return pd.DataFrame(dict(zip(COLUMNS, [*maps, *np.where(changed, changes.T, np.nan)], strict=True)))


def _flips(choice: Choice) -> list[str]:
    """Return the flips in the order in which they are drawn, whatever the order of the config."""
    return [name for name in augment.FLIP_SIGNS if name in choice.flips]


def _gray_ranges(choice: Choice) -> np.ndarray:
    """Return the lowest and the highest gain, gamma and noise, float (2, 3)."""
    return np.array([choice.intensities[name] for name in gray_values.COLUMNS], float).T


def _kinds(place: np.ndarray, per_kind: list[int]) -> list[np.ndarray]:
    """Say of each kind which of the places, counted through all kinds, are its own: bool (n,) a kind."""
    kind = np.searchsorted(np.cumsum(per_kind), place, side="right")
    return [kind == k for k in range(len(per_kind))]
