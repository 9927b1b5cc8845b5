"""Simulated liver lesions: cysts, metastases and hemangiomas in the portal phase.

What each class looks like follows section 2.1 of the reference paper. Metastases and hemangiomas overlap on purpose: a
metastasis may have an enhancing rim, calcifications or vessels at its margin, a hemangioma few or faint nodules.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

CLASSES = ("cyst", "metastasis", "hemangioma")
SHORTEST, LONGEST = 11.5, 99.0  # mm; within the paper's 10-102 by more than a pixel


@dataclass(frozen=True)
class Blob:
    """A bright ellipsoid in units of the lesion's radius: a nodule, a vessel or a calcification."""

    centre: np.ndarray
    radius: float
    stretch: float  # tangential over radial extent
    hu: float
    strength: float


@dataclass(frozen=True)
class Lesion:
    """One lesion; lengths in mm, densities in HU."""

    kind: str
    radius: float  # before `waves` and `squash`
    waves: np.ndarray  # (n, 5): direction vector, phase and amplitude of the outline's irregularity
    squash: np.ndarray  # (3,) relative half axes
    turn: float  # of the first axis from x to y, radians
    hu: float
    margin: float  # width of the transition to the parenchyma
    grain: np.ndarray = field(repr=False)  # (16, 16, 16) smooth noise of unit variance
    grain_hu: float
    rim_hu: float = 0.0  # enhancement of the rim over `hu`
    rim_depth: float = 0.1  # in units of the radius, as `core_size` and `core_at`
    rim_waves: np.ndarray | None = None  # its unevenness around the lesion, as `waves`
    core_hu: float = 0.0  # of a necrotic centre, relative to `hu`
    core_size: float = 0.5
    core_at: np.ndarray | None = None
    blobs: tuple[Blob, ...] = ()

    def outline(self, direction: np.ndarray) -> np.ndarray:
        """Return the relative radius (...) along unit vectors (3, ...)."""
        return 1 + _ripples(self.waves, direction)

    def depth(self, dx: np.ndarray, dy: np.ndarray, dz: float) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return where a slice cuts the lesion.

        Parameters
        ----------
        dx, dy, dz
            Distances from the centre in mm: (1, columns), (rows, 1) and one height.

        Returns
        -------
        The signed distance to the outline, mm, (rows, columns), and the position x, y, z in units of the radius.
        """
        cos, sin = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        axes = cos * dx + sin * dy, cos * dy - sin * dx, dz
        p = [offset / np.float32(self.radius * s) for offset, s in zip(axes, self.squash, strict=True)]
        p = np.broadcast_arrays(*p)
        length = np.sqrt(p[0] ** 2 + p[1] ** 2 + p[2] ** 2) + np.float32(1e-6)
        reach = self.outline(np.stack(p) / length)
        return (length - reach) * np.float32(self.radius), [axis / reach for axis in p]

    def shade(self, distance: np.ndarray, p: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return opacity (0-1) and density (HU), both (rows, columns), where `depth` gave ``distance`` and ``p``."""
        at = np.stack(p)
        grid = (at * 0.3 + 0.5) * (self.grain.shape[0] - 1)
        grain = ndimage.map_coordinates(self.grain, grid, order=1, mode="nearest")
        hu = self.hu + self.grain_hu * grain
        rho = np.sqrt((at**2).sum(0)) + np.float32(1e-6)
        if self.core_hu:
            off = np.sqrt(((at - self.core_at[:, None, None]) ** 2).sum(0))
            hu = hu + self.core_hu * _sigmoid((self.core_size - off) / 0.09)
        if self.rim_hu:
            ring = np.exp(-(((rho - 1 + self.rim_depth) / self.rim_depth) ** 2))
            hu = hu + self.rim_hu * ring * np.clip(0.6 + _ripples(self.rim_waves, at / rho), 0, 1.6)
        for blob in self.blobs:
            offset = at - blob.centre[:, None, None]
            outward = blob.centre / np.linalg.norm(blob.centre)
            radial = np.einsum("k,kyx->yx", outward, offset)
            across = np.maximum((offset**2).sum(0) - radial**2, 0)
            gap = np.sqrt(radial**2 + across / blob.stretch**2) / blob.radius - 1 + 0.25 * grain
            hu = hu + blob.strength * _sigmoid(-gap / 0.22) * (blob.hu - hu)
        return _sigmoid(-distance / np.float32(self.margin)), hu.astype(np.float32)


def draw(rng: np.random.Generator, kind: str, blood: float, longest: float = LONGEST) -> Lesion:
    """Draw a lesion of class ``kind`` in a patient whose vessels have ``blood`` HU, at most ``longest`` mm across."""
    diameter = float(np.clip(rng.lognormal(np.log(25), 0.55), SHORTEST, np.clip(longest, SHORTEST, LONGEST)))
    rough = {"cyst": (0.02, 0.09), "metastasis": (0.04, 0.13), "hemangioma": (0.05, 0.15)}[kind]
    waves = _draw_ripples(rng, rng.uniform(*rough), count=9)
    squash = np.array([1, rng.uniform(0.72, 1), rng.uniform(0.75, 1.1)], np.float32)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles), 0 * angles])
    edge = (ring[:2] * squash[:2, None] * (1 + _ripples(waves, ring))).T
    span = np.linalg.norm(edge[:, None] - edge[None], axis=2).max()
    size = {"kind": kind, "radius": diameter / span, "waves": waves, "squash": squash, "turn": rng.uniform(0, np.pi)}
    grain = ndimage.gaussian_filter(rng.normal(size=(16, 16, 16)), rng.uniform(0.7, 2.2), mode="wrap")
    grain = (grain / grain.std()).astype(np.float32)
    maker = {"cyst": _cyst, "metastasis": _metastasis, "hemangioma": _hemangioma}[kind]
    return Lesion(**size, **maker(rng, grain, diameter, blood))


