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
