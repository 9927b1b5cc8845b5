"""Synthetic images that another program made, checked before any classifier sees them.

A folder holds the images of one class, as ``images.npy`` or as gray PNG, JPEG or TIFF files, and ``patients.csv``: the
patients of this cohort whose images had any part in training the generator. That list is the user's word; what can be
checked against it is, all problems are reported together, a line each.
"""

import csv
import difflib
import hashlib
import itertools
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.imaging import picture_files

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
ARRAY, PATIENTS = "images.npy", "patients.csv"
IMPORTED = "imported"  # the source of a training lesion that only the user's list names

log = logging.getLogger(__name__)


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
class Cohort:
    """The real data to check against: ``rois.csv``, ``folds.csv`` of one seed, and the ROIs, uint8 (n, 64, 64)."""

    rois: pd.DataFrame
    folds: pd.DataFrame
    images: np.ndarray
    seed: int


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
            images, names = read_images(folder, cohort.images.shape[1:])
            problems += _wrong_images(folder, images, names, params)
        except InputError as error:
            problems += str(error).splitlines()
        try:
            patients = read_patients(folder / PATIENTS)
            problems += _wrong_patients(folder / PATIENTS, patients, [trained for trained, _ in keys], cohort)
        except InputError as error:
            problems += str(error).splitlines()
        read[folder] = Source(images, names, list(patients.values()))
        digests[folder] = _digests(images)
    problems += _shared(digests, served)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise InputError("\n  ".join([f"imported images of {name}: {count}", *problems]))
    for folder, source in read.items():
        _warn(folder, source, digests[folder], cohort)
    return {key: read[folder] for key, folder in folders.items()}


def read_images(folder: Path, shape: tuple[int, int]) -> tuple[np.ndarray, list[str]]:
    """Read the images of a folder.

    Parameters
    ----------
    shape
        Rows and columns that each image must have.

    Returns
    -------
    The images, uint8 (n, *shape), those of files sorted by name; and what to call each of them in a message.

    Raises
    ------
    InputError
        With all files that are no 8-bit gray images of ``shape``, a line a reason.
    """
    files = []
    if folder.is_dir():
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    array = (folder / ARRAY).is_file()
    if array == bool(files):
        found = f"both {ARRAY} and {len(files)} image files" if array else "none"
        advice = "keep the one or the other" if array else "put them there, or correct the folder in the config"
        raise InputError(f"{folder}: expected {ARRAY} or PNG, JPEG or TIFF files, found {found}; {advice}")
    if array:
        images = _read_array(folder / ARRAY, shape)
        return images, [f"number {i}" for i in range(len(images))]
    images, wrong, problems = [], defaultdict(list), []
    for path in files:
        try:
            pixels = picture_files.look(path).pixels()
            if kind := _kind(pixels, shape):
                wrong[kind].append(path.name)
            else:
                images.append(pixels[..., 0])
        except InputError as error:
            problems.append(str(error))
    for kind, names in wrong.items():
        size = " x ".join(map(str, shape))
        problems.append(
            f"{folder}: expected 8-bit gray images of {size} px, found {kind} in {_listed(names)}; export them again"
        )
    if problems:
        raise InputError("\n".join(problems))
    return np.stack(images), [path.name for path in files]


