"""Synthetic slices with their masks that another program made, checked before any segmenter sees them.

A folder holds ``images.npy`` and ``labels.npy``, or folders ``images`` and ``masks`` with gray files of the same names,
and ``patients.csv``, see `imported_files`. All problems are reported together, a line each.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthaug.cohort import given_split
from synthaug.errors import InputError
from synthaug.generators import imported_files
from synthaug.generators.imported_files import PATIENTS, Cohort
from synthaug.segmentation.label_maps import GROUND

IMAGES, MASKS, LABELS = "images", "masks", "labels.npy"
JPEG = (".jpg", ".jpeg")  # which blur a mask


@dataclass(frozen=True)
class Params:
    """What the masks show.

    Attributes
    ----------
    classes
        The classes of the experiment.
    labels
        The value of each class in the masks; the place in ``classes``, counted from 1, where it is None. 0 is ground.
    """

    classes: list[str]
    labels: dict[str, int] | None

    def values(self) -> dict[str, int]:
        """Return the value of each class, in their order."""
        return {cls: place if self.labels is None else self.labels[cls] for place, cls in enumerate(self.classes, 1)}


@dataclass(frozen=True)
class Share:
    """A share of the training patients that the pairs are added to: how many pairs it takes, and who is in it."""

    name: str
    pairs: int
    patients: frozenset[str]


@dataclass(frozen=True)
class Source:
    """The content of one folder: images and label maps, uint8 (n, side, side), and the generator's patients."""

    images: np.ndarray
    labels: np.ndarray
    names: list[str]
    patients: list[str]


def check(
    folders: Mapping[str, Path], cohort: Cohort, shares: Mapping[str, Share], params: Params, name: str
) -> dict[str, Source]:
    """Read and check the folder of each choice of training folds of the generator ``name``.

    One folder may serve several training folds; then its generator must have seen no patient that any of them tests.
    Repeated images within a folder, and images that equal a real slice, are warned of only.

    Parameters
    ----------
    shares
        By training folds.

    Returns
    -------
    By training folds, the first pairs of the folder, as many as the share takes.

    Raises
    ------
    InputError
        With all problems of all folders, a line each.
    """
    served: dict[Path, list[str]] = defaultdict(list)
    for trained, folder in folders.items():
        served[folder].append(trained)
    problems, read, digests = [], {}, {}
    for folder, keys in served.items():
        images = labels = np.empty((0, *cohort.images.shape[1:]), np.uint8)
        names, patients, most = [], {}, max(shares[trained].pairs for trained in keys)
        try:
            images, labels, names = pairs(folder, cohort.images.shape[1:], params)
            problems += _wrong_pairs(folder, images, labels, names, most)
        except InputError as error:
            problems += str(error).splitlines()
        try:
            patients = imported_files.read_patients(folder / PATIENTS)
            problems += imported_files.wrong_patients(folder / PATIENTS, patients, keys, cohort)
            problems += _outside(folder / PATIENTS, patients, {trained: shares[trained] for trained in keys}, cohort)
        except InputError as error:
            problems += str(error).splitlines()
        read[folder] = Source(images, labels, names, list(patients.values()))
        digests[folder] = imported_files.digests(images)
    problems += [
        f"{b}: expected other images than in {a}, found {common} the same; {imported_files.ONE_FOR_ALL}"
        for a, b, common in imported_files.in_common(digests)
    ]
    imported_files.refuse(problems, name)
    for folder, source in read.items():
        imported_files.warn(folder, source.names, digests[folder], source.patients, cohort)
    return {trained: _first(read[folder], shares[trained].pairs) for trained, folder in folders.items()}