def _cyst(rng: np.random.Generator, grain: np.ndarray, diameter: float, blood: float) -> dict:
    return {"hu": rng.uniform(0, 20), "margin": rng.uniform(0.15, 0.3), "grain": grain, "grain_hu": rng.uniform(0, 1.5)}


def _metastasis(rng: np.random.Generator, grain: np.ndarray, diameter: float, blood: float) -> dict:
    look = {
        "hu": rng.uniform(40, 78),
        "margin": float(np.clip(rng.uniform(0.04, 0.13) * diameter, 0.6, 6)),
        "grain": grain,
        "grain_hu": rng.uniform(4, 12),
    }
    if rng.random() < 0.45:
        look |= {"rim_hu": rng.uniform(20, 65), "rim_depth": rng.uniform(0.1, 0.22)}
        look |= {"rim_waves": _draw_ripples(rng, rng.uniform(0.1, 0.7), count=5)}
    if rng.random() < 0.40:
        look |= {"core_hu": rng.uniform(-28, -10), "core_size": rng.uniform(0.25, 0.6)}
        look |= {"core_at": rng.normal(0, 0.12, 3).astype(np.float32)}
    blobs = []
    if rng.random() < 0.12:
        centre = _directions(rng, 1)[0] * rng.uniform(0.1, 0.8)
        for _ in range(rng.integers(1, 5)):
            at = centre + rng.normal(0, 0.15, 3)
            blobs.append(Blob(at, rng.uniform(0.04, 0.11), 1.0, rng.uniform(180, 380), rng.uniform(0.5, 1)))
    if rng.random() < 0.30:
        for at in _directions(rng, rng.integers(1, 4)):
            radius = rng.uniform(0.06, 0.18)
            blobs.append(Blob(at * rng.uniform(0.6, 1.0), radius, rng.uniform(1, 2.5), blood, rng.uniform(0.4, 1)))
    return look | {"blobs": tuple(blobs)}


def _hemangioma(rng: np.random.Generator, grain: np.ndarray, diameter: float, blood: float) -> dict:
    look = {
        "hu": rng.uniform(40, 76),
        "margin": float(np.clip(rng.uniform(0.02, 0.07) * diameter, 0.4, 3)),
        "grain": grain,
        "grain_hu": rng.uniform(4, 12),
    }
    pattern = rng.choice(["faint", "nodular", "filling"], p=[0.28, 0.52, 0.20])
    number = {"faint": rng.integers(0, 3), "nodular": rng.integers(2, 9), "filling": rng.integers(4, 11)}[pattern]
    extent = {"faint": (0.07, 0.13), "nodular": (0.10, 0.21), "filling": (0.18, 0.34)}[pattern]
    bright = {"faint": (0.25, 0.6), "nodular": (0.65, 1.0), "filling": (0.6, 1.0)}[pattern]
    blobs = []
    for at in _directions(rng, number, crowd=rng.uniform(0, 1.2)):
        radius = rng.uniform(*extent)
        where = at * rng.uniform(0.98 - 1.2 * radius, 0.98 - 0.5 * radius)
        blobs.append(Blob(where, radius, rng.uniform(1, 2.6), blood - rng.uniform(0, 15), rng.uniform(*bright)))
    return look | {"blobs": tuple(blobs)}


def _directions(rng: np.random.Generator, count: int, crowd: float = 0.0) -> np.ndarray:
    """Return unit vectors (count, 3), most near the axial plane, where the key slice sees them."""
    vectors = rng.normal(size=(count, 3)) * [1, 1, 0.45] + crowd * rng.normal(size=3) * [1, 1, 0]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _draw_ripples(rng: np.random.Generator, amplitude: float, count: int) -> np.ndarray:
    direction = rng.normal(size=(count, 3))
    direction *= rng.uniform(1.5, 7, (count, 1)) / np.linalg.norm(direction, axis=1, keepdims=True)
    size = amplitude * rng.uniform(0.4, 1, (count, 1)) / np.sqrt(count / 2)
    return np.hstack([direction, rng.uniform(0, 2 * np.pi, (count, 1)), size]).astype(np.float32)


def _ripples(waves: np.ndarray, direction: np.ndarray) -> np.ndarray:
    total = 0.0
    for kx, ky, kz, phase, size in waves:
        total = total + size * np.sin(kx * direction[0] + ky * direction[1] + kz * direction[2] + phase)
    return total


def _sigmoid(value: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(4 * value, -30, 30)))
