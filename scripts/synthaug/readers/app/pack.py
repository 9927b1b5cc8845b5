"""A blinded pack: its images, which of them each reader sees in what order, and the practice set.

A pack is a folder: ``study.json`` and ``images/<image id>.png``, 8-bit gray, square and all of one size.
"""

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import numpy as np
from skimage import io

from synthaug.errors import InputError
from synthaug.terms.totals import ALL

SCHEMA = json.loads(Path(__file__).with_name("pack.schema.json").read_text(encoding="utf-8"))
TRAINING, STUDY = PARTS = ("training", "study")
BEGUN = "begun.txt"  # lies in the pack's folder once readers have been invited
MEND = "put back the pack that readers saw, or, before they are invited, make it again"


@dataclass(frozen=True)
class Practice:
    """The truth of a practice image, shown after the answer."""

    cls: str
    origin: str


@dataclass(frozen=True)
class Pack:
    """What the readers of one study are shown, and the truth of the practice set."""

    cohort: str
    classes: tuple[str, ...]  # that readers are asked for; none of slices, whose class is `ALL`
    low: float  # what gray 0 stands for
    high: float  # what gray 255 stands for
    unit: str
    readers: tuple[str, ...]
    presentations: dict[str, tuple[str, ...]]  # the image ids of each reader, in order, repeats included
    practice: tuple[str, ...]  # the image ids of the practice set, in order
    truths: tuple[Practice, ...]  # of the practice set alone
    widths: dict[str, float] | None  # mm, by image id; None unless known of every image
    side: int  # of each image, pixels
    pixels: dict[str, bytes]  # rows of gray values, by image id
    digest: str  # of study.json and every image

    def images(self, reader: str, part: str) -> tuple[str, ...]:
        """Return the image ids that ``reader`` sees in ``part``, in order."""
        return self.practice if part == TRAINING else self.presentations[reader]


def load(folder: str | Path) -> Pack:
    """Read a pack and check all of it.

    Raises
    ------
    InputError
        If a file is missing or is not what a pack holds.
    """
    path = Path(folder) / "study.json"
    try:
        data = path.read_bytes()
        study = json.loads(data)
    except FileNotFoundError as error:
        raise InputError(f"{path}: expected a pack, found none; make it with snakemake build_reader_study") from error
    except ValueError as error:
        raise InputError(f"{path}: expected JSON: {error}; {MEND}") from error
    _check(path, study)
    digest = hashlib.sha256(data)
    images = _images(path.parent / "images", sorted(study["images"]))
    for image, values in images.items():
        digest.update(image.encode() + values.tobytes())
    widths = {image: facts["width_mm"] for image, facts in study["images"].items()}
    return Pack(
        cohort=study["cohort"],
        classes=tuple(study["classes"]),
        low=study["window"]["low"],
        high=study["window"]["high"],
        unit=study["window"]["unit"],
        readers=tuple(study["readers"]),
        presentations={reader: tuple(study["presentations"][reader]) for reader in study["readers"]},
        practice=tuple(row["image"] for row in study["training"]),
        truths=tuple(Practice(row["class"], row["origin"]) for row in study["training"]),
        # A scale bar on some images only could tell these from the others.
        widths=None if None in widths.values() else widths,
        side=len(next(iter(images.values()))),
        pixels={image: values.tobytes() for image, values in images.items()},
        digest=digest.hexdigest(),
    )


def close(folder: str | Path) -> None:
    """Note in the pack that readers were invited; from then on the workflow makes no other pack in its place."""
    with contextlib.suppress(OSError):  # a folder that cannot be written to cannot get another pack either
        (Path(folder) / BEGUN).write_text(
            "Readers were invited. Another pack would have another key.\n", encoding="utf-8"
        )


def begun(folder: str | Path) -> bool:
    """Return whether readers were invited to judge the pack in ``folder``."""
    return (Path(folder) / BEGUN).exists()


def _check(path: Path, study: object) -> None:
    error = next(iter(sorted(jsonschema.Draft202012Validator(SCHEMA).iter_errors(study), key=str)), None)
    if error:
        where = ": ".join(map(str, error.absolute_path)) or "top level"
        raise InputError(f"{path}: {where}: {error.message}; {MEND}")
    if study["window"]["low"] >= study["window"]["high"]:
        raise InputError(f"{path}: window: expected low below high, found {study['window']}; {MEND}")
    if set(study["presentations"]) != set(study["readers"]):
        raise InputError(f"{path}: presentations: expected those of {study['readers']}; {MEND}")
    shown = {image for order in study["presentations"].values() for image in order}
    shown |= {row["image"] for row in study["training"]}
    if unknown := sorted(shown - set(study["images"])):
        raise InputError(f"{path}: images: {unknown[0]} is shown but not listed; {MEND}")
    if unknown := sorted({row["class"] for row in study["training"]} - set(study["classes"] or [ALL])):
        raise InputError(f"{path}: training: {unknown[0]} is none of the classes; {MEND}")


def _images(folder: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Return the images, uint8 (side, side), by name; most have the size that all must have."""
    images = {name: _image(folder / f"{name}.png") for name in names}
    shapes = [image.shape[:2] for image in images.values()]
    side = max(max(shapes, key=shapes.count))
    for name, image in images.items():
        if image.shape != (side, side) or image.dtype != np.uint8:
            found = f"{image.dtype} {image.shape}"
            raise InputError(f"{folder / name}.png: expected 8-bit gray {side}x{side}, found {found}; {MEND}")
    return images


def _image(path: Path) -> np.ndarray:
    try:
        return io.imread(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: expected an image, found none; {MEND}") from error
    except Exception as error:  # whatever the PNG reader raises on a damaged file
        raise InputError(f"{path}: expected a PNG image: {error}; {MEND}") from error
