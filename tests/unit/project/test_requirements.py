"""Users install what the workflow needs, and nothing that only its tests need."""

import re
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==\S+$", re.MULTILINE)
IMPORT = re.compile(r"^\s*(?:import|from) (\w+)", re.MULTILINE)


def pinned(name: str) -> set[str]:
    """Return the packages that a file of requirements pins, as pip calls them."""
    return {canonicalize_name(package) for package in PIN.findall((ROOT / name).read_text(encoding="utf-8"))}


def needed_by(packages: set[str]) -> set[str]:
    """Return these packages and all that they need, as their own metadata says."""
    found, pending = set(), [(name, ("",)) for name in packages]
    while pending:
        name, extras = pending.pop()
        if canonicalize_name(name) in found:
            continue
        found.add(canonicalize_name(name))
        for requirement in map(Requirement, metadata.requires(name) or []):
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
                pending.append((requirement.name, ("", *requirement.extras)))
    return found


RUN, TESTS = pinned("requirements.txt"), pinned("requirements-dev.txt")


def test_each_file_pins_what_its_packages_need_and_nothing_of_the_other_one():
    assert {"pytest", "ruff", "hypothesis", "playwright"} <= TESTS
    assert not RUN & TESTS
    assert needed_by(RUN) == RUN
    assert needed_by(TESTS) - RUN == TESTS


def versions(text: str) -> dict[str, str]:
    """Return what follows "==" of each package that a text pins: its version, and hashes if there are any."""
    return {
        canonicalize_name(name): rest for name, rest in re.findall(r"^([\w.-]+)==((?:.*\\\n)*.*)$", text, re.MULTILINE)
    }


def test_every_version_but_pytorchs_has_its_hashes():
    wanted, hashed = (
        versions((ROOT / name).read_text(encoding="utf-8")) for name in ["requirements.txt", "requirements-hashes.txt"]
    )
    del wanted["torch"]
    assert {name: rest.split()[0] for name, rest in hashed.items()} == wanted, "make hashes"
    for rest in hashed.values():
        assert re.fullmatch(r"\S+( \\\n {4}--hash=sha256:[0-9a-f]{64})+", rest)


def test_nothing_that_runs_imports_a_package_of_the_tests():
    packages_of = metadata.packages_distributions()
    files = [*(ROOT / "scripts").rglob("*.py"), *(ROOT / "workflow").rglob("*.smk"), ROOT / "Snakefile"]
    imported = {word for file in files for word in IMPORT.findall(file.read_text(encoding="utf-8"))}
    packages = {canonicalize_name(package) for word in imported for package in packages_of.get(word, [])}
    assert {"torch", "pandas", "jsonschema"} <= packages
    assert not packages & TESTS
