"""Synthetic ROIs that another program made, checked before any classifier sees them.

A folder holds the images of one class, see `imported_files`; all problems are reported together, a line each.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthaug.errors import InputError
from synthaug.generators import imported_files
from synthaug.generators.imported_files import PATIENTS, Cohort


@dataclass(frozen=True)
class Params:
    """What the folders must offer.

    Attributes
    ----------
    classes
        The classes of the experiment.
    samples
        The least number of images in a folder.
    """

    classes: list[str]
    samples: int


@dataclass(frozen=True)
class Source:
    """The content of one folder: images uint8 (n, 64, 64), what to call each of them, and the generator's patients."""

    images: np.ndarray
    names: list[str]
    patients: list[str]


def check(
    folders: Mapping[tuple[str, str], Path], cohort: Cohort, params: Params, name: str
) -> dict[tuple[str, str], Source]:
    """Read and check the folder of each (training folds, class) of the generator ``name``.

    One folder may serve several training folds; then its generator must have seen no patient that any of them tests.
    Repeated images within a folder, and images that equal a real ROI, are warned of only.

    Raises
    ------
    InputError
        With all problems of all folders, a line each.
    """
    served: dict[Path, list[tuple[str, str]]] = defaultdict(list)
    for key, folder in folders.items():
        served[folder].append(key)
    problems, read, digests = [], {}, {}
    for folder, keys in served.items():
        images, names, patients = np.empty((0, 0, 0), np.uint8), [], {}
        try:
            images, names = imported_files.read_images(folder, cohort.images.shape[1:])
            problems += _wrong_images(folder, images, names, params)
        except InputError as error:
            problems += str(error).splitlines()
        try:
            patients = imported_files.read_patients(folder / PATIENTS)
            problems += imported_files.wrong_patients(folder / PATIENTS, patients, [k for k, _ in keys], cohort)
        except InputError as error:
            problems += str(error).splitlines()
        read[folder] = Source(images, names, list(patients.values()))
        digests[folder] = imported_files.digests(images)
    problems += _shared(digests, served)
    imported_files.refuse(problems, name)
    for folder, source in read.items():
        imported_files.warn(folder, source.names, digests[folder], source.patients, cohort)
    return {key: read[folder] for key, folder in folders.items()}


def _wrong_images(folder: Path, images: np.ndarray, names: list[str], params: Params) -> list[str]:
    problems = []
    if len(images) < params.samples:
        problems.append(
            f"{folder}: expected at least {params.samples} images, found {len(images)}; make more, or lower "
            "experiment: synthetic in the config"
        )
    return problems + imported_files.one_level(images, names, folder)


def _shared(digests: dict[Path, list[bytes]], served: dict[Path, list[tuple[str, str]]]) -> list[str]:
    """Return a line for each folder of two classes, and for each pair of folders with an image in common."""
    problems = []
    for folder, keys in served.items():
        if len(classes := sorted({cls for _, cls in keys})) > 1:
            problems.append(f"{folder}: expected a folder for each class, found one for {', '.join(classes)}")
    for a, b, common in imported_files.in_common(digests):
        if {cls for _, cls in served[a]} & {cls for _, cls in served[b]}:
            advice = imported_files.ONE_FOR_ALL
        else:
            advice = "an image has one class"
        problems.append(f"{b}: expected other images than in {a}, found {common} the same; {advice}")
    return problems
