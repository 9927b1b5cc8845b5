"""The folder or file that a group gives, and what it says beside it."""

import functools
import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from synthaug.cohort.formats.found import Found
from synthaug.errors import InputError
from synthaug.imaging import picture_files, quiet, volumes

IMAGES = (*volumes.VOLUMES, *picture_files.SUFFIXES)


@dataclass(frozen=True)
class Options:
    """What the user says.

    Attributes
    ----------
    only_class
        The class of all lesions, where a format names none.
    column
        The column or attribute that holds the class, where there are several.
    names
        Names of classes that a format numbers, from 0.
    image, mask
        Patterns of names, see `named_files`.
    patients
        Whose an image is, see `patients.assigned`.
    skip_incomplete
        Whether annotations without an image, or without a class in a table of labels, are left out and noted.
    """

    only_class: str = ""
    column: str = ""
    names: tuple[str, ...] = ()
    image: str = ""
    mask: str = ""
    skip_incomplete: bool = False
    patients: str = ""


@dataclass(frozen=True)
class Source:
    """A folder, all of whose files count, or one file of it.

    Attributes
    ----------
    root
        The folder, without links in its path.
    file
        The file that was named, or None.
    """

    root: Path
    file: Path | None
    options: Options = Options()

    @functools.cached_property
    def paths(self) -> list[Path]:
        """All files below the folder, by name; hidden ones are passed over."""
        found = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            found += [Path(folder, name) for name in names if not name.startswith((".", "__MACOSX"))]
        return sorted(found)

    def files(self, *suffixes: str) -> list[Path]:
        """Return the files with one of these suffixes; only the named file, if one was named."""
        paths = self.paths if self.file is None else [self.file]
        return [path for path in paths if path.name.lower().endswith(suffixes)]

    @functools.cached_property
    def images(self) -> list[Path]:
        """All pictures and volumes below the folder."""
        return [path for path in self.paths if path.name.lower().endswith(IMAGES)]

    @functools.cached_property
    def by_name(self) -> dict[str, list[Path]]:
        """The images by their names, with and without suffix."""
        found: dict[str, list[Path]] = {}
        for path in self.images:
            for name in {path.name, stem(path)}:
                found.setdefault(name, []).append(path)
        return found

    def inner(self, path: Path) -> str:
        """Return a path as seen from the folder, with slashes."""
        return path.relative_to(self.root).as_posix()

    def image(self, name: str, beside: Path) -> Path | None:
        """Return the image that a file of annotations calls ``name``, or None.

        It is looked for from the folder ``beside``, from the root, and by its bare name wherever only one image has it.
        """
        name = name.replace("\\", "/")
        for folder in (beside, self.root):
            path = Path(os.path.normpath(folder / name))
            if path.is_file() and path.is_relative_to(self.root):
                return path
        same = self.by_name.get(name.rsplit("/", 1)[-1], [])
        return same[0] if len(same) == 1 else None

    def without_images(self, found: Found, missing: Sequence[str]) -> None:
        """Note or refuse, as the user says, annotations whose images, by their ``missing`` names, are not there."""
        if self.options.skip_incomplete:
            found.note(missing, "images are not there, or several have the name; their annotations were left out")
        elif missing:
            found.refused.append(
                f"{self.root}: expected the image {missing[0]} in this folder, found none, or several of this name ("
                f"{len(missing)} images in all); put them there, or give INCOMPLETE=skip to leave their annotations out"
            )

    def note_unlisted(self, found: Found, listed: Collection[Path]) -> None:
        """Note images that no file of annotations names."""
        others = [self.inner(path) for path in self.images if path not in listed]
        found.note(others, "images are named by no file of annotations and were left out")


def at(path: Path, options: Options) -> Source:
    """Return the folder or file that a user names.

    Raises
    ------
    InputError
        If nothing is there.
    """
    if not path.exists():
        raise InputError(f"{path}: expected a folder or a file, found nothing; check the path")
    path = Path(os.path.realpath(path))
    return Source(path, None, options) if path.is_dir() else Source(path.parent, path, options)


def stem(path: Path) -> str:
    """Return a file's name without its suffix, also ``.nii.gz``."""
    low = path.name.lower()
    suffix = next((one for one in sorted(IMAGES, key=len, reverse=True) if low.endswith(one)), path.suffix)
    return path.name[: len(path.name) - len(suffix)]


def json_objects(source: Source, is_of_format: Callable[[Mapping], bool]) -> dict[Path, Mapping]:
    """Return the JSON objects of a format by file; what is damaged or of another program is left to others."""
    found = {}
    for path in source.files(".json"):
        try:
            content = read_json(path)
        except InputError:
            continue
        if isinstance(content, dict) and is_of_format(content):
            found[path] = content
    return found


def read_json(path: Path) -> object:
    """Return what a JSON file holds.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: expected JSON, found {error}; export it again") from error


def size(path: Path) -> tuple[int, int]:
    """Return columns and rows of a picture.

    Raises
    ------
    InputError
        If it is none.
    """
    from PIL import Image

    try:
        with quiet.silenced(), Image.open(path) as picture:
            return picture.size
    except Exception as error:  # Pillow raises a dozen kinds of errors
        raise InputError(f"{path}: expected a picture, found {error}; export it again") from error
