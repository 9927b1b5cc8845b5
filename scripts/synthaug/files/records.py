"""What made a result: the record that every job leaves beside its outputs.

A record is a JSON object:

``rule``, ``params``
    The script, and the parameters that it was given.
``code``
    SHA-256 of each file of the workflow that ran, by its path in the project.
``versions``
    Of Python and of every installed package that was imported.
``device``, ``precision``
    Where and how networks computed; in records of scripts with a network.
``case_table``
    SHA-256 of the user's case table; in records of scripts that read it. The user's files are not named here, because
    names of folders and files often contain those of patients.
``inputs``, ``outputs``
    SHA-256 of each file between stages that was read or written, by its path relative to the record.

It holds no time and no path of the machine, so the same job leaves the same bytes. `verification` follows the digests.
"""

import contextlib
import os
import platform
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from synthaug.files import artifacts

SUFFIX = "record.json"
PROJECT = Path(__file__).resolve().parents[3]
OURS = ("steps.", "synthaug.")  # how the names of the project's modules begin
# Packages that are imported by another name than they are installed by.
INSTALLED_AS = {
    "PIL": "pillow", "_CharLS": "pyjpegls", "dateutil": "python-dateutil", "mpl_toolkits": "matplotlib",
    "skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "PyYAML",
}  # fmt: skip


def make(
    rule: str, params: object, files: artifacts.Files, folder: Path, code_at_start: dict[str, str]
) -> dict[str, object]:
    """Return the record of the job that is about to end, for a file in ``folder``.

    Code and inputs have the digests that they had when they were loaded and read, whatever has been edited since. Of
    ``files``, those that no longer exist were temporary and are left out.

    Parameters
    ----------
    code_at_start
        What `code` returned when the job began.
    """
    read = {path: digest for path, digest in files.read.items() if path not in files.written and path.exists()}
    inputs = {path: digest for path, digest in read.items() if not _of_workflow(path)}
    ours = [path for path in files.read if _of_workflow(path)]
    return {
        "rule": rule,
        "params": params,
        "code": code(ours) | code_at_start,
        "versions": versions(),
        "inputs": _relative(inputs, folder),
        "outputs": _relative({path: artifacts.sha256(path) for path in files.written if path.exists()}, folder),
    }


def holds(path: Path) -> bool:
    """Return whether files, code of the project and packages are today as the record at ``path`` says.

    Files of the user that the record does not name, such as images, are not looked at.
    """
    try:
        record = artifacts.read_json(path)
        named = {path.parent / name: digest for part in ["inputs", "outputs"] for name, digest in record[part].items()}
        named |= {PROJECT / name: digest for name, digest in record["code"].items()}
        return record["versions"].items() <= _installed(record["versions"]).items() and all(
            file.is_file() and artifacts.sha256(file) == digest for file, digest in named.items()
        )
    except (OSError, ValueError, KeyError, AttributeError, TypeError):  # none, cut short, or of another form
        return False


def code(further: Iterable[Path] = ()) -> dict[str, str]:
    """Return the SHA-256 of the project's imported modules and of ``further`` files, by their paths in the project."""
    files = sorted(path.resolve() for path in [*_modules(), *further])
    return {path.relative_to(PROJECT).as_posix(): artifacts.sha256(path) for path in files}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages that are imported."""
    names = sorted({name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names)
    return _installed(INSTALLED_AS.get(name, name) for name in names)


def _installed(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of those of ``packages`` that are installed, by their lower-case names."""
    found = {"python": platform.python_version()}
    for package in packages:
        with contextlib.suppress(metadata.PackageNotFoundError, ValueError):  # a module of ours, or a part of a package
            found[package.lower()] = metadata.version(package)
    return found


def _modules() -> list[Path]:
    """Return the files of the project's imported modules, the running script included."""
    loaded = [sys.modules["__main__"], *(sys.modules[name] for name in list(sys.modules) if name.startswith(OURS))]
    files = {Path(module.__file__).resolve() for module in loaded if getattr(module, "__file__", None)}
    ours = [path for path in files if _inside(path, PROJECT / "scripts")]
    return [path for path in ours if path.name != "__init__.py"]  # which hold nothing, and which rules do not name


def _of_workflow(path: Path) -> bool:
    """Return whether ``path`` is a file of the workflow itself, such as a page's template."""
    return _inside(path.resolve(), PROJECT / "workflow")


def _inside(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder)


def _relative(digests: dict[Path, str], folder: Path) -> dict[str, str]:
    return {Path(os.path.relpath(path, folder)).as_posix(): digest for path, digest in sorted(digests.items())}
