"""Which values of an image become black and white."""

import numpy as np

from synthaug.errors import InputError


def limits(image: np.ndarray, intensity: dict) -> tuple[float, float]:
    """Return the values of ``image`` (the whole key slice) that become 0 and 1.

    Parameters
    ----------
    image
        (rows, columns), in the image's own units.
    intensity
        ``{"mode": "window", "low": HU, "high": HU}`` or ``{"mode": "percentile", "low": %, "high": %}``.

    Raises
    ------
    InputError
        If they are equal, as in a constant image.
    """
    if intensity["mode"] == "window":
        return float(intensity["low"]), float(intensity["high"])
    low, high = np.percentile(image, [intensity["low"], intensity["high"]])
    if not low < high:
        raise InputError(
            f"percentiles {intensity['low']} and {intensity['high']} are both {low:g}: expected an image with "
            "contrast; check the file or choose wider percentiles for intensity"
        )
    return float(low), float(high)


def unit(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """Map ``low`` to 0 and ``high`` to 1 and clip what lies beyond; float32 of the same shape."""
    return np.clip((image - np.float32(low)) / np.float32(high - low), 0, 1, dtype=np.float32)


def check_visible(seen: np.ndarray, image: np.ndarray, low: float, high: float) -> None:
    """Refuse, by an `InputError`, an image as networks see it that has one gray value only.

    Parameters
    ----------
    seen
        (rows, columns), in gray values.
    image
        The slice it was made from, in its own units; ``low`` and ``high`` became black and white.
    """
    if seen.min() == seen.max():
        raise InputError(
            f"expected an image with contrast, found the gray value {seen.min()} alone: of the slice's values, "
            f"{image.min():g} to {image.max():g}, {low:g} becomes black and {high:g} white; correct the intensity in "
            "the config, or the image's values"
        )
