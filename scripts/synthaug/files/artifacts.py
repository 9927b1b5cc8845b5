"""Files between stages: written whole or not at all, read back with the same types, and saying what made them."""

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import uuid
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.errors import InputError

# Identifiers stay text however numeric they look: a patient "007", a size "0", the folds "12".
TEXT_COLUMNS = (
    "lesion", "patient", "class", "set", "image", "truth", "predicted", "arm", "size", "folds", "generator",
    "arm_a", "size_a", "arm_b", "size_b",
)  # fmt: skip


@dataclass
class Files:
    """The files between stages that a job has read and written, by their paths as the job gave them."""

    read: dict[Path, str] = field(default_factory=dict)
    """With the SHA-256 that each had when it was first read."""
    written: set[Path] = field(default_factory=set)


_files = Files()


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def observed() -> Iterator[Files]:
    """Yield the files that are read and written meanwhile by the functions of this module."""
    global _files
    before, _files = _files, Files()
    try:
        yield _files
    finally:
        _files = before


def reading(path: str | Path) -> Path:
    """Return ``path``, and note that this file between stages is read, with its digest."""
    path = Path(path)
    if path not in _files.read and path.is_file():
        _files.read[path] = sha256(path)
    return path


def written(path: str | Path) -> None:
    """Note that a file between stages was written by other means than those of this module."""
    _files.written.add(Path(path))


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` and rename it to ``path`` on success; on failure leave nothing.

    The content reaches the disk before the name does, so even after a power failure a file is whole or missing. What a
    killed process left of the same file is removed first. If that process is in fact still running, its rename fails:
    the last one to start is the one that writes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remains = re.compile(rf"\.{re.escape(path.stem)}\.[0-9a-f]{{32}}{re.escape(path.suffix)}")
    for other in path.parent.iterdir():
        if remains.fullmatch(other.name):
            other.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex}{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _files.written.add(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """Yield a new folder beside ``path`` that takes its place on success; on failure leave ``path`` as it was."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_csv(table: pd.DataFrame, path: str | Path) -> None:
    """Write ``table`` without its index, with ``\\n`` line ends on every system."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


@contextlib.contextmanager
def csv_in_parts(path: str | Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Yield a function that appends tables; the file is what `write_csv` writes of all of them together.

    Raises
    ------
    ValueError
        If a table has other columns or types than the first.
    """
    columns = None
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:

        def append(part: pd.DataFrame) -> None:
            nonlocal columns
            if columns is not None and not part.dtypes.equals(columns):
                raise ValueError(f"{path}: expected columns {dict(columns)}, found {dict(part.dtypes)}")
            part.to_csv(file, index=False, lineterminator="\n", header=columns is None)
            columns = part.dtypes

        yield append


def read_csv(
    path: str | Path, numbers: Collection[str] | None = None, *, columns: Collection[str] | None = None
) -> pd.DataFrame:
    """Read a table written by `write_csv`; the columns in `TEXT_COLUMNS` are text, empty cells in them ``""``.

    With ``numbers``, the names of columns, all others are text. With ``columns``, only these are read.
    """
    header = [name for name in pd.read_csv(reading(path), nrows=0).columns if columns is None or name in columns]
    text = {name: str for name in header if (name in TEXT_COLUMNS if numbers is None else name not in numbers)}
    # A lesion may be called NA or null; only an empty cell of another column is a missing number.
    missing = {name: ["", "nan"] for name in header if name not in text}
    return pd.read_csv(path, usecols=header, dtype=text, keep_default_na=False, na_values=missing)


def write_json(value: object, path: str | Path) -> None:
    """Write ``value`` as indented JSON with sorted keys."""
    write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", path)


def write_text(text: str, path: str | Path) -> None:
    """Write ``text`` as UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(content: bytes, path: str | Path) -> None:
    """Write ``content`` as it is."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def read_json(path: str | Path) -> object:
    """Return what `write_json` wrote."""
    return json.loads(read_text(path))


def read_text(path: str | Path) -> str:
    """Return the text of a UTF-8 file."""
    return reading(path).read_text(encoding="utf-8")


def write_array(array: np.ndarray, path: str | Path) -> None:
    """Write one array as ``.npy`` (no pickle)."""
    with replacing(path) as temporary:
        np.save(temporary, array, allow_pickle=False)


@contextlib.contextmanager
def array_in_parts(path: str | Path, shape: tuple[int, ...], dtype: type) -> Iterator[Callable[[np.ndarray], None]]:
    """Yield a function that appends rows to an array of ``shape``, which never lies in memory as a whole.

    Raises
    ------
    ValueError
        If a part has another type or shape, or the number of rows is not that of ``shape``.
    """
    written = 0
    with replacing(path) as temporary:
        with temporary.open("wb") as file:
            descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
            np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})

            def append(part: np.ndarray) -> None:
                nonlocal written
                if part.dtype != dtype or part.shape[1:] != shape[1:]:
                    raise ValueError(f"{path}: expected {np.dtype(dtype)} {shape[1:]}, found {part.dtype} {part.shape}")
                file.write(np.ascontiguousarray(part))
                written += len(part)

            yield append
        if written != shape[0]:
            raise ValueError(f"{path}: expected {shape[0]} rows, found {written}")


def write_arrays(arrays: Iterable[tuple[str, np.ndarray]], path: str | Path) -> None:
    """Write named arrays as one compressed ``.npz`` (no pickle); only one of them is in memory at a time."""
    # Not by np.savez_compressed: it takes the names as keywords, so an array called "file" would break it.
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays:
            entry = zipfile.ZipInfo(f"{name}.npy")  # dated 1980, so the bytes repeat
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def read_array(path: str | Path, *, memory_map: bool = False) -> np.ndarray:
    """Read one ``.npy`` array; ``memory_map=True`` reads only the parts that are used.

    Raises
    ------
    InputError
        If the file is no complete array.
    """
    try:
        array = np.load(reading(path), mmap_mode="r" if memory_map else None, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError("an archive")
        return array
    except (ValueError, EOFError) as error:
        raise InputError(f"{path}: expected a NumPy array file, found {error}; delete it and run again") from error


@contextlib.contextmanager
def read_arrays(path: str | Path) -> Iterator[np.lib.npyio.NpzFile]:
    """Yield the arrays written by `write_arrays`; each is read only when it is asked for.

    Raises
    ------
    InputError
        If the file is no archive of arrays, or one of them is damaged.
    """
    try:
        with zipfile.ZipFile(reading(path)) as archive, np.load(path, allow_pickle=False) as arrays:
            if other := [name for name in archive.namelist() if not name.endswith(".npy")]:
                raise zipfile.BadZipFile(f"also {other[0]}")
            yield arrays
    except zipfile.BadZipFile as error:
        raise InputError(f"{path}: expected arrays (.npz), found {error}; delete it and run again") from error


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of the installed ``packages``, by name, for the record of a result."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in packages}}
