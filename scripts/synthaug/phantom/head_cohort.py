"""The built-in cohort of heads: simulated patients with brain metastases, as a hospital would hand them over.

Each patient is a folder of pictures with names that say nothing. The case table lists them from the feet to the head: a
row for each box of a lesion, drawn roughly (see `rough_boxes`), and one for each slice without.
"""

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
from synthaug.phantom import head_lesions, head_scanner, rough_boxes, series
from synthaug.phantom.canvas import Waves
from synthaug.phantom.head_anatomy import Head
from synthaug.phantom.head_lesions import Lesion
from synthaug.phantom.head_scanner import PIXEL, SIZE, Protocol

CLASS = "metastasis"
COLUMNS = ["lesion", "patient", "class", "image", "box", "finding", "set", "scanner"]
HEALTHY = 0.25  # largest share of patients without a lesion


@dataclass(frozen=True)
class Params:
    """How many boxes there are, and how many slices of each patient."""

    master_seed: int
    lesions: dict[str, int]  # boxes of the main set, by class
    extra: dict[str, int]  # boxes in patients of the extra set
    slices: int

    def __post_init__(self) -> None:
        for key in ("lesions", "extra"):
            for name, count in getattr(self, key).items():
                if name != CLASS:
                    raise InputError(f"phantom {key}: expected the class {CLASS}, found {name}; correct the config")
                if count < 0:
                    raise InputError(f"phantom {key}: expected a count of 0 or more for {name}, found {count}")
        if self.slices < 1:
            raise InputError(f"phantom slices: expected 1 or more, found {self.slices}")


@dataclass(frozen=True)
class Patient:
    """One patient, before anything is drawn.

    Attributes
    ----------
    heights
        Of the slices, mm, from the feet to the head.
    lesions
        In the head.
    """

    name: str
    head: Head
    protocol: Protocol
    heights: np.ndarray
    lesions: list[Lesion]

    def boxes(self) -> pd.DataFrame:
        """Return the true boxes: ``slice`` and ``finding`` from 0, and ``x0,y0,x1,y1`` in px, half-open."""
        found = [
            (number, finding, *(lesion.box(self.head, z) / PIXEL + SIZE / 2))
            for number, z in enumerate(self.heights)
            for finding, lesion in enumerate(self.lesions)
            if lesion.is_seen(z)
        ]
        return pd.DataFrame(found, columns=["slice", "finding", "x0", "y0", "x1", "y1"])


def patient(master_seed: int, name: str, slices: int) -> Patient:
    """Draw a patient, who depends on the master seed, his name and the number of slices alone."""
    head = Head(seeding.stream(master_seed, "phantom", name, "head"))
    rng = seeding.stream(master_seed, "phantom", name, "scan")
    protocol = head_scanner.draw(rng)
    middle = float(rng.uniform(0, 22))
    heights = middle + protocol.distance * (np.arange(slices) - (slices - 1) / 2)
    lesions = head_lesions.draw(seeding.stream(master_seed, "phantom", name, "lesions"), head, heights)
    return Patient(name, head, protocol, heights, lesions)


def plan(params: Params) -> Iterator[tuple[Patient, str]]:
    """Yield patients with their set, until the counts are met.

    A patient with more boxes than are still wanted is left out as a whole, so other counts choose among the same
    patients and never change one; likewise a patient without lesion while there are many of them.
    """
    for group, wanted, letter in (("main", params.lesions, "H"), ("extra", params.extra, "X")):
        left, number, healthy, count = wanted.get(CLASS, 0), 0, 0, 0
        while left:
            number += 1
            candidate = patient(params.master_seed, f"{letter}{number:03d}", params.slices)
            boxes = len(candidate.boxes())
            if boxes > left or (not boxes and healthy + 1 > HEALTHY * (count + 1)):
                continue
            left, count, healthy = left - boxes, count + 1, healthy + (not boxes)
            yield candidate, group


def simulate(master_seed: int, patient: Patient) -> np.ndarray:
    """Return the slices of a patient, uint8 (n, SIZE, SIZE), from the feet to the head."""
    rng = seeding.stream(master_seed, "phantom", patient.name, "noise")
    coil = Waves(seeding.stream(master_seed, "phantom", patient.name, "coil"), 1.0, (180, 420))
    axis = head_scanner.grid()
    x, y = axis[None, :], axis[:, None]
    slices = []
    for z in patient.heights:
        image = patient.head.render(x, y, z)
        for lesion in patient.lesions:
            if lesion.is_seen(z):
                lesion.paint(image, x, y, patient.head, z)
        slices.append(head_scanner.acquire(rng, image, z, patient.protocol, coil))
    return np.stack(slices)


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
        tables = workers.map(lambda each: _write_patient(params.master_seed, each[0], folder, name), everyone)
        for index, ((_, group), table) in enumerate(zip(everyone, tables, strict=True), start=1):
            rows.append(table.assign(set=group))
            if index % 10 == 0 or index == len(everyone):
                log.info("%d of %d patients, %d rows", index, len(everyone), sum(map(len, rows)))
    finally:
        workers.shutdown(cancel_futures=True)
    return pd.concat(rows, ignore_index=True)[COLUMNS] if rows else pd.DataFrame(columns=COLUMNS)


def _write_patient(master_seed: int, patient: Patient, folder: Path, name: Path) -> pd.DataFrame:
    """Write the pictures of a patient and return his rows of the case table, but the set."""
    (folder / patient.name).mkdir(parents=True)
    names = series.file_names(seeding.stream(master_seed, "phantom", patient.name, "files"), len(patient.heights))
    images = [(name / patient.name / each).with_suffix(".png").as_posix() for each in names]
    for pixels, image in zip(simulate(master_seed, patient), images, strict=True):
        sitk.WriteImage(sitk.GetImageFromArray(pixels), str(folder / patient.name / Path(image).name), True)
    boxes = patient.boxes()
    corners = rough_boxes.draw(
        seeding.stream(master_seed, "phantom", patient.name, "reader"), boxes[["x0", "y0", "x1", "y1"]].to_numpy()
    )
    drawn = [
        (int(number), CLASS, ",".join(f"{value:.1f}" for value in box), str(finding + 1))
        for number, finding, box in zip(boxes["slice"], boxes["finding"], corners, strict=True)
    ]
    empty = [(number, "", "", "") for number in range(len(images)) if number not in set(boxes["slice"])]
    rows = [
        (f"{patient.name}-{place}", patient.name, cls, images[number], box, finding, patient.protocol.model.name)
        for place, (number, cls, box, finding) in enumerate(sorted([*drawn, *empty], key=lambda each: each[0]), 1)
    ]
    return pd.DataFrame(rows, columns=[column for column in COLUMNS if column != "set"])
