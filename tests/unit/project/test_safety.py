"""What no code of the project may do, and what happens to files that would run code when they are loaded."""

import ast
import os
import pickle
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from snakemake import parser, sourcecache
from torch import nn

from synthaug.cohort import cases
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.generators import imported_files
from synthaug.training import weights

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted([*(ROOT / "scripts").rglob("*.py"), *(ROOT / "tests/benchmarks").rglob("*.py")])
RULES = sorted([ROOT / "Snakefile", *(ROOT / "workflow/rules").rglob("*.smk")])
FORBIDDEN_MODULES = {
    "pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve",  # run what they load
    "socket", "ssl", "urllib", "http", "ftplib", "smtplib", "requests", "httpx", "aiohttp",  # the network
}  # fmt: skip
HARMLESS = {"urllib.parse"}  # takes addresses apart
FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.load_all", "yaml.unsafe_load",
    "yaml.full_load", "pd.read_pickle", "pandas.read_pickle", "torch.hub.load", "subprocess.getoutput",
}  # fmt: skip
NEEDED = {
    "np.load": ("allow_pickle", False), "np.save": ("allow_pickle", False), "np.memmap": None,
    "np.lib.format.write_array": ("allow_pickle", False), "np.lib.format.read_array": ("allow_pickle", False),
    "torch.load": ("weights_only", True),
}  # fmt: skip


def unsafe(text: str) -> Iterator[str]:
    """Yield "line: what" for each thing in Python code that could run or fetch what a file or a user says."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            names = [module] if module else [alias.name for alias in node.names]
            forbidden = [name for name in names if name.split(".")[0] in FORBIDDEN_MODULES and name not in HARMLESS]
            yield from (f"{node.lineno}: import {name}" for name in forbidden)
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {word.arg: getattr(word.value, "value", None) for word in node.keywords}
        if name in FORBIDDEN_CALLS or given.get("shell"):
            yield f"{node.lineno}: {name}"
        if NEEDED.get(name) and given.get(NEEDED[name][0]) is not NEEDED[name][1]:
            yield f"{node.lineno}: {name} without {NEEDED[name][0]}={NEEDED[name][1]}"


def compiled(rules: Path, cache: Path) -> str:
    """Return the Python code that Snakemake makes of a file of rules; ``cache`` is a folder for its copies of them."""
    workflow = SimpleNamespace(sourcecache=sourcecache.SourceCache(cache))
    return parser.parse(sourcecache.LocalSourceFile(str(rules)), workflow, linemap={})[0]


def unquoted(text: str) -> Iterator[str]:
    """Yield each field of a shell command, in compiled rules, that is not quoted."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "workflow.shellcmd":
            for _, field, form, _ in string.Formatter().parse(node.args[0].value):
                if field is not None and form != "q":
                    yield f"{{{field}}}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_script_runs_or_fetches_what_it_reads(path):
    assert list(unsafe(path.read_text(encoding="utf-8"))) == []


def test_rules_run_nothing_that_is_unquoted(tmp_path):
    commands = 0
    for path in RULES:
        code = compiled(path, tmp_path)
        commands += code.count("workflow.shellcmd")
        assert list(unquoted(code)) == [], path
        assert list(unsafe(code)) == [], path
    assert commands > 20


@pytest.mark.parametrize(
    "line",
    [
        "import pickle", "from joblib import load", "import urllib.request", "from socket import socket", "eval(text)",
        "np.load(path)", "np.load(path, allow_pickle=True)", "torch.load(path)", "torch.load(path, weights_only=False)",
        "yaml.load(text)", "os.system(line)", "subprocess.run(line, shell=True)", "pd.read_pickle(path)",
    ],
)  # fmt: skip
def test_unsafe_code_is_seen(line):
    assert len(list(unsafe(f"def f():\n    {line}"))) == 1


@pytest.mark.parametrize("command", ["cat {input.table}", "cat {wildcards.seed} {input.table:q}", "x {params.a[0]}"])
def test_unquoted_fields_are_seen(command):
    assert len(list(unquoted(f"workflow.shellcmd({command!r})"))) == 1


