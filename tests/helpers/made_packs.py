"""Packs of the reader study, built by the real code of a made-up cohort and made-up generators."""

import json
import sys

import numpy as np
import pandas as pd
from scipy import ndimage

from synthaug.readers import pack
from tests.helpers import forked

CLASSES = ["cyst", "metastasis", "hemangioma"]


def params(**changes):
    values = {
        "cohort": "made",
        "classes": CLASSES,
        "master_seed": 7,
        "margin": 0.25,
        "intensity": {"mode": "window", "low": -60, "high": 200},
        "unit": "HU",
        "generator": "dcgan",
        "real": 40,
        "synthetic": 40,
        "readers": 2,
        "repeats": 30,
        "training": 2,
    }
    return pack.Params(**{**values, **changes})


def pictures(number, random):
    """Return lesion-like images, all of one distribution."""
    noise = ndimage.gaussian_filter(random.standard_normal((number, 64, 64)), (0, 2, 2)) * 60
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    radius = random.uniform(0.3, 0.7, (number, 1, 1))
    depth = random.uniform(20, 90, (number, 1, 1))
    return np.clip(140 + noise - depth * (x**2 + y**2 < radius**2), 0, 255).astype(np.uint8)


def softened(images):
    """Smooth the middle of each image: whatever follows from its pixels, such as a compressed size, changes with it."""
    result = images.copy()
    result[:, 8:-8, 8:-8] = ndimage.gaussian_filter(images[:, 8:-8, 8:-8], (0, 2, 2))
    return result


def cohort(main=45, extra=3, seed=0, sources=((0, "12"), (0, "02"), (0, "01")), samples=20):
    """Return cases, their ROI images and synthetic pools; three lesions a patient, diameters in whole pixels.

    Synthetic images are `softened`, and unlike real ones in nothing else.
    """
    random = np.random.default_rng(seed)
    rows = []
    for cls in CLASSES:
        for i in range(main + extra):
            group = "main" if i < main else "extra"
            diameter = np.round(np.exp(random.normal(3 if group == "main" else 4.5, 0.3)))  # extra ones are large
            rows.append((f"{cls}-{i}", f"{cls}-{group}-{i // 3}", cls, group, 256.0, 256.0, diameter, 512, 512, 0.75))
    names = ["lesion", "patient", "class", "set", "center_x_px", "center_y_px", "diameter_px", "rows", "columns"]
    cases = pd.DataFrame(rows, columns=[*names, "spacing_x_mm"])
    pools = {(seed, folds, cls): softened(pictures(samples, random)) for seed, folds in sources for cls in CLASSES}
    return cases, pictures(len(cases), random), pools


def build(folder, seed=0, **changes):
    """Build a pack in ``folder`` / pack by its script, and key.csv beside it; return study.json and the key."""
    cases, roi_images, pools = cohort(extra=15, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    cases.to_csv(folder / "cases.csv", index=False)
    np.save(folder / "rois.npy", roi_images)
    command = [sys.executable, "scripts/build_reader_study.py", "--cases", folder / "cases.csv"]
    command += ["--roi-images", folder / "rois.npy", "--params", json.dumps(vars(params(master_seed=seed, **changes)))]
    command += ["--study", folder / "pack/study.json", "--images", folder / "pack/images", "--key", folder / "key.csv"]
    command.append("--synthetic")
    for number, ((repetition, folds, cls), images) in enumerate(pools.items()):
        np.save(folder / f"{number}.npy", images)
        command.append(f"{repetition}/{folds}/{cls}={folder / f'{number}.npy'}")
    forked.run(command, check=True)
    return json.loads((folder / "pack/study.json").read_text(encoding="utf-8")), read_key(folder)


def read_key(folder):
    return pd.read_csv(folder / "key.csv", dtype=str, keep_default_na=False)
