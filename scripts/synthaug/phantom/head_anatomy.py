"""A simulated head in contrast-enhanced T1 weighting, as implicit functions sampled slice by slice, without lesions.

Coordinates are millimetres: x to the patient's left, y to the back, z to the head; the origin lies in the middle of the
brain. Values are relative to white matter, which is 1; air is 0. Vessels and choroid plexus are as bright as lesions.
"""

import numpy as np

from synthaug.phantom.canvas import Canvas, Waves, coverage, ellipse

SCALP, MARROW, BONE, FLUID, GRAY, WHITE, FALX, VESSEL = 1.5, 0.7, 0.12, 0.25, 0.82, 1.0, 1.15, 1.75
SKIN_MM, SKULL_MM, RIM_MM, CORTEX_MM = 5.0, 6.5, 2.5, 3.5  # thickness
WHOLE = (slice(None), slice(None))


class Head:
    """The anatomy of one patient, drawn from ``rng`` when the patient is made."""

    def __init__(self, rng: np.random.Generator):
        self.rx, self.ry, self.rz = rng.uniform(60, 70), rng.uniform(76, 88), rng.uniform(66, 76)  # of the brain
        self.turn = rng.uniform(-0.12, 0.12)
        self.centre = rng.uniform(-4, 4, 2)
        self.bend = Waves(rng, 2.0, (80, 180)), Waves(rng, 2.0, (80, 180))
        self.folds = Waves(rng, 4.5, (14, 34), count=10)
        self.texture = Waves(rng, 0.05, (4, 30), count=20)
        self.gray = GRAY * rng.uniform(0.94, 1.05)
        self.ventricles = rng.uniform(0.6, 1.5)  # older patients have larger ones
        self.gap = rng.uniform(0.6, 1.8)  # width of the sulci, mm
        self.vessels = self._vessels(rng)
        self.brightness = rng.uniform(0.85, 1.1)  # of what takes up contrast medium

    def _vessels(self, rng: np.random.Generator) -> np.ndarray:
        """Return vessels as tubes, (n, 5): angle and depth (0-1 of the way outwards), height, radius, length in mm."""
        count = int(rng.integers(25, 60))
        depth = np.sqrt(rng.uniform(0.2, 1.0, count))
        columns = rng.uniform(-np.pi, np.pi, count), depth, rng.uniform(-45, 65, count)
        return np.column_stack([*columns, rng.gamma(4, 0.28, count) + 0.5, rng.exponential(5, count)])

    def extent(self, z: float) -> float:
        """Return by how much the brain is narrower at height ``z`` than in its middle, 0 (nothing there) to 1."""
        return float(np.sqrt(max(0.0, 1 - (z / self.rz) ** 2)))

    def placed(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where points of the head lie in the image, mm, when it is turned and moved as the patient lay."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return cos * x - sin * y + self.centre[0], sin * x + cos * y + self.centre[1]

    def render(self, x: np.ndarray, y: np.ndarray, z: float) -> np.ndarray:
        """Return the slice at height ``z`` mm without lesions, float32 (rows, columns).

        Parameters
        ----------
        x, y
            (1, columns) and (rows, 1) float32, mm, ascending.
        """
        cos, sin = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        dx, dy = x - np.float32(self.centre[0]), y - np.float32(self.centre[1])
        u, v = cos * dx + sin * dy, cos * dy - sin * dx
        u, v = u + self.bend[0](x, y, z), v + self.bend[1](x, y, z)
        canvas = Canvas(x, y, u, v)
        canvas.image[:] = 0
        wide = self.extent(z)
        brain = ellipse(u, v, 0, 0, self.rx * wide, self.ry * wide)
        self._shells(canvas, brain)
        self._brain(canvas, brain, z)
        self._ventricles(canvas, z)
        self._vessels_at(canvas, z, wide)
        return canvas.image

    def _shells(self, canvas: Canvas, brain: np.ndarray) -> None:
        """Paint scalp, skull with its marrow, and the fluid around the brain."""
        skull = brain - np.float32(RIM_MM)
        canvas.paint(WHOLE, coverage(skull - SKULL_MM - SKIN_MM, 1.2), SCALP)
        canvas.paint(WHOLE, coverage(skull - SKULL_MM, 1.2), BONE)
        canvas.paint(WHOLE, coverage(np.abs(skull - SKULL_MM / 2) - 1.0, 1.2), MARROW)
        canvas.paint(WHOLE, coverage(skull, 1.2), FLUID)

    def _brain(self, canvas: Canvas, brain: np.ndarray, z: float) -> None:
        """Paint gray and white matter, sulci and the falx."""
        folds = self.folds(canvas.x, canvas.y, z)
        texture = 1 + self.texture(canvas.x, canvas.y, z)
        canvas.paint(WHOLE, coverage(brain, 1.2), self.gray * texture)
        canvas.paint(WHOLE, coverage(brain + CORTEX_MM + 2.2 + folds, 2.5), WHITE * texture)
        outer = coverage(-(brain + 13), 6)
        canvas.paint(WHOLE, outer * coverage(np.abs(folds - 2.5) - self.gap / 2, 1.5) * coverage(brain, 1.2), FLUID)
        canvas.paint(WHOLE, coverage(np.abs(canvas.bent_x) - 0.6, 1.2) * coverage(brain, 1.2) * outer, FALX)

    def _ventricles(self, canvas: Canvas, z: float) -> None:
        """Paint the lateral ventricles, with the choroid plexus in them, where the slice cuts them."""
        size = self.ventricles * np.sqrt(max(0.0, 1 - ((z - 12) / 22) ** 2))
        if size <= 0:
            return
        for side in (-1, 1):
            for y, length, width, angle in ((-16, 15, 4.0, 0.25), (14, 17, 4.6, -0.35)):
                shape = ellipse(
                    canvas.bent_x, canvas.bent_y, side * 9, y, width * size, length * (0.6 + 0.4 * size), side * angle
                )
                canvas.paint(WHOLE, coverage(shape, 1.2), FLUID)
            plexus = ellipse(canvas.bent_x, canvas.bent_y, side * 11, 17, 1.6 * size, 4.5 * size, -side * 0.35)
            canvas.paint(WHOLE, 0.8 * coverage(plexus, 1.5), VESSEL * self.brightness)

    def _vessels_at(self, canvas: Canvas, z: float, wide: float) -> None:
        """Paint the sagittal sinus, front and back, and those vessels that the slice cuts or runs along."""
        bright = VESSEL * self.brightness
        for y, width, length in ((self.ry * wide + 1, 3.0, 4.5), (-self.ry * wide - 0.5, 1.6, 2.6)):
            canvas.paint(WHOLE, coverage(ellipse(canvas.bent_x, canvas.bent_y, 0, y, width, length), 1.2), bright)
        for angle, depth, height, radius, length in self.vessels:
            if abs(z - height) > 5:
                continue
            x, y = depth * self.rx * wide * np.cos(angle), depth * self.ry * wide * np.sin(angle)
            along = angle + np.pi / 2 if depth > 0.8 else angle  # along the surface, or from it inwards
            tube = ellipse(canvas.bent_x, canvas.bent_y, x, y, radius + length / 2, radius, along)
            canvas.paint(WHOLE, coverage(tube, 1.5), bright)
