"""The built-in cohort: simulated patients with liver lesions, written as DICOM series, label masks and a case table."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.phantom import lesion_models, scanner, series
from synthaug.phantom.anatomy import Anatomy
from synthaug.phantom.lesion_models import Lesion
from synthaug.phantom.scanner import SIZE, Protocol

Point = tuple[float, float, float]  # x, y, z in mm

CT, MASK = "ct", "lesions.nii.gz"  # in a patient's folder
COLUMNS = ["lesion", "patient", "class", "image", "mask", "label", "set", "scanner"]


@dataclass(frozen=True)
class Params:
    """How many patients and lesions there are."""

    master_seed: int
    lesions: dict[str, int]  # main lesions of each class
    extra: dict[str, int]  # lesions of each class in patients of the extra set
    slices: int  # of each series

    def __post_init__(self) -> None:
        for key in ("lesions", "extra"):
            for name, count in getattr(self, key).items():
                if name not in lesion_models.CLASSES:
                    known = ", ".join(lesion_models.CLASSES)
                    raise InputError(f"phantom {key}: expected the classes {known}, found {name}; correct the config")
                if count < 0:
                    raise InputError(f"phantom {key}: expected a count of 0 or more for {name}, found {count}")
        if self.slices < 1:
            raise InputError(f"phantom slices: expected 1 or more, found {self.slices}")


@dataclass(frozen=True)
class Scan:
    """One patient's images.

    Attributes
    ----------
    stored
        int32 (slices, rows, columns), slice 0 lowest: the values as in the files.
    mask
        uint8 of the same shape: 0, or i where lesion i is.
    origin
        x, y, z of the first pixel's centre in the lowest slice, mm.
    """

    stored: np.ndarray
    mask: np.ndarray
    origin: tuple[float, float, float]
    protocol: Protocol


def plan(params: Params) -> Iterator[tuple[str, str, list[str]]]:
    """Yield ``(patient, set, classes of its lesions)`` until the counts are met.

    The lesions of a patient depend on the master seed and the patient's number alone. A patient with more lesions than
    are still wanted is left out as a whole, so other counts choose among the same patients and never change one.
    """
    for group, wanted, letter in (("main", params.lesions, "P"), ("extra", params.extra, "E")):
        left = {kind: wanted.get(kind, 0) for kind in lesion_models.CLASSES}
        number = 0
        while any(left.values()):
            number += 1
            patient = f"{letter}{number:03d}"
            kinds = _findings(params.master_seed, patient)
            if all(kinds.count(kind) <= left[kind] for kind in kinds):
                for kind in kinds:
                    left[kind] -= 1
                yield patient, group, kinds


def _findings(master_seed: int, patient: str) -> list[str]:
    rng = seeding.stream(master_seed, "phantom", patient, "findings")
    kinds = [str(rng.choice(lesion_models.CLASSES))]
    for _ in range(rng.choice([0, 1, 2], p=[0.55, 0.28, 0.17])):
        kinds.append(kinds[0] if rng.random() < 0.7 else str(rng.choice(lesion_models.CLASSES)))
    return kinds


def simulate(master_seed: int, patient: str, kinds: list[str], slices: int) -> Scan:
    """Return the scan of a patient with one lesion of each class in ``kinds``."""
    anatomy = Anatomy(seeding.stream(master_seed, "phantom", patient, "anatomy"))
    rng = seeding.stream(master_seed, "phantom", patient, "scan")
    protocol = scanner.draw(rng, 2 * anatomy.rx)
    middle = float(rng.uniform(-35, 40))
    heights = middle + protocol.distance * (np.arange(slices) - slices // 2)
    half = protocol.pixel * (SIZE - 1) / 2
    x0, y0 = (round(float(rng.uniform(-6, 6)) - half, 2) for _ in range(2))
    x = (x0 + protocol.pixel * np.arange(SIZE, dtype=np.float32))[None, :].astype(np.float32)
    y = (y0 + protocol.pixel * np.arange(SIZE, dtype=np.float32))[:, None].astype(np.float32)

    streams = [seeding.stream(master_seed, "phantom", patient, "lesion", i) for i in range(len(kinds))]
    placed = _place(streams, kinds, anatomy, heights)
    texture = scanner.noise(seeding.stream(master_seed, "phantom", patient, "noise"), protocol, slices)
    stored = np.empty((slices, SIZE, SIZE), np.int32)
    mask = np.zeros((slices, SIZE, SIZE), np.uint8)
    for index, z in enumerate(heights):
        image, liver = anatomy.render(x, y, z, protocol.distance)
        for label, (lesion, centre) in enumerate(placed, start=1):
            _add(lesion, centre, label, image, mask[index], liver, (x, y, z, protocol.distance))
        stored[index] = scanner.acquire(image, texture[index], protocol)
    return Scan(stored, mask, (x0, y0, round(float(heights[0]), 4)), protocol)


def _place(
    streams: list[np.random.Generator], kinds: list[str], anatomy: Anatomy, heights: np.ndarray
) -> list[tuple[Lesion, Point]]:
    """Draw each lesion and a centre (x, y, z) for it: in the liver, mostly, and apart from the others."""
    step = 4.0
    share = 2.0 if len(kinds) == 1 else 1.2  # one of several leaves room for the others
    gx = np.arange(-180, 180, step, dtype=np.float32)[None, :]
    gy = np.arange(-150, 150, step, dtype=np.float32)[:, None]
    distance = heights[1] - heights[0] if len(heights) > 1 else 1.0
    placed = []
    for rng, kind in zip(streams, kinds, strict=True):
        # The slab is the part of the scan that holds the lesions: all are cut by its middle slices.
        slot = len(heights) // 2 + (rng.integers(-1, 2) if len(heights) > 4 else 0)
        z = float(heights[slot] + distance * rng.uniform(-0.2, 0.2))
        free = anatomy.liver(gx, gy, z)
        for other, (ox, oy, _) in placed:
            free = np.maximum(free, 1.15 * other.radius + 4 - np.hypot(gx - ox, gy - oy))
        room = -float(free.min())
        lesion = lesion_models.draw(rng, kind, anatomy.blood, longest=share * room)
        # From deep in the liver to a centre so near its boundary that the lesion touches or just crosses it.
        depth = min(rng.uniform(0.75, 1.6) * lesion.radius, 0.9 * room)
        rows, columns = np.nonzero(free < -depth)
        pick = rng.integers(len(rows))
        jitter = rng.uniform(-step / 2, step / 2, 2)
        placed.append((lesion, (float(gx[0, columns[pick]] + jitter[0]), float(gy[rows[pick], 0] + jitter[1]), z)))
    return placed


def _add(
    lesion: Lesion,
    centre: Point,
    label: int,
    image: np.ndarray,
    mask: np.ndarray,
    liver: np.ndarray,
    grid: tuple[np.ndarray, np.ndarray, float, float],
) -> None:
    """Paint ``lesion`` into ``image`` and ``mask``, both changed in place, averaged over the slice thickness."""
    x, y, z, thickness = grid
    reach = 1.5 * lesion.radius + 8
    rows = slice(*np.searchsorted(y.ravel(), (centre[1] - reach, centre[1] + reach)))
    columns = slice(*np.searchsorted(x.ravel(), (centre[0] - reach, centre[0] + reach)))
    if abs(z - centre[2]) > reach:
        return
    dx, dy = x[:, columns] - np.float32(centre[0]), y[rows] - np.float32(centre[1])
    under = image[rows, columns]
    inside = np.clip(1.5 - liver[rows, columns] / 1.5, 0, 1)
    total = np.zeros_like(under)
    for part in (-0.33, 0, 0.33):
        distance, position = lesion.depth(dx, dy, np.float32(z + part * thickness - centre[2]))
        alpha, hu = lesion.shade(distance, position)
        total += under + alpha * inside * (hu - under)
        if part == 0:
            mask[rows, columns][(distance < 0) & (liver[rows, columns] < 1.5)] = label
    image[rows, columns] = total / 3


def write_cohort(params: Params, folder: Path, name: Path, log: logging.Logger, threads: int = 1) -> pd.DataFrame:
    """Write a folder for each patient into ``folder`` and return the case table, which has `COLUMNS`.

    Parameters
    ----------
    name
        What the table calls ``folder``: its path from the table's own folder.
    threads
        Patients simulated at a time. Each draws from streams of its own, so their number changes nothing.
    """
    everyone = list(plan(params))
    rows = []
    workers = ThreadPoolExecutor(threads)
    try:
        scanners = workers.map(lambda each: _write_patient(params, each[0], each[2], folder / each[0]), everyone)
        for index, ((patient, group, kinds), scanner) in enumerate(zip(everyone, scanners, strict=True), start=1):
            files = [(name / patient / file).as_posix() for file in (CT, MASK)]
            for label, kind in enumerate(kinds, start=1):
                rows.append([f"{patient}-{label}", patient, kind, *files, label, group, scanner])
            if index % 10 == 0 or index == len(everyone):
                log.info("%d of %d patients, %d lesions", index, len(everyone), len(rows))
    finally:
        workers.shutdown(cancel_futures=True)
    return pd.DataFrame(rows, columns=COLUMNS)


def _write_patient(params: Params, patient: str, kinds: list[str], folder: Path) -> str:
    """Simulate one patient into the new ``folder`` and return the name of the scanner."""
    scan = simulate(params.master_seed, patient, kinds, params.slices)
    series.write_series(scan.stored, folder / CT, scan.origin, scan.protocol, patient, params.master_seed)
    _write_mask(scan, folder / MASK)
    return scan.protocol.model.name


def _write_mask(scan: Scan, path: Path) -> None:
    image = sitk.GetImageFromArray(scan.mask)
    image.SetOrigin(scan.origin)
    image.SetSpacing((scan.protocol.pixel, scan.protocol.pixel, scan.protocol.distance))
    sitk.WriteImage(image, str(path), useCompression=True)
