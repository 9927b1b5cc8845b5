"""Small packs of made-up pixels for the tests of the reader study."""

import json
from pathlib import Path

import numpy as np
from skimage import io

from tests.helpers import made_packs

CLASSES = ["cyst", "metastasis", "hemangioma"]


def made_up(rng: np.random.Generator) -> np.ndarray:
    """Return 64x64 uint8: a disc on a slope, with noise; no picture of anyone."""
    y, x = np.mgrid[:64, :64] - rng.uniform(28, 36, (2, 1, 1))
    disc = np.hypot(x, y * rng.uniform(0.8, 1.2)) < rng.uniform(10, 20)
    image = 120 + 0.4 * x + rng.uniform(-70, 70) * disc + rng.normal(0, 8, (64, 64))
    return np.clip(image, 0, 255).astype(np.uint8)


def write_pack(folder: Path, *, seed: int = 1, images: int = 4, repeats: int = 1, practice: int = 2, **changes) -> dict:
    """Write a pack for two readers into ``folder`` and return its study.json; ``changes`` replace top-level keys."""
    rng = np.random.default_rng(seed)
    ids = [rng.bytes(8).hex() for _ in range(images + practice)]
    shown = ids[:images]
    study = {
        "cohort": "made-up",
        "classes": CLASSES,
        "window": {"low": -60, "high": 200, "unit": "HU"},
        "readers": ["reader-1", "reader-2"],
        "presentations": {
            reader: [*rng.permutation(shown).tolist(), *rng.permutation(shown).tolist()[:repeats]]
            for reader in ("reader-1", "reader-2")
        },
        "images": {image: {"width_mm": 40.0 + place} for place, image in enumerate(ids)},
        "training": [
            {"image": image, "class": CLASSES[place % 3], "origin": ("real", "synthetic")[place % 2]}
            for place, image in enumerate(ids[images:])
        ],
        **changes,
    }
    (folder / "images").mkdir(parents=True)
    for image in ids:
        io.imsave(folder / "images" / f"{image}.png", made_up(rng), check_contrast=False)
    (folder / "study.json").write_text(json.dumps(study), encoding="utf-8")
    return study


def build_pack(folder: Path, **changes) -> dict:
    """Build a pack into ``folder`` by the rule's script, of a made-up cohort, and return its study.json."""
    study, _ = made_packs.build(folder.parent, **changes)
    return study


def build_pack_of_slices(folder: Path, **changes) -> dict:
    """Build a pack of slices into ``folder`` by the rule's script, and return its study.json."""
    study, _ = made_packs.build_slices(folder.parent, **changes)
    return study
