"""Packs of the reader study, built by the real code of a made-up cohort and made-up generators."""

import json
import sys

import numpy as np
import pandas as pd
from scipy import ndimage

from synthaug.readers import pack, shown_rois
from tests.helpers import forked

CLASSES = ["cyst", "metastasis", "hemangioma"]


MARGIN = 0.25


def params(**changes):
    values = {
        "cohort": "made",
        "subject": "lesion",
        "classes": CLASSES,
        "master_seed": 7,
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
    cases = cases.assign(spacing_y_mm=cases["spacing_x_mm"])
    pools = {(seed, folds, cls): softened(pictures(samples, random)) for seed, folds in sources for cls in CLASSES}
    return cases, pictures(len(cases), random), pools


def made(cases, roi_images, pools, asked):
    """Build a pack in memory of what `cohort` returns."""
    pools = {source: pack.Pool(images, np.arange(len(images))) for source, images in pools.items()}
    return pack.build(shown_rois.real(cases, roi_images, MARGIN), pools, asked)


def build(folder, seed=0, **changes):
    """Build a pack in ``folder`` / pack by its script, and key.csv beside it; return study.json and the key."""
    cases, roi_images, pools = cohort(extra=15, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    cases.to_csv(folder / "cases.csv", index=False)
    np.save(folder / "rois.npy", roi_images)
    asked = json.dumps({**vars(params(master_seed=seed, **changes)), "margin": MARGIN})
    command = [sys.executable, "scripts/build_reader_study.py", "--units", folder / "cases.csv"]
    command += ["--unit-images", folder / "rois.npy", "--params", asked]
    command += ["--study", folder / "pack/study.json", "--images", folder / "pack/images", "--key", folder / "key.csv"]
    command.append("--synthetic")
    for number, ((repetition, folds, cls), images) in enumerate(pools.items()):
        np.save(folder / f"{number}.npy", images)
        command.append(f"{repetition}/{folds}/{cls}={folder / f'{number}.npy'}")
    forked.run(command, check=True)
    return json.loads((folder / "pack/study.json").read_text(encoding="utf-8")), read_key(folder)


def slices(number=60, side=32, seed=0, sources=((0, "12"), (1, "02")), samples=40):
    """Return slices.csv with ``number`` slices, their images, which of them show a lesion, and synthetic ones likewise.

    Three slices a patient; the last of each shows no lesion, nor does every fourth synthetic one. Synthetic images are
    softened in their middles, and unlike real ones in nothing else.
    """
    random = np.random.default_rng(seed)

    def drawn(count):
        noise = ndimage.gaussian_filter(random.standard_normal((count, side, side)), (0, 1, 1)) * 60
        return np.clip(120 + noise, 0, 255).astype(np.uint8)

    names = [(f"S{i:03}", f"P{i // 3:03}", "main") for i in range(number)]
    table = pd.DataFrame(names, columns=["slice", "patient", "set"]).assign(pixel_mm=0.5)
    pools = {}
    for source in sources:
        images = drawn(samples)
        images[:, 4:-4, 4:-4] = ndimage.gaussian_filter(images[:, 4:-4, 4:-4], (0, 1, 1))
        pools[source] = images, np.arange(samples) % 4 != 3
    return table, drawn(number), np.arange(number) % 3 != 2, pools


def build_slices(folder, task="detection", seed=0, side=32, number=60, samples=40, **changes):
    """Build a pack of slices in ``folder`` / pack by the script of ``task``, and key.csv beside it; return both."""
    table, images, with_lesion, pools = slices(number, side, seed, samples=samples)
    asked = params(subject="slice", classes=[], master_seed=seed, unit="", intensity={"mode": "percentile"}, **changes)
    units = save_slices(folder / "slices", images, with_lesion, table.assign(boxes=2 * with_lesion))
    command = [sys.executable, f"scripts/build_reader_study_{task}.py", "--units", units / "slices.csv"]
    command += ["--unit-images", units / "images.npy", "--params", json.dumps(vars(asked))]
    command += ["--study", folder / "pack/study.json", "--images", folder / "pack/images", "--key", folder / "key.csv"]
    command.append("--synthetic")
    for (repetition, folds), (made_of, kept) in pools.items():
        made_in = save_slices(folder / f"{repetition}-{folds}", made_of, kept)
        command.append(f"{repetition}/{folds}/all={made_in / 'images.npy'}")
    forked.run(command, check=True)
    return json.loads((folder / "pack/study.json").read_text(encoding="utf-8")), read_key(folder)


def save_slices(folder, images, with_lesion, table=None):
    """Write images, label maps and boxes as both tasks have them, two lesions on each slice that has any."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.zeros(images.shape, np.uint8)
    labels[with_lesion, 8:12, 8:12], labels[with_lesion, 20:24, 20:24] = 1, 2
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)
    samples = np.repeat(np.flatnonzero(with_lesion), 2)
    corners = {"class": "glioma", "x0": 8, "y0": 8, "x1": 12, "y1": 12}
    pd.DataFrame({"sample": samples}).assign(**corners).to_csv(folder / "boxes.csv", index=False)
    if table is not None:
        table.to_csv(folder / "slices.csv", index=False)
    return folder


def read_key(folder):
    return pd.read_csv(folder / "key.csv", dtype=str, keep_default_na=False)
