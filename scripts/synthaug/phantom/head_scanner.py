"""The simulated MR scanners of heads: sampling, blur, uneven coil sensitivity, noise and stored gray levels."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from synthaug.phantom.canvas import Waves

SIZE, PIXEL = 256, 0.9  # rows and columns of a slice; mm


@dataclass(frozen=True)
class Model:
    """What one scanner does to every image."""

    name: str  # the `scanner` column of the case table
    blur: float  # standard deviation of the point spread function, mm
    noise: float  # standard deviation in each of the two channels, relative to white matter
    uneven: float  # of the coil's sensitivity, relative


MODELS = (Model("north", 0.55, 0.03, 0.12), Model("south", 0.75, 0.045, 0.2))


@dataclass(frozen=True)
class Protocol:
    """One scan's settings: ``distance`` of slices in mm, ``gain`` of the stored levels, of white matter."""

    model: Model
    distance: float
    gain: float


def draw(rng: np.random.Generator) -> Protocol:
    """Draw the settings of one scan."""
    return Protocol(MODELS[rng.integers(len(MODELS))], float(rng.uniform(5, 8)), float(rng.uniform(85, 125)))


def acquire(rng: np.random.Generator, clean: np.ndarray, z: float, protocol: Protocol, coil: Waves) -> np.ndarray:
    """Return a slice as it is exported, uint8 (SIZE, SIZE).

    Parameters
    ----------
    clean
        float32 (SIZE, SIZE), relative to white matter.
    z
        Its height, mm.
    coil
        The patient's own pattern of the coil's sensitivity, of amplitude 1.
    """
    model = protocol.model
    axis = grid()
    sensitivity = 1 + model.uneven * coil(axis[None, :], axis[:, None], z)
    image = ndimage.gaussian_filter(clean, model.blur / PIXEL, truncate=3) * sensitivity
    noise = model.noise * rng.standard_normal((2, SIZE, SIZE), dtype=np.float32)
    magnitude = np.hypot(image + noise[0], noise[1])
    return np.clip(np.rint(protocol.gain * magnitude), 0, 255).astype(np.uint8)


def grid() -> np.ndarray:
    """Return where the pixels of a row or column lie, mm, ascending, 0 in the middle: float32 (SIZE,)."""
    return (PIXEL * (np.arange(SIZE) - (SIZE - 1) / 2)).astype(np.float32)