def pairs(folder: Path, shape: tuple[int, int], params: Params) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Read the images of a folder and their masks.

    Parameters
    ----------
    shape
        Rows and columns that each image and mask must have.

    Returns
    -------
    Images and label maps, uint8 (n, *shape), those of files sorted by name; and what to call each of them.

    Raises
    ------
    InputError
        With all that is wrong with the files, a line a reason.
    """
    if (folder / imported_files.ARRAY).is_file():
        images = imported_files.read_array(folder / imported_files.ARRAY, shape)
        names, where = [f"number {place}" for place in range(len(images))], folder / LABELS
        masks = imported_files.read_array(where, shape)
        if len(masks) != len(images):
            raise InputError(
                f"{where}: expected a label map of each of {len(images)} images, found {len(masks)}; save both anew"
            )
    else:
        problems, found = [], {}
        for part in (IMAGES, MASKS):
            try:
                found[part] = imported_files.read_images(folder / part, shape)
            except InputError as error:
                problems += str(error).splitlines()
        if not problems:
            problems = _unpaired(folder, found[IMAGES][1], found[MASKS][1])
        if problems:
            raise InputError("\n".join(problems))
        (images, names), (masks, _), where = found[IMAGES], found[MASKS], folder / MASKS
    return images, _label_maps(where, masks, names, params), names


def _unpaired(folder: Path, images: Sequence[str], masks: Sequence[str]) -> list[str]:
    """Return what is wrong with the names of the files, which must be the same but for the kind of file."""
    if blurred := [name for name in masks if Path(name).suffix.lower() in JPEG]:
        listed = imported_files.listed(blurred)
        return [f"{folder / MASKS}: expected files that keep every value, found JPEG in {listed}; save them as PNG"]
    of_images, of_masks = ([Path(name).stem for name in names] for names in (images, masks))
    problems = []
    for part, names in ((IMAGES, of_images), (MASKS, of_masks)):
        if twice := sorted(name for name, count in Counter(names).items() if count > 1):
            listed = imported_files.listed(twice)
            problems.append(f"{folder / part}: expected one file of a name, found several of {listed}; rename them")
    for part, own, other in ((MASKS, of_masks, of_images), (IMAGES, of_images, of_masks)):
        if missing := sorted(set(other) - set(own)):
            listed, kind = imported_files.listed(missing), "a mask" if part == MASKS else "an image"
            problems.append(f"{folder / part}: expected {kind} named {listed}, found none; add it or delete the other")
    if not problems and of_images != of_masks:
        problems.append(f"{folder}: expected images and masks in the same order of names; save all as PNG")
    return problems


def _label_maps(where: Path, masks: np.ndarray, names: Sequence[str], params: Params) -> np.ndarray:
    """Return the ``masks``, uint8 (n, rows, columns), with 1, 2, ... for the classes in their order."""
    values = params.values()
    table = np.full(256, 255, np.uint8)
    table[GROUND] = GROUND
    for label, value in enumerate(values.values(), 1):
        table[value] = label
    known = [GROUND, *values.values()]
    wrong = [name for name, mask in zip(names, masks, strict=True) if not np.isin(mask, known).all()]
    if wrong:
        foreign = sorted(set(np.unique(masks).tolist()) - set(known))
        listed = ", ".join(f"{value} ({cls})" for cls, value in values.items())
        raise InputError(
            f"{where}: expected 0 for nothing and {listed}, found {', '.join(map(str, foreign[:5]))} in "
            f"{imported_files.listed(wrong)}; name the values under labels in the config, or save the masks anew"
        )
    return table[masks]


def _wrong_pairs(folder: Path, images: np.ndarray, labels: np.ndarray, names: Sequence[str], most: int) -> list[str]:
    problems = imported_files.one_level(images, names, folder)
    if len(images) < most:
        problems.append(
            f"{folder}: expected at least {most} pairs, as many as the share has slices with a lesion, found "
            f"{len(images)}; make more"
        )
    if not labels[:most].any():
        problems.append(f"{folder}: expected lesions in the masks of the first {most} pairs, found none; correct them")
    return problems


def _outside(path: Path, patients: Mapping[int, str], shares: Mapping[str, Share], cohort: Cohort) -> list[str]:
    """Return a line for each patient who is trained on, but not in the share."""
    problems = []
    for trained, share in shares.items():
        others = set(given_split.learned_from(cohort.folds, trained)["patient"]) - share.patients
        problems += [
            f"{path}, row {number}: patient {patient}: expected one of share {share.name}, found one outside it; train "
            "a generator on each share alone, with {share} in the pattern in the config"
            for number, patient in patients.items()
            if patient in others
        ]
    return list(dict.fromkeys(problems))


def _first(source: Source, count: int) -> Source:
    return Source(source.images[:count], source.labels[:count], source.names[:count], source.patients)
