"""Drawing one simulated slice: implicit shapes, smooth random fields and the painting of shapes onto a grid of HU.

A signed distance (mm) is negative inside its shape; those of ellipses are approximate away from the edge.
"""

import numpy as np

AIR = -1000.0
Box = tuple[slice, slice]  # rows and columns


def smooth_min(first: np.ndarray, second: np.ndarray, width: float) -> np.ndarray:
    """Return the union of two signed distances, rounded over ``width`` mm."""
    overlap = np.maximum(width - np.abs(first - second), 0)
    return np.minimum(first, second) - overlap * overlap / (4 * width)


def smooth_max(first: np.ndarray, second: np.ndarray, width: float) -> np.ndarray:
    """Return the intersection of two signed distances, rounded over ``width`` mm."""
    return -smooth_min(-first, -second, width)


def coverage(distance: np.ndarray, width: float = 0.8) -> np.ndarray:
    """Return the fraction (0-1) of a pixel inside, for an edge ``width`` mm wide."""
    return np.clip(0.5 - distance / width, 0, 1)


class Waves:
    """A smooth random field: a sum of plane waves, roughly within ±``amplitude``."""

    def __init__(self, rng: np.random.Generator, amplitude: float, wavelengths: tuple[float, float], count: int = 4):
        direction = rng.normal(size=(count, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        self.k = (direction * 2 * np.pi / rng.uniform(*wavelengths, size=(count, 1))).astype(np.float32)
        self.phase = rng.uniform(0, 2 * np.pi, count).astype(np.float32)
        self.amplitude = np.float32(amplitude / np.sqrt(count))

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray | float) -> np.ndarray:
        """Return the field, at points or on a slice.

        Parameters
        ----------
        x, y, z
            mm. Points: (n,) each. A slice: (1, columns), (rows, 1) and one height.

        Returns
        -------
        float32 (n,) or (rows, columns).
        """
        shape = (-1, *[1] * np.ndim(x))
        kx, ky, kz, phase = (part.reshape(shape) for part in (*self.k.T, self.phase))
        a, b = kx * x + phase, ky * y + kz * z
        if np.ndim(x) == 1:
            return self.amplitude * np.sin(a + b).sum(0)
        # sin(a + b) from the sines of its parts leaves products of the rows' and the columns' sines. Not by BLAS, whose
        # threads would fight over a busy machine's cores.
        a, b = a[:, 0], b[:, :, 0]
        rows, columns = np.concatenate([np.cos(b), np.sin(b)]), np.concatenate([np.sin(a), np.cos(a)])
        return np.einsum("ky,kx->yx", self.amplitude * rows, columns)


class Canvas:
    """One slice in the making: float32 HU on a pixel grid, and the bent coordinates in which organs are drawn.

    Parameters
    ----------
    x, y
        float32 (1, columns) and (rows, 1): where the pixels are, mm, ascending.
    bent_x, bent_y
        float32 (rows, columns): the same, moved by the patient's own irregularity.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, bent_x: np.ndarray, bent_y: np.ndarray):
        self.x, self.y, self.bent_x, self.bent_y = x, y, bent_x, bent_y
        self.image = np.full(bent_x.shape, AIR, np.float32)

    def box(self, x: float, y: float, reach: float) -> Box:
        """Return the rows and columns within ``reach`` mm of a point."""
        columns = np.searchsorted(self.x.ravel(), (x - reach, x + reach))
        rows = np.searchsorted(self.y.ravel(), (y - reach, y + reach))
        return slice(*rows), slice(*columns)

    def paint(self, where: Box, alpha: np.ndarray, hu: np.ndarray | float) -> None:
        """Blend ``hu`` over the pixels ``where``, each with its opacity ``alpha`` (0-1)."""
        self.image[where] += alpha * (hu - self.image[where])

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, hu: float, angle: float = 0.0, edge: float = 0.8
    ) -> None:
        """Fill an ellipse with half axes ``rx``, ``ry`` mm turned by ``angle`` radians."""
        if rx <= 0 or ry <= 0:
            return
        where = self.box(x, y, max(rx, ry) + 12)
        self.paint(where, coverage(ellipse(self.bent_x[where], self.bent_y[where], x, y, rx, ry, angle), edge), hu)


def ellipse(x: np.ndarray, y: np.ndarray, cx: float, cy: float, rx: float, ry: float, angle: float = 0.0) -> np.ndarray:
    """Return the approximate signed distance (mm) to an ellipse, half axes ``rx`` and ``ry``, turned by ``angle``."""
    dx, dy = x - np.float32(cx), y - np.float32(cy)
    u, v = dx, dy
    if angle:
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        u, v = cos * dx + sin * dy, cos * dy - sin * dx
    u, v = u * np.float32(1 / rx), v * np.float32(1 / ry)
    return (np.sqrt(u * u + v * v) - 1) * np.float32(np.sqrt(rx * ry))


def rounded(x: np.ndarray, y: np.ndarray, cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
    """Return the approximate signed distance (mm) to a shape between an ellipse and a rounded box, such as a trunk."""
    u, v = (x - np.float32(cx)) * np.float32(1 / rx), (y - np.float32(cy)) * np.float32(1 / ry)
    u, v = u * u, v * v
    return (0.5 * np.sqrt(u + v) + 0.5 * np.sqrt(np.sqrt(u * u + v * v)) - 1) * np.float32(np.sqrt(rx * ry))


def ellipsoid(
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray | float,
    centre: tuple[float, float, float],
    radii: tuple[float, float, float],
) -> np.ndarray:
    """Return the approximate signed distance (mm) to an ellipsoid whose half axes ``radii`` lie along x, y and z."""
    u, v, w = ((p - np.float32(c)) * np.float32(1 / r) for p, c, r in zip((x, y, z), centre, radii, strict=True))
    return (np.sqrt(u * u + v * v + w * w) - 1) * np.float32(np.sqrt(radii[0] * radii[1]))