def read_patients(path: Path) -> dict[int, str]:
    """Return the patient in each row of ``patients.csv`` (the header is row 1); blank lines count, but hold none.

    Raises
    ------
    InputError
        If there is no file, it is no comma-separated UTF-8 text, or lacks a column ``patient``.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except FileNotFoundError as error:
        raise InputError(
            f"{path}: expected the patients of this cohort whose images trained the generator, found no file; write "
            'one with the header "patient" and a row for each of them, or the header alone if there are none'
        ) from error
    except OSError as error:
        found = "a folder" if path.is_dir() else error.strerror
        raise InputError(f"{path}: expected a table of patients, found {found}; write one") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: expected comma-separated UTF-8 text, found {error}; save it as CSV UTF-8") from error
    rows = [(number, cells) for number, cells in rows if any(cells)]
    header = rows[0][1] if rows else []
    if header.count("patient") != 1:
        found = ", ".join(header) or "an empty file"
        raise InputError(f'{path}, row 1: expected a header with the column "patient" once, found {found}; correct it')
    column = header.index("patient")
    return {number: "".join(cells[column : column + 1]) for number, cells in rows[1:]}


def train_set(patients: Iterable[str], rois: pd.DataFrame) -> pd.DataFrame:
    """Return what a generator that saw ``patients`` counts as trained on: all their lesions, of whatever class and set.

    Returns
    -------
    DataFrame with source (imported), lesion, rank (-1), class and generator (empty), in the order of ``rois``. It has
    no ``row``: which images of the lesions it saw is not known.
    """
    rows = rois.loc[rois["patient"].isin(list(patients)), ["lesion", "class"]]
    rows = rows.assign(source=IMPORTED, rank=-1, generator="")
    return rows[["source", "lesion", "rank", "class", "generator"]].reset_index(drop=True)


def _read_array(path: Path, shape: tuple[int, int]) -> np.ndarray:
    try:
        array = artifacts.read_array(path, memory_map=True)
    except Exception:  # the parser of a damaged header raises a dozen kinds of errors
        array = None
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: expected a NumPy array, found a damaged or other file; save it by numpy.save")
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[1:] != shape:
        size, found = ", ".join(map(str, shape)), f"{array.dtype} {array.shape}"
        raise InputError(f"{path}: expected uint8 (n, {size}), found {found}; save 8-bit gray images of that size")
    return array


def _kind(pixels: np.ndarray, shape: tuple[int, int]) -> str:
    """Return in which way pixels, (rows, columns, channels), are no 8-bit gray image of ``shape``; "" if they are."""
    if (channels := pixels.shape[2]) != 1:
        return f"{channels} color channels"
    if pixels.dtype != np.uint8:
        return f"{pixels.dtype} values"
    if pixels.shape[:2] != shape:
        return f"{pixels.shape[0]} x {pixels.shape[1]} px"
    return ""


def _wrong_patients(path: Path, patients: dict[int, str], trained: list[str], cohort: Cohort) -> list[str]:
    """Return a line for each patient that is missing, unknown, listed twice or tested on."""
    known = {name.lower(): name for name in sorted(set(cohort.rois["patient"]))}
    fold_of = dict(zip(cohort.folds["patient"], cohort.folds["fold"].astype(str), strict=True))
    problems, first = [], {}
    for number, patient in patients.items():
        row = f"{path}, row {number}: patient {patient}"
        if patient in first:
            problems.append(f"{row}: expected each patient once, found it in row {first[patient]} too; delete one")
            continue
        first[patient] = number
        tests = [folds for folds in trained if patient in fold_of and fold_of[patient] not in folds]
        if not patient:
            problems.append(f"{path}, row {number}: expected a patient, found an empty cell; fill it")
        elif patient not in known.values():
            near = difflib.get_close_matches(patient.lower(), known, 1, cutoff=0.5)  # 7 is near 007
            hint = f"did you mean {known[near[0]]}?" if near else "list only patients of this cohort"
            problems.append(f"{row}: expected a patient of the case table, found none of that id; {hint}")
        elif tests:
            problems.append(
                f"{row}: expected no patient that is tested on, found one of fold {fold_of[patient]} of seed "
                f"{cohort.seed}, a test fold of the models trained on {', '.join(dict.fromkeys(tests))}; "
                "train the generator without this patient"
            )
    return problems


def _wrong_images(folder: Path, images: np.ndarray, names: list[str], params: Params) -> list[str]:
    problems = []
    if len(images) < params.samples:
        problems.append(
            f"{folder}: expected at least {params.samples} images, found {len(images)}; make more, or lower "
            "experiment: synthetic in the config"
        )
    if constant := [name for name, image in zip(names, images, strict=True) if image.min() == image.max()]:
        problems.append(f"{folder}: expected images, found a single gray level in {_listed(constant)}; remove them")
    return problems


def _digests(images: np.ndarray) -> list[bytes]:
    return [hashlib.sha256(image.tobytes()).digest() for image in images]


def _shared(digests: dict[Path, list[bytes]], served: dict[Path, list[tuple[str, str]]]) -> list[str]:
    """Return a line for each folder of two classes, and for each pair of folders with an image in common."""
    problems = []
    for folder, keys in served.items():
        if len(classes := sorted({cls for _, cls in keys})) > 1:
            problems.append(f"{folder}: expected a folder for each class, found one for {', '.join(classes)}")
    for (a, in_a), (b, in_b) in itertools.combinations(((folder, set(d)) for folder, d in digests.items()), 2):
        if common := len(in_a & in_b):
            if {cls for _, cls in served[a]} & {cls for _, cls in served[b]}:
                advice = "if one generator serves all training folds, leave {folds} out of the pattern in the config"
            else:
                advice = "an image has one class"
            problems.append(f"{b}: expected other images than in {a}, found {common} the same; {advice}")
    return problems


def _warn(folder: Path, source: Source, digests: list[bytes], cohort: Cohort) -> None:
    if repeats := len(digests) - len(set(digests)):
        log.warning("%s: %d of %d images repeat another one exactly", folder, repeats, len(digests))
    real = dict(zip(_digests(cohort.images), cohort.rois[["lesion", "patient"]].itertuples(index=False), strict=True))
    copies = []
    for name, digest in zip(source.names, digests, strict=True):
        if digest in real:
            lesion, patient = real[digest]
            unlisted = "" if patient in source.patients else f", who is not in {PATIENTS}"
            copies.append(f"{name} of lesion {lesion}, patient {patient}{unlisted}")
    if copies:
        log.warning("%s: %d images are exact copies of real ROIs: %s", folder, len(copies), _listed(copies))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
