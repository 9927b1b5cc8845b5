"""Random boxes on slices, and detections of them: near ones, duplicates, inventions, equal scores, empty slices."""

import numpy as np
import pandas as pd

from synthaug.detection.boxes import BOX


def tables(
    seed: int, slices: int = 30, classes: tuple[str, ...] = ("a", "b"), ignored: float = 0.2, digits: int = 1
) -> tuple[list[str], pd.DataFrame, pd.DataFrame]:
    """Return the slices, ``boxes.csv`` and ``detections.csv``; a third of the slices has no box, some no detection."""
    random = np.random.default_rng(seed)
    names, truth, found = [f"S{number:03}" for number in range(slices)], [], []
    for number, name in enumerate(names):
        boxes = np.zeros((0, 4))
        if number % 3:
            start, size = random.uniform(0, 48, (random.integers(1, 5), 2)), random.uniform(7, 16, 2)
            boxes = np.hstack([start, start + size]).round(2)
        for place, box in enumerate(boxes):
            cls, ignore = random.choice(classes), int(random.random() < ignored)
            truth.append((f"{name}-{place}", name, f"P{number // 6}", f"L{number // 2}", cls, *box, ignore))
            for _ in range(random.integers(0, 4)):  # more than one is a duplicate
                found.append((name, random.choice(classes), *(box + random.uniform(-3, 3, 4)).round(2)))
        for _ in range(random.integers(0, 4)):
            start, size = random.uniform(0, 48, 2), random.uniform(7, 16, 2)
            found.append((name, random.choice(classes), *start.round(2), *(start + size).round(2)))
    boxes = pd.DataFrame(truth, columns=["box", "slice", "patient", "lesion", "class", *BOX, "ignore"])
    detections = pd.DataFrame(found, columns=["slice", "class", *BOX])
    detections["score"] = random.uniform(0.05, 1, len(detections)).round(digits)  # with one, many are equal
    detections = detections.assign(set="test")
    return names, boxes, detections.sort_values(["slice", "score"], ascending=[True, False], ignore_index=True)