def test_addresses_are_names_only():
    # Identifiers of profiles, licences, papers and a schema; nothing fetches them (no module for it is imported). The
    # reader study's server says where it listens.
    found = {
        (path.name, address.split("/")[2])
        for folder in ["scripts", "workflow"]
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".smk", ".yaml", ".j2", ".rst"}
        for address in re.findall(r"https?://[^\s\"'>]+", path.read_text(encoding="utf-8"))
    }
    identifiers = {
        "crate.py": {"w3id.org", "spdx.org", "schema.org"},
        "config.schema.yaml": {"json-schema.org"},
        "checklists.yaml": {"doi.org"},
    }
    served = {"serve_reader_study.py", "protection.py"}
    others = {(name, host) for name, host in found if host not in identifiers.get(name, ()) and name not in served}
    assert others == set()


class Evil:
    """An object that leaves a file behind when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def evil(tmp_path) -> Evil:
    trap = Evil(tmp_path / "executed")
    pickle.loads(pickle.dumps(trap))
    assert trap.path.exists()  # it does what it is made for
    trap.path.rmdir()
    return trap


def object_array(evil: Evil) -> np.ndarray:
    array = np.empty(1, object)
    array[0] = evil
    return array


def write_npy(evil: Evil, path: Path) -> None:
    np.save(path, object_array(evil), allow_pickle=True)


def write_npz(evil: Evil, path: Path) -> None:
    np.savez(path, L1=object_array(evil))


def write_pickle(evil: Evil, path: Path) -> None:
    path.write_bytes(pickle.dumps(evil))


def write_torch(evil: Evil, path: Path) -> None:
    torch.save({"weight": evil}, path)


def load_arrays(path: Path) -> None:
    with artifacts.read_arrays(path) as arrays:
        list(arrays.values())


def load_mapped(path: Path) -> None:
    artifacts.read_array(path, memory_map=True)


def load_weights(path: Path) -> None:
    weights.load(nn.Linear(1, 1), path)


def load_imported(path: Path) -> None:
    imported_files.read_images(path.parent, (64, 64))


@pytest.mark.parametrize("write", [write_npy, write_npz, write_pickle, write_torch])
@pytest.mark.parametrize(
    ("load", "name"),
    [
        (artifacts.read_array, "images.npy"),
        (load_mapped, "images.npy"),
        (load_arrays, "crops.npz"),
        (load_weights, "weights.safetensors"),
        (artifacts.read_json, "model.json"),
        (load_imported, "images.npy"),
    ],
    ids=["npy", "mapped npy", "npz", "safetensors", "json", "imported npy"],
)
def test_pickle_in_place_of_a_file_is_refused_and_not_run(evil, tmp_path, write, load, name):
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / name
    with path.open("wb") as file:  # np.save would add a suffix
        written = tmp_path / f"made{'.npz' if write is write_npz else '.npy'}"
        write(evil, written)
        file.write(written.read_bytes())
    with pytest.raises((InputError, ValueError, UnicodeDecodeError)):
        load(path)
    assert not evil.path.exists()


@pytest.mark.parametrize("column", ["lesion", "patient", "class"])
@pytest.mark.parametrize(
    "attack",
    [
        "../../outside", "..", ".", "/etc/passwd", "a/b", "a\\b", "~root", "$(touch pwned)", "`touch pwned`",
        "a;touch pwned", "a b", "a|b", "a\u2044b", "{wildcards.seed}", "%2e%2e%2f", "*", "a'b", 'a"b', "-\u0430",
    ],
)  # fmt: skip
def test_ids_that_could_become_paths_or_commands_are_refused(tmp_path, column, attack):
    rows = [
        {"lesion": f"L{n}", "patient": f"P{n}", "class": "cyst", "image": f"{n}.png", "box": "0,0,9,9"}
        for n in range(2)
    ]
    rows[0][column] = attack
    pd.DataFrame(rows).to_csv(tmp_path / "table.csv", index=False)
    classes = ["cyst", attack] if column == "class" else ["cyst"]
    with pytest.raises(InputError, match=rf"row 2.*: {column}: expected letters, digits, _ and - only"):
        cases.check(tmp_path / "table.csv", cases.Params(classes))
