"""The simulated CT scanners: sampling, blur, noise texture and stored values."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import fft, ndimage

SIZE = 512  # rows and columns of a slice


@dataclass(frozen=True)
class Model:
    """What one scanner model does to every image."""

    name: str  # the `scanner` column of the case table
    manufacturer: str
    model: str
    kernel: str
    blur: float  # standard deviation of the point spread function, mm
    ramp: float  # exponent of the noise power spectrum's rise at low frequencies
    cutoff: float  # its roll-off, cycles per mm
    intercept: int  # HU of a stored 0
    signed: bool
    padding: int | None  # stored value outside the circle of reconstruction


MODELS = (
    Model("ge", "GE MEDICAL SYSTEMS", "LightSpeed VCT (simulated)", "STANDARD", 0.55, 1.0, 0.40, -1024, True, -2000),
    Model("siemens", "SIEMENS", "SOMATOM Definition (simulated)", "B30f", 0.70, 0.7, 0.27, -8192, False, None),
)


@dataclass(frozen=True)
class Protocol:
    """One scan's settings."""

    model: Model
    pixel: float  # mm
    distance: float  # between slices and their thickness, mm
    exposure: int  # mAs

    @property
    def noise(self) -> float:
        """Standard deviation of the noise in the liver, HU: quantum noise falls with dose and slice thickness."""
        return float(np.clip(12 * np.sqrt(250 / self.exposure * np.sqrt(2.5 / self.distance)), 8, 16))


def draw(rng: np.random.Generator, body_width: float) -> Protocol:
    """Draw the settings for a body ``body_width`` mm wide, in the paper's ranges of mAs and slice thickness."""
    model = MODELS[rng.integers(len(MODELS))]
    pixel = float(np.clip((body_width + rng.uniform(15, 90)) / SIZE, 0.6, 0.95))
    distance = float(rng.choice([1.25, 2.5, 3.75, 5.0] if model.name == "ge" else [1.5, 2.0, 3.0, 5.0]))
    return Protocol(model, round(pixel, 4), distance, int(rng.integers(140, 401)))


def noise(rng: np.random.Generator, protocol: Protocol, slices: int) -> np.ndarray:
    """Return (slices, SIZE, SIZE) float32 noise of unit variance with the model's power spectrum."""
    fx = fft.rfftfreq(SIZE, protocol.pixel).astype(np.float32)
    fy = fft.fftfreq(SIZE, protocol.pixel).astype(np.float32)[:, None]
    f = np.sqrt(fx * fx + fy * fy)
    power = (f + 0.02) ** protocol.model.ramp * np.exp(-((f / protocol.model.cutoff) ** 2))
    gain = np.sqrt(power / power.mean()).astype(np.float32)
    fields = []
    for _ in range(slices + 1):
        white = rng.standard_normal((SIZE, SIZE), dtype=np.float32)
        fields.append(fft.irfft2(fft.rfft2(white) * gain, s=(SIZE, SIZE)))
    # Neighbouring slices share a little of their data.
    return np.stack([0.98 * here + 0.2 * before for before, here in pairwise(fields)])


def acquire(clean: np.ndarray, texture: np.ndarray, protocol: Protocol) -> np.ndarray:
    """Return a slice as the scanner stores it, int32 (SIZE, SIZE).

    Parameters
    ----------
    clean
        float32 (SIZE, SIZE), HU.
    texture
        One slice of `noise`.
    """
    image = ndimage.gaussian_filter(clean, protocol.model.blur / protocol.pixel, truncate=3)
    axis = np.linspace(-1, 1, SIZE, dtype=np.float32)
    radius = axis**2 + axis[:, None] ** 2
    # Rays through the middle of the body are attenuated most; air beside it has little noise.
    level = protocol.noise * (1.15 - 0.45 * radius) * np.where(image < -900, 0.5, 1)
    stored = np.rint(image + level * texture).astype(np.int32)
    stored = np.clip(stored, -1024, 3071) - protocol.model.intercept
    if protocol.model.padding is not None:
        stored[radius > 1] = protocol.model.padding
    return stored
