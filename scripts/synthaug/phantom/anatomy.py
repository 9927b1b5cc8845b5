"""Portal-phase upper-abdominal anatomy of a simulated patient, as implicit functions sampled slice by slice.

Coordinates are millimetres in the DICOM patient frame: x to the patient's left, y to the back, z to the head; the
origin lies in the middle of the body at the height of the liver's centre. Signed distances are negative inside.
"""

from collections.abc import Iterator

import numpy as np

from synthaug.phantom.canvas import (
    AIR,
    Box,
    Canvas,
    Waves,
    coverage,
    ellipse,
    ellipsoid,
    rounded,
    smooth_max,
    smooth_min,
)

LUNG, FAT, SKIN, MUSCLE, CORTEX = -820.0, -105.0, 10.0, 58.0, 420.0  # HU
WHOLE = (slice(None), slice(None))


class Anatomy:
    """The organs of one patient, all drawn from ``rng`` when the patient is made."""

    def __init__(self, rng: np.random.Generator):
        self.rx = rng.uniform(145, 182)
        self.ry = self.rx * rng.uniform(0.70, 0.86)
        self.fat = rng.uniform(8, 30)
        self.wall = rng.uniform(8, 13)
        self.blood = rng.uniform(145, 175)
        self.parenchyma = float(np.clip(rng.normal(110, 7), 92, 126))
        self.bend = Waves(rng, 5, (90, 220)), Waves(rng, 5, (90, 220))
        self.liver_bend = Waves(rng, 7, (50, 130)), Waves(rng, 7, (50, 130))
        self.surface = Waves(rng, 1.2, (25, 60))
        self.lobes = rng.uniform(0.9, 1.1, size=6)
        self.mottle = Waves(rng, 2.0, (8, 30), count=5)
        self.marrow = Waves(rng, 40, (3, 9), count=24)
        self.strands = Waves(rng, 16, (4, 16), count=8)
        self.kidneys = rng.uniform(-70, -25, size=2)
        self.stomach = rng.uniform(0.85, 1.2, size=3), rng.uniform(-30, 60), rng.uniform(-0.3, 0.3)
        self.ribs = rng.uniform(-0.12, 0.12, size=14) + np.linspace(0.05, 2 * np.pi + 0.05, 14, endpoint=False)
        self.loops = rng.uniform(size=(26, 6))
        self.dots = rng.uniform(size=(90, 4))
        self.vessels = self._grow_vessels(rng)

    def _cavity(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        inset = self.fat + self.wall
        return rounded(x, y, 0, -0.06 * self.ry, self.rx - inset, 0.94 * self.ry - inset)

    def liver(self, x: np.ndarray, y: np.ndarray, z: np.ndarray | float) -> np.ndarray:
        """Return the approximate signed distance (mm) to the liver, float32; the arrays, mm, broadcast."""
        a, b, lobes = self.rx - self.fat, self.ry - self.fat, self.lobes
        surface = self.surface(x, y, z)
        own_x, own_y = self.liver_bend[0](x, y, z), self.liver_bend[1](x, y, z)
        x, y = x + self.bend[0](x, y, z), y + self.bend[1](x, y, z)
        bx, by = x + own_x, y + own_y
        right = ellipsoid(
            bx, by, z, (-0.50 * a, -0.02 * b, 0), (0.52 * a * lobes[0], 0.82 * b * lobes[1], 105 * lobes[2])
        )
        left = ellipsoid(
            bx, by, z, (-0.06 * a, -0.48 * b, 18), (0.46 * a * lobes[3], 0.36 * b * lobes[4], 70 * lobes[5])
        )
        hilum = ellipse(bx, by, 0.12 * a, 0.28 * b, 0.38 * a, (0.44 - 0.0015 * z) * b)
        kidney = ellipsoid(x, y, z, (-0.40 * a, 0.50 * b, self.kidneys[0]), (33, 38, 58))
        liver = smooth_max(smooth_min(right, left, 30), -hilum, 14)
        muscle = ellipse(x, y, -31, 0.33 * self.ry + 46, 36, 27, -0.25)
        liver = smooth_max(smooth_max(liver, -kidney, 8), -muscle, 6)
        liver = smooth_max(liver, self._cavity(x, y) + 2.5, 4)
        return liver + surface

    def _grow_vessels(self, rng: np.random.Generator) -> np.ndarray:
        """Return the portal and hepatic veins as segments ``(n, 7)``: both ends and the radius, mm."""
        a, b = self.rx - self.fat, self.ry - self.fat
        hilum, cava = (-0.26 * a, 0.02 * b, -5.0), (-0.22 * a, 0.10 * b, 50.0)
        starts = [
            (hilum, (-1.0, 0.25, -0.25), 6.0), (hilum, (-1.0, -0.1, 0.5), 5.5), (hilum, (0.15, -1.0, 0.3), 5.0),
            (hilum, (-0.7, -0.7, -0.3), 4.5), (cava, (-1.0, 0.2, -0.5), 5.0), (cava, (-0.6, -0.9, -0.4), 4.5),
            (cava, (0.3, -1.0, -0.2), 4.5),
        ]  # fmt: skip
        point = np.array([start[0] for start in starts]) + rng.normal(0, 5, (len(starts), 3))
        heading = np.array([start[1] for start in starts])
        radius = np.array([start[2] for start in starts]) * rng.uniform(0.65, 1.0, len(starts))
        segments = []
        for _ in range(16):
            heading = heading + rng.normal(0, 0.22, heading.shape)
            heading /= np.linalg.norm(heading, axis=1, keepdims=True)
            end = point + heading * (8 + 2 * rng.random((len(point), 1)))
            segments.append(np.column_stack([point, end, radius]))
            # A branch takes a part of the cross-section; the trunk keeps the rest and bends the other way.
            side = np.cross(heading, rng.normal(size=heading.shape))
            side /= np.linalg.norm(side, axis=1, keepdims=True)
            splits = rng.random(len(point)) < 0.42
            share = rng.uniform(0.45, 0.8, len(point))
            point = np.concatenate([end, end[splits]])
            heading = np.concatenate([heading - 0.35 * splits[:, None] * side, (heading + 0.8 * side)[splits]])
            trunk = np.where(splits, np.maximum(1 - share**2.5, 0.3) ** 0.4, 0.97)
            radius = np.concatenate([radius * trunk, (radius * share)[splits]])
            alive = (radius > 0.55) & (self.liver(*point.T) < 0)
            point, heading, radius = point[alive], heading[alive], radius[alive]
            if not len(point):
                break
        return np.concatenate(segments).astype(np.float32)

    def render(self, x: np.ndarray, y: np.ndarray, z: float, thickness: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the slice at height ``z`` without lesions.

        Parameters
        ----------
        x, y : (1, columns) and (rows, 1) float32, mm, ascending
        z, thickness : mm

        Returns
        -------
        image : (rows, columns) float32, HU, before blur and noise
        liver : (rows, columns) float32, signed distance to the liver, mm
        """
        z = np.float32(z)
        canvas = Canvas(x, y, x + self.bend[0](x, y, z), y + self.bend[1](x, y, z))
        self._trunk(canvas, z)
        self._left_side(canvas, z)
        self._spine(canvas, z)
        liver = self.liver(x, y, z)
        canvas.paint(WHOLE, coverage(liver), self.parenchyma + self.mottle(x, y, z))
        for where, alpha in self._vessels_in(canvas, z, thickness):
            canvas.paint(where, alpha * coverage(liver[where] + 1), self.blood)
        return canvas.image, liver

    def _trunk(self, canvas: Canvas, z: float) -> None:
        x, y = canvas.bent_x, canvas.bent_y
        body = rounded(x, y, 0, 0, self.rx, self.ry)
        strands = self.strands(canvas.x, canvas.y, z)
        canvas.paint(WHOLE, coverage(body), SKIN)
        canvas.paint(WHOLE, coverage(body + 1.8), FAT + 0.4 * strands)
        outer = rounded(x, y, 0, -0.02 * self.ry, self.rx - self.fat, 0.96 * self.ry - self.fat)
        canvas.paint(WHOLE, coverage(outer), MUSCLE + 0.4 * strands)
        cavity = self._cavity(x, y)
        canvas.paint(WHOLE, coverage(cavity), FAT + 0.5 * strands)
        # The lungs' bases reach down behind the liver and the spleen.
        recess = np.maximum(cavity + 2, -rounded(x, y, 0, -0.14 * self.ry - 0.1 * z, self.rx - 40, 0.86 * self.ry - 40))
        canvas.paint(WHOLE, coverage(np.maximum(recess, -y + 0.25 * self.ry), 1.5) * (z > -5), LUNG)
        ring_x, ring_y = self.rx - self.fat - 0.55 * self.wall, 0.94 * self.ry - self.fat - 0.55 * self.wall
        for index, angle in enumerate(self.ribs):
            turn = angle + 0.012 * (z + 11 * (index % 3))
            cx, cy = ring_x * np.cos(turn) * 1.03, ring_y * np.sin(turn) * 1.03 - 0.04 * self.ry
            if cy < -0.6 * self.ry:
                continue
            tangent = np.arctan2(ring_y * np.cos(turn), -ring_x * np.sin(turn))
            canvas.ellipse(cx, cy, 9, 3.6, CORTEX, tangent)
            canvas.ellipse(cx, cy, 6.8, 2.0, 190, tangent)

    def _left_side(self, canvas: Canvas, z: float) -> None:
        """Paint bowel, mesentery, spleen, stomach and kidneys."""
        a, b = self.rx - self.fat - self.wall, self.ry - self.fat - self.wall
        for u, v, size, bright, level, turn in self.loops:
            height = abs(z - 170 * level + 125)
            radius = (9 + 11 * size) * np.sqrt(max(0.0, 1 - (height / 60) ** 2))
            where = (-0.15 + 0.85 * u) * a, (-0.70 + 0.75 * v) * b
            canvas.ellipse(*where, radius, 0.75 * radius, 75 + 30 * bright, 3 * turn)
            canvas.ellipse(*where, radius - 3, 0.75 * radius - 3, (-60, 15, 35)[int(3 * bright)], 3 * turn)
        for u, v, size, _ in self.dots[np.abs(z - 120 * self.dots[:, 3] + 70) < 25]:
            where = (-0.1 + 0.8 * u) * a, (-0.6 + 0.9 * v) * b
            canvas.ellipse(*where, 1.2 + 1.8 * size, 1.2 + 1.2 * size, self.blood)
        spleen = ellipsoid(canvas.bent_x, canvas.bent_y, z, (0.62 * a, 0.22 * b, 20), (0.36 * a, 0.60 * b, 62))
        hollow = ellipse(canvas.bent_x, canvas.bent_y, 0.40 * a, 0.05 * b, 0.36 * a, 0.55 * b, 0.2)
        spleen = smooth_max(smooth_max(spleen, -hollow, 10), self._cavity(canvas.bent_x, canvas.bent_y) + 3, 4)
        canvas.paint(WHOLE, coverage(spleen), 122 + self.mottle(canvas.x, canvas.y, z))
        (wide, deep, tall), height, tilt = self.stomach
        shrink = np.sqrt(max(0.0, 1 - ((z - height) / (75 * tall)) ** 2))
        rx, ry, cx, cy = 0.30 * a * wide * shrink, 0.36 * b * deep * shrink, 0.40 * a, -0.30 * b
        canvas.ellipse(cx, cy, rx, ry, 88, tilt)
        canvas.ellipse(cx, cy, rx - 5, ry - 5, 18, tilt)
        if min(rx, ry) > 20:
            where = canvas.box(cx, cy, max(rx, ry) + 12)
            lumen = ellipse(canvas.bent_x[where], canvas.bent_y[where], cx, cy, rx - 5, ry - 5, tilt)
            gas = np.maximum(lumen, canvas.y[where[0]] - np.float32(cy - 0.45 * ry))
            canvas.paint(where, coverage(gas, 1.2), AIR)
        for side, height in zip((-1, 1), self.kidneys + np.array([0, 15]), strict=True):
            shrink = np.sqrt(max(0.0, 1 - ((z - height) / 54) ** 2))
            cx, cy, turn = side * 0.46 * a, 0.56 * b, side * 0.5
            canvas.ellipse(cx, cy, 26 * shrink, 32 * shrink, 195, turn)
            for angle in np.linspace(0, 2 * np.pi, 7, endpoint=False) + height:
                reach = 15 * shrink
                canvas.ellipse(cx + reach * np.cos(angle), cy + reach * np.sin(angle), 5 * shrink, 5 * shrink, 160)
            canvas.ellipse(cx - side * 9 * shrink, cy - 5, 8 * shrink, 15 * shrink, FAT + 30, turn + side * 0.3, edge=7)

    def _spine(self, canvas: Canvas, z: float) -> None:
        b = self.ry
        centre = 0.33 * b
        skin = rounded(canvas.bent_x, canvas.bent_y, 0, 0, self.rx, self.ry) + 0.45 * self.fat + 4
        strands = self.strands(canvas.x, canvas.y, z)
        for side in (-1, 1):
            muscle = ellipse(canvas.bent_x, canvas.bent_y, side * 31, centre + 46, 33, 24, side * 0.25)
            canvas.paint(WHOLE, coverage(smooth_max(muscle, skin, 12)), MUSCLE + 0.6 * strands)
            canvas.ellipse(side * 25, centre - 2, 11, 17, MUSCLE, side * -0.3)
        for part in (  # the processes and the pedicles, then the canal
            (0, centre + 55, 3.5, 16, 0), (-12, centre + 35, 17, 4.5, -0.5), (12, centre + 35, 17, 4.5, 0.5),
            (-16, centre + 21, 5, 11, 0), (16, centre + 21, 5, 11, 0),
        ):  # fmt: skip
            canvas.ellipse(*part[:4], CORTEX, part[4])
            canvas.ellipse(part[0], part[1], part[2] - 2, part[3] - 2, 210, part[4])
        canvas.ellipse(0, centre + 25, 11, 9, 25)
        canvas.ellipse(0, centre, 24, 18, CORTEX)
        where = canvas.box(0, centre, 40)
        inside = ellipse(canvas.bent_x[where], canvas.bent_y[where], 0, centre, 22, 16)
        canvas.paint(where, coverage(inside, 1.5), 200 + self.marrow(canvas.x[:, where[1]], canvas.y[where[0]], z))
        canvas.ellipse(6, centre - 30, 11.5, 11, self.blood + 5)
        canvas.ellipse(-0.2 * self.rx + 4, centre - 32, 14, 11, self.blood - 15, 0.3)

    def _vessels_in(self, canvas: Canvas, z: float, thickness: float) -> Iterator[tuple[Box, np.ndarray]]:
        start, end, radius = self.vessels[:, :3], self.vessels[:, 3:6], self.vessels[:, 6]
        low, high = np.minimum(start[:, 2], end[:, 2]) - radius, np.maximum(start[:, 2], end[:, 2]) + radius
        for index in np.flatnonzero((low < z + thickness / 2) & (high > z - thickness / 2)):
            p, along, r = start[index], end[index] - start[index], radius[index]
            middle = p + along / 2
            where = canvas.box(middle[0], middle[1], np.linalg.norm(along) / 2 + r + 2)
            dx, dy = canvas.x[:, where[1]] - p[0], canvas.y[where[0]] - p[1]
            # Averaged over the slice thickness, which is what makes vessels that cross a thick slice faint.
            alpha = 0.0
            for dz in z - p[2] + thickness * np.array([-0.33, 0, 0.33], np.float32):
                t = np.clip((dx * along[0] + dy * along[1] + dz * along[2]) / (along @ along), 0, 1)
                gap = np.sqrt((dx - t * along[0]) ** 2 + (dy - t * along[1]) ** 2 + (dz - t * along[2]) ** 2)
                alpha = alpha + coverage(gap - r) / 3
            yield where, alpha
