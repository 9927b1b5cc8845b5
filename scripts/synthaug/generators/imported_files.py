"""The files of images that another program made, read and checked: images, patients, and what no two folders share.

A folder holds images, as ``images.npy`` or as gray PNG, JPEG or TIFF files, and ``patients.csv``: the patients of this
cohort whose images had any part in training the generator. That list is the user's word; what can be checked against it
is.
"""

import csv
import difflib
import hashlib
import itertools
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.cohort import given_split
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.imaging import picture_files

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
ARRAY, PATIENTS = "images.npy", "patients.csv"
IMPORTED = "imported"  # the source of a training unit that only the user's list names
ONE_FOR_ALL = "if one generator serves all training folds, leave {folds} out of the pattern in the config"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cohort:
    """The real data to check against.

    Attributes
    ----------
    units
        The task's table of units, such as ``rois.csv``: ``unit`` and ``patient``.
    unit
        What they are called, such as ``lesion``.
    folds
        ``folds.csv`` of one seed.
    images : (n, rows, columns) uint8 array
        Of the units.
    """

    units: pd.DataFrame
    unit: str
    folds: pd.DataFrame
    images: np.ndarray
    seed: int


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
        images = read_array(folder / ARRAY, shape)
        return images, [f"number {i}" for i in range(len(images))]
    images, wrong, problems = [], defaultdict(list), []
    for path in files:
        try:
            picture = picture_files.look(path)
            pixels = picture.pixels()
            if kind := _kind(pixels, shape):
                wrong[kind].append(path.name)
                continue
            picture.check()
            images.append(pixels[..., 0])
        except InputError as error:
            problems.append(str(error))
    for kind, names in wrong.items():
        size = " x ".join(map(str, shape))
        problems.append(
            f"{folder}: expected 8-bit gray images of {size} px, found {kind} in {listed(names)}; export them again"
        )
    if problems:
        raise InputError("\n".join(problems))
    return np.stack(images), [path.name for path in files]


def read_array(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """Read an array of images or label maps of ``shape``, uint8 (n, *shape).

    Raises
    ------
    InputError
        If it is no such array.
    """
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


def train_set(patients: Iterable[str], units: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return what a generator that saw ``patients`` counts as trained on: all their units, of whatever class and set.

    Parameters
    ----------
    units
        The task's table of units, such as ``rois.csv``.
    unit
        What they are called.

    Returns
    -------
    DataFrame with source (imported), ``unit``, rank (-1), class, if the units have one, and generator (empty), in the
    order of ``units``. It has no ``row``: which images of the units it saw is not known.
    """
    names = [unit, *(["class"] if "class" in units else [])]
    rows = units.loc[units["patient"].isin(list(patients)), names]
    rows = rows.assign(source=IMPORTED, rank=-1, generator="")
    return rows[["source", unit, "rank", *names[1:], "generator"]].reset_index(drop=True)


def wrong_patients(path: Path, patients: Mapping[int, str], trained: Sequence[str], cohort: Cohort) -> list[str]:
    """Return a line for each patient that is missing, unknown, listed twice, tested on or kept for a validation.

    Parameters
    ----------
    patients
        From `read_patients`.
    trained
        Each choice of training folds whose models train on the images, such as "12".
    """
    known = {name.lower(): name for name in sorted(set(cohort.units["patient"]))}
    validating = set(cohort.folds["patient"][given_split.validates(cohort.folds)])
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
        elif patient in validating:
            problems.append(
                f"{row}: expected no patient of the validation, found one; train the generator without this patient"
            )
        elif tests:
            problems.append(
                f"{row}: expected no patient that is tested on, found one of fold {fold_of[patient]} of seed "
                f"{cohort.seed}, a test fold of the models trained on {', '.join(dict.fromkeys(tests))}; "
                "train the generator without this patient"
            )
    return problems


def digests(images: np.ndarray) -> list[bytes]:
    """Return the SHA-256 of each of the (n, rows, columns) ``images``."""
    return [hashlib.sha256(image.tobytes()).digest() for image in images]


def in_common(found: Mapping[Path, Sequence[bytes]]) -> Iterator[tuple[Path, Path, int]]:
    """Yield each pair of folders with images in common, and how many; ``found`` has the `digests` of each folder."""
    for (a, in_a), (b, in_b) in itertools.combinations(((folder, set(each)) for folder, each in found.items()), 2):
        if common := len(in_a & in_b):
            yield a, b, common


def one_level(images: np.ndarray, names: Sequence[str], folder: Path) -> list[str]:
    """Return a line that names the ``images``, (n, rows, columns), of one gray level, if there are any."""
    constant = [name for name, image in zip(names, images, strict=True) if image.min() == image.max()]
    return (
        [f"{folder}: expected images, found a single gray level in {listed(constant)}; remove them"] if constant else []
    )


def refuse(problems: Sequence[str], name: str) -> None:
    """Stop with all ``problems`` of the images of a generator, a line each; go on if there is none."""
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise InputError("\n  ".join([f"imported images of {name}: {count}", *problems]))


def warn(folder: Path, names: Sequence[str], found: Sequence[bytes], patients: Sequence[str], cohort: Cohort) -> None:
    """Warn of images that are there twice, and of those that equal a real one.

    Parameters
    ----------
    names, found
        Of each image: what to call it, and its digest.
    patients
        Who trained the generator, as its list says.
    """
    if repeats := len(found) - len(set(found)):
        log.warning("%s: %d of %d images repeat another one exactly", folder, repeats, len(found))
    known = cohort.units[[cohort.unit, "patient"]].itertuples(index=False)
    real = dict(zip(digests(cohort.images), known, strict=True))
    copies = []
    for name, digest in zip(names, found, strict=True):
        if digest in real:
            unit, patient = real[digest]
            unlisted = "" if patient in patients else f", who is not in {PATIENTS}"
            copies.append(f"{name} of {cohort.unit} {unit}, patient {patient}{unlisted}")
    if copies:
        log.warning("%s: %d images are exact copies of real ones: %s", folder, len(copies), listed(copies))


def listed(names: Sequence[str]) -> str:
    """Return the first five names, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _kind(pixels: np.ndarray, shape: tuple[int, int]) -> str:
    """Return in which way pixels, (rows, columns, channels), are no 8-bit gray image of ``shape``; "" if they are."""
    if (channels := pixels.shape[2]) != 1:
        return f"{channels} color channels"
    if pixels.dtype != np.uint8:
        return f"{pixels.dtype} values"
    if pixels.shape[:2] != shape:
        return f"{pixels.shape[0]} x {pixels.shape[1]} px"
    return ""
