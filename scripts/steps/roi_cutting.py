"""ROIs cut from the key slices of a case table."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from synthaug.classification import augment, rois
from synthaug.cohort import case_table
from synthaug.errors import InputError
from synthaug.imaging import intensity, pixel_shapes, volumes

COLUMNS = ["lesion", "patient", "class", "set", "center_x_px", "center_y_px", "diameter_px"]


def key_slices(cases: pd.DataFrame, table: Path) -> Iterator[tuple[str, int, np.ndarray, pd.DataFrame]]:
    """Yield each key slice with its lesions, so that an image is opened once and one slice is held at a time.

    Parameters
    ----------
    cases
        ``cases.csv``.
    table
        The user's case table, which knows the images.

    Yields
    ------
    Path of the image as in the table, number of the slice, the slice as float32 (rows, columns), rows of ``cases``.

    Raises
    ------
    InputError
        If an image cannot be read.
    """
    image_of = case_table.read_table(table).set_index("lesion")["image"]
    for path, on_image in cases.groupby(cases["lesion"].map(image_of), sort=False):
        source = volumes.open_image(table.parent / path)
        for number, lesions in on_image.groupby("slice", sort=False):
            yield path, number, source.slice(number), lesions


def cut(
    row: NamedTuple, image: np.ndarray, path: str, params: rois.Params, reach: rois.Reach
) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    """Cut the ROI of one lesion, a row of ``cases.csv``, from its key slice, with room for augmentations of ``reach``.

    Returns
    -------
    The crop, float32 (rows, columns); the un-augmented ROI, uint8 (64, 64); the values that become black and white.

    Raises
    ------
    InputError
        If the slice, of the image ``path``, or the ROI has no contrast.
    """
    try:
        low, high = intensity.limits(image, params.intensity)
        aspect = pixel_shapes.aspect(row.spacing_y_mm, row.spacing_x_mm)
        crop = rois.crop(image, row.center_x_px, row.center_y_px, row.diameter_px, params, reach, low, aspect)
        maps = augment.matrices(augment.identity(), row.diameter_px, params, aspect)
        filtered = rois.lowpass(crop, row.diameter_px, params, aspect)
        roi = augment.apply(filtered, maps, low, high)[0]
        intensity.check_visible(roi, image, low, high)
    except InputError as error:
        raise InputError(f"lesion {row.lesion}, {path}: {error}") from error
    return crop, roi, (low, high)


def index(cases: pd.DataFrame, limits: np.ndarray, margin: float) -> pd.DataFrame:
    """Return ``rois.csv``: what is known of each lesion and of its un-augmented ROI.

    Parameters
    ----------
    cases
        ``cases.csv``.
    limits
        float (n, 2): the values of each lesion's slice that become black and white, the columns ``low`` and ``high``.
    margin
        Of the ROIs, see `rois.Params`; ``beyond`` is the share of a ROI that lies beyond the image.

    Returns
    -------
    DataFrame with the column ``aspect``, see `rois`, only if a lesion's pixels are not square.
    """
    places = zip(cases["spacing_y_mm"], cases["spacing_x_mm"], strict=True)
    aspects = [pixel_shapes.aspect(height, width) for height, width in places]
    beyond = rois.shares_beyond(cases, margin)
    oblong = {"aspect": aspects} if set(aspects) - {1.0} else {}
    return cases[COLUMNS].assign(low=limits[:, 0], high=limits[:, 1], beyond=beyond, **oblong)
