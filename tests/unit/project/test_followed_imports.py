"""`code()` reads imports in the text of a file, as parsing is slow; it must find what Python's own parser finds."""

import ast
import shutil
from pathlib import Path

import pytest
from tests.helpers import common_rules

HELPERS = ["source", "config", "module", "code"]


def parsed(text: str, modules) -> set[str]:
    """Return which of ``modules`` the imports of ``text`` name."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names & set(modules)


def names_of(folder: Path) -> dict:
    """Return the helpers of a project in ``folder`` that has the files of scripts alone."""
    includes = [f'include: "workflow/rules/common/{name}.smk"\n' for name in HELPERS]
    (folder / "Snakefile").write_text("".join(includes), encoding="utf-8")
    (folder / "workflow/rules/common").mkdir(parents=True)
    for name in HELPERS:
        shutil.copy(common_rules.ROOT / f"workflow/rules/common/{name}.smk", folder / "workflow/rules/common")
    return common_rules.helpers({}, folder)


def test_the_imports_of_every_file_are_those_that_python_parses(monkeypatch):
    monkeypatch.chdir(common_rules.ROOT)
    names = common_rules.helpers({})
    followed = {name: set(names["imports"](name)) for name in names["modules"]()}
    assert followed == {
        name: parsed(Path(path).read_text(encoding="utf-8"), names["modules"]())
        for name, path in names["modules"]().items()
    }
    assert sum(map(len, followed.values())) > len(followed)


@pytest.mark.parametrize(
    "text",
    [
        "from lib import a, b\n",
        "from lib import (\n    a,  # not (c)\n    b,\n)\n",
        "from lib import(a)\n",
        "from lib import a as x, b as c\n",
        "from lib import a, \\\n    b\n",
        "from lib.a import c\n",
        "import lib.a, lib.b as c\n",
        "import lib.a; from lib import b\n",
        "def f():\n\tfrom lib import a\n",
        "if True: import lib.a\n",
        "try:\n    import lib.a  # , lib.b\nexcept ImportError: from lib import c\n",
        "# from lib import a\n",
        "x = 'see lib.a, important'\nlib_import = x\n",
        "import lib.abc, libs\n",
    ],
)
def test_imports_in_every_form(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scripts/lib").mkdir(parents=True)
    for name in "abc":
        (tmp_path / f"scripts/lib/{name}.py").write_text("")
    (tmp_path / "scripts/train.py").write_text(text)
    names = names_of(tmp_path)
    assert set(names["imports"]("train")) == parsed(text, names["modules"]())


def test_the_script_comes_first_and_what_it_imports_indirectly_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scripts/lib").mkdir(parents=True)
    (tmp_path / "scripts/train.py").write_text("from lib import c\n")
    (tmp_path / "scripts/lib/c.py").write_text("from lib import b\n")
    (tmp_path / "scripts/lib/b.py").write_text("from lib import c\n")  # a circle ends
    (tmp_path / "scripts/lib/a.py").write_text("")
    assert names_of(tmp_path)["code"]("train") == ["scripts/train.py", "scripts/lib/b.py", "scripts/lib/c.py"]
