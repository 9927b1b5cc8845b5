"""Who may import whom; and every import is one that the workflow's `code()` can follow, or an edit goes unnoticed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "scripts"
LIBRARY = SCRIPTS / "synthaug"
FILES = sorted(SCRIPTS.rglob("*.py"))
TASKS = {path.parent.name for path in (ROOT / "workflow/rules").glob("*/*.smk") if path.stem == path.parent.name}
# Each line imports from the lines above it, and nobody from beside or below himself.
ORDER = [
    {"errors", "seeding"},
    {"terms", "files", "imaging", "phantom", "timing"},
    {"training", "cohort", "evaluation"},
    {"generators", "quality", "audit"},
    {"report"},
    TASKS,
    {"readers"},
    {"steps"},
    {"scripts"},
]
LEVEL = {name: number for number, names in enumerate(ORDER) for name in names}
HIDDEN = {"importlib", "imp", "pkgutil", "runpy"}  # they import what no reader of the text can see
HARMLESS = {("importlib", "metadata")}  # versions of installed packages


def room(module: str) -> str:
    """Return where a module lives: a package or flat module of the library, the scripts' helpers, or the scripts."""
    first, *rest = module.split(".")
    if first == "synthaug":
        return rest[0] if rest else "synthaug"
    return first if first == "steps" else "scripts"


def own(name: str) -> bool:
    """Return whether a module belongs to this project."""
    return (SCRIPTS / name.split(".")[0]).is_dir() or (SCRIPTS / f"{name}.py").is_file()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(SCRIPTS).with_suffix("").parts)


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, module) for each import from this project; a name counts as the module that holds it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if own(alias.name))
        elif isinstance(node, ast.ImportFrom) and not node.level and own(node.module):
            for alias in node.names:
                leaf = f"{node.module}.{alias.name}"
                below = (SCRIPTS / leaf.replace(".", "/")).with_suffix(".py").is_file()
                yield node.lineno, leaf if below else node.module


def upward(importer: str, tree: ast.Module) -> Iterator[str]:
    """Yield "line: what" for each import from the same level or from above."""
    here = room(importer)
    for line, name in imported(tree):
        there = room(name)
        if there == here and there != "scripts":
            continue
        if LEVEL.get(there, len(ORDER)) >= LEVEL[here]:
            yield f"{line}: {here} imports {name}"


def unseen(tree: ast.Module) -> Iterator[str]:
    """Yield "line: what" for each import that `code()` does not follow."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "__import__":
            yield f"{node.lineno}: __import__"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if own(alias.name) or alias.name.split(".")[0] in HIDDEN:
                    yield f"{node.lineno}: import {alias.name}"
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.lineno}: {problem}" for problem in unseen_names(node))


def unseen_names(node: ast.ImportFrom) -> Iterator[str]:
    if node.level:
        yield f"from {'.' * node.level}{node.module or ''} import: give the full name"
    elif node.module.split(".")[0] in HIDDEN:
        for alias in node.names:
            if (node.module, alias.name) not in HARMLESS:
                yield f"from {node.module} import {alias.name}"
    elif own(node.module) and (SCRIPTS / node.module.replace(".", "/")).is_dir():
        for alias in node.names:
            if not (SCRIPTS / node.module.replace(".", "/") / f"{alias.name}.py").is_file():
                yield f"from {node.module} import {alias.name}: a folder, or nothing; name a module in it"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_go_down_only(path):
    name = module_of(path)
    assert room(name) in LEVEL or path == LIBRARY / "__init__.py", "a package without a level; give it one above"
    assert list(upward(name, ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_every_import_can_be_followed(path):
    assert list(unseen(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("__init__.py")), ids=module_of)
def test_packages_hold_a_docstring_only(path):
    """`code()` lists no `__init__.py`, so nothing in one may change a result."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)
    assert isinstance(body[0].value.value, str)


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for path in FILES} - {SCRIPTS}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_no_module_lies_flat_in_the_library():
    assert sorted(path.name for path in LIBRARY.glob("*.py")) == ["__init__.py", "errors.py", "seeding.py"]


@pytest.mark.parametrize(
    "line",
    [
        "from . import cases", "from .cases import check", "from synthaug import cohort", "import synthaug.errors",
        "from synthaug.readers import app", "from synthaug.files import *", "import steps", "import train_dcgan",
        "import importlib", "from importlib import import_module", "import runpy", "__import__('synthaug.errors')",
    ],
)  # fmt: skip
def test_imports_that_cannot_be_followed_are_seen(line):
    assert len(list(unseen(ast.parse(f"def f():\n    {line}")))) == 1


@pytest.mark.parametrize(
    ("importer", "line"),
    [
        ("synthaug.files.records", "from synthaug.cohort import cases"),
        ("synthaug.cohort.folds", "from synthaug.training import device"),  # beside it
        ("synthaug.report.tables", "from synthaug.classification.rois import SIDE"),
        ("synthaug.classification.rois", "from steps import command"),
        ("steps.command", "from train_dcgan import main"),
        ("train_acgan", "from train_dcgan import main"),
        ("synthaug.errors", "from synthaug import seeding"),
    ],
)
def test_imports_from_beside_and_above_are_seen(importer, line):
    assert len(list(upward(importer, ast.parse(line)))) == 1


@pytest.mark.parametrize("line", ["from synthaug import errors, seeding", "from synthaug.errors import InputError",
                                  "from synthaug.cohort import folds", "import numpy as np"])  # fmt: skip
def test_plain_imports_are_none_of_these(line):
    tree = ast.parse(line)
    assert list(unseen(tree)) == []
    assert list(upward("train_dcgan", tree)) == []
