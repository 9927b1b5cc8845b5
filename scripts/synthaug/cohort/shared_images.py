"""Search for one series, volume or picture under two patients: by the UID of its series, and by its pixels."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from synthaug.imaging import volumes

SERIES, PIXELS = "same series", "same pixels"
COLUMNS = ["image_a", "image_b", "found"]


def pairs(images: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Return the images that two patients share.

    Of each image the headers and one slice are read. Only images that agree in these are read whole, so that a cohort
    without copies costs a slice an image.

    Parameters
    ----------
    images
        Columns ``image``, a path relative to ``folder``, and ``patient``; rows that repeat both are allowed.

    Returns
    -------
    DataFrame with `COLUMNS`: two paths, and `SERIES` if both have one SeriesInstanceUID, else `PIXELS` if they have the
    same size and the same values in each pixel, whatever the format of their files. In the order of ``images``.

    Raises
    ------
    InputError
        If an image cannot be read.
    """
    patient_of = images.drop_duplicates("image").set_index("image")["patient"]
    series, begun = {}, {}
    for image in patient_of.index:
        source = volumes.open_image(folder / image)
        series[image] = source.geometry.series
        middle = source.slice(source.geometry.size[0] // 2)
        begun[image] = repr(source.geometry.size) + hashlib.sha256(middle.tobytes()).hexdigest()
    alike = [image for group in _shared(begun, patient_of) for image in group]
    whole = {image: _digest(volumes.open_image(folder / image)) for image in alike}
    found = {}
    for kind, keys in ((PIXELS, whole), (SERIES, series)):  # a UID says more, so it comes last
        for group in _shared(keys, patient_of):
            found |= {
                (a, b): kind
                for place, a in enumerate(group)
                for b in group[place + 1 :]
                if patient_of[a] != patient_of[b]
            }
    order = {image: place for place, image in enumerate(patient_of.index)}
    rows = sorted(((a, b, kind) for (a, b), kind in found.items()), key=lambda row: (order[row[0]], order[row[1]]))
    return pd.DataFrame(rows, columns=COLUMNS)


def _shared(keys: Mapping[str, str], patient_of: pd.Series) -> Iterable[list[str]]:
    """Return the groups of images that have one key, which is not empty, and several patients."""
    groups: dict[str, list[str]] = {}
    for image, key in keys.items():
        if key:
            groups.setdefault(key, []).append(image)
    return [group for group in groups.values() if patient_of[group].nunique() > 1]


def _digest(source: volumes.Source) -> str:
    """Return the SHA-256 of an image's size and values, as float32."""
    digest = hashlib.sha256(repr(source.geometry.size).encode())
    for values in source.volume():
        digest.update(values.astype("float32").tobytes())
    return digest.hexdigest()
