"""The simulated metastases of one head: enhancing balls, solid or ring-shaped, each of them cut by several slices."""

from dataclasses import dataclass

import numpy as np

from synthaug.phantom.canvas import coverage
from synthaug.phantom.head_anatomy import Head

LEAST_MM, MOST_MM = 7.2, 36.0  # diameter: 8 to 40 px of 0.9 mm, so that a slice of 64 px still shows them
COUNTS = {0: 0.18, 1: 0.3, 2: 0.2, 3: 0.14, 4: 0.09, 5: 0.05, 6: 0.04}  # lesions of a patient, and how frequent
RING_MM = 13.0  # from this diameter on half of the lesions have a dark core


@dataclass(frozen=True)
class Lesion:
    """One lesion.

    Attributes
    ----------
    x, y, z
        Its centre, mm, in the head's own axes.
    radius
        mm.
    bright
        Relative to white matter.
    core
        Radius of what does not enhance, over that of the lesion; 0 of a solid one.
    edge
        Width of its border, mm.
    """

    x: float
    y: float
    z: float
    radius: float
    bright: float
    core: float
    edge: float

    def radius_at(self, z: float) -> float:
        """Return the radius in mm of the disc in which the slice at height ``z`` cuts it, 0 if it does not."""
        return float(np.sqrt(max(0.0, self.radius**2 - (z - self.z) ** 2)))

    def is_seen(self, z: float) -> bool:
        """Return whether the disc is at least as large as the smallest lesion; smaller ones are not painted."""
        return self.radius_at(z) >= LEAST_MM / 2

    def box(self, head: Head, z: float) -> np.ndarray:
        """Return the smallest box around the disc, float64 (4,): x0, y0, x1, y1 in mm of the image."""
        x, y = head.placed(self.x, self.y)
        reach = self.radius_at(z)
        return np.array([x - reach, y - reach, x + reach, y + reach])

    def paint(self, image: np.ndarray, x: np.ndarray, y: np.ndarray, head: Head, z: float) -> None:
        """Paint the disc, and oedema around it, into a slice of `Head.render`, which is changed."""
        cx, cy = head.placed(self.x, self.y)
        distance = np.hypot(x - np.float32(cx), y - np.float32(cy))
        radius = self.radius_at(z)
        swollen = 0.5 * np.clip((1.8 * radius - distance) / (0.8 * radius), 0, 1) * (self.radius > 5)
        image += swollen * np.minimum(0, 0.8 - image)
        enhancing = coverage(distance - radius, self.edge)
        image += enhancing * (self.bright - image)
        if self.core:
            image += coverage(distance - self.core * radius, 2 * self.edge) * (0.6 - image)


def draw(rng: np.random.Generator, head: Head, heights: np.ndarray) -> list[Lesion]:
    """Draw the lesions of a head that is scanned at ``heights``, mm: inside the brain and apart from each other.

    Their diameters are spread evenly on a logarithmic scale. How bright they are depends on the patient most of all.
    """
    wanted = int(rng.choice(list(COUNTS), p=list(COUNTS.values())))
    uptake = rng.uniform(1.25, 1.75)
    found: list[Lesion] = []
    for _ in range(40 * wanted):
        if len(found) == wanted:
            break
        radius = float(np.exp(rng.uniform(np.log(LEAST_MM), np.log(MOST_MM)))) / 2
        slot = int(rng.integers(len(heights)))
        z = float(heights[slot] + rng.uniform(-0.6, 0.6) * np.sqrt(radius**2 - (LEAST_MM / 2) ** 2))
        angle, depth = rng.uniform(-np.pi, np.pi), np.sqrt(rng.uniform(0.03, 1))
        rx, ry = (side * head.extent(z) - radius - 2 for side in (head.rx, head.ry))
        core = rng.uniform(0.4, 0.75) if 2 * radius > RING_MM and rng.random() < 0.5 else 0.0
        bright = float(np.clip(uptake + rng.normal(0, 0.1), 1.15, 1.9))
        if rx <= 5 or ry <= 5:
            continue
        x, y = float(depth * rx * np.cos(angle)), float(depth * ry * np.sin(angle))
        apart = [np.linalg.norm([x - o.x, y - o.y, z - o.z]) > 1.5 * (radius + o.radius) for o in found]
        if all(apart):
            found.append(Lesion(x, y, z, radius, bright, float(core), float(rng.uniform(0.9, 1.8))))
    return found
