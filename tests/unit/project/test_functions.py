"""How long and how deep a function may be, and what a public one says of itself."""

import ast
import importlib
import inspect
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted((ROOT / "scripts").rglob("*.py"))
LONGEST, DEEPEST = 60, 4
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
NESTS = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match


def oversized(text: str) -> Iterator[str]:
    """Yield "line: name: what" for each function that is too long or too deep, without a reason beside it."""
    comments = {
        token.start[0]: token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, FUNCTION):
            continue
        lines, levels = length(function), depth(function.body)
        if lines > LONGEST and not says(function, comments, "# Long because"):
            yield f"{function.lineno}: {function.name}: {lines} lines"
        if levels > DEEPEST and not says(function, comments, "# Deep because"):
            yield f"{function.lineno}: {function.name}: {levels} levels"


def length(function: FUNCTION) -> int:
    """Return the lines from ``def`` to the last one, less the docstring's."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        lines -= function.body[0].end_lineno - function.body[0].lineno + 1
    return lines


def depth(body: list[ast.stmt]) -> int:
    """Return how many levels of control flow stand inside each other in ``body``; ``elif`` is no level of its own."""
    deepest = 0
    for statement in body:
        parts = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        parts += [part.body for part in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]]
        inside = [depth(part) for part in parts]
        if isinstance(statement, ast.If) and len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If):
            inside[1] -= 1
        deepest = max(deepest, max(inside) + isinstance(statement, NESTS))
    return deepest


def says(function: FUNCTION, comments: dict[int, str], reason: str) -> bool:
    """Whether a comment between ``def`` and the first statement begins with ``reason``, which goes on."""
    documented = ast.get_docstring(function) is not None and len(function.body) > 1
    first = function.body[documented].lineno
    words = [comments.get(line, "") for line in range(function.lineno, first + 1)]
    return any(comment.startswith(f"{reason} ") for comment in words)


def undocumented(text: str, module: str = "") -> Iterator[str]:
    """Yield "line: name: what" for each public function or class without a docstring, and each argument without type.

    A method that overrides one whose base documents it needs no docstring of its own. ``module`` is the name by which
    such bases are found.
    """
    for owner, node in public(ast.parse(text)):
        name = f"{owner.name}.{node.name}" if owner else node.name
        special = node.name.startswith("__")
        if ast.get_docstring(node) is None and not special and not (owner and inherits(owner, node.name, module)):
            yield f"{node.lineno}: {name}: no docstring"
        if isinstance(node, FUNCTION):
            yield from (f"{node.lineno}: {name}: no type of {what}" for what in untyped(node, method=bool(owner)))


def public(tree: ast.Module) -> Iterator[tuple[ast.ClassDef | None, ast.ClassDef | FUNCTION]]:
    """Yield the public classes and functions of a module, and the methods of these classes, each with its class."""
    for node in tree.body:
        if not isinstance(node, FUNCTION | ast.ClassDef) or node.name.startswith("_") or node.name == "main":
            continue
        yield None, node
        for member in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(member, FUNCTION) and (member.name.startswith("__") or not member.name.startswith("_")):
                yield node, member


def untyped(function: FUNCTION, method: bool) -> Iterator[str]:
    """Yield the arguments without a type, and "the result" if that has none."""
    static = any(ast.unparse(decorator) == "staticmethod" for decorator in function.decorator_list)
    given = function.args
    arguments = [*given.posonlyargs, *given.args][method and not static :]
    arguments += [*given.kwonlyargs, *filter(None, [given.vararg, given.kwarg])]
    yield from (argument.arg for argument in arguments if argument.annotation is None)
    if function.returns is None and function.name != "__init__":
        yield "the result"


def inherits(owner: ast.ClassDef, method: str, module: str) -> bool:
    """Whether a base of the class, beyond ``object``, documents ``method``."""
    if not owner.bases:
        return False
    bases = getattr(importlib.import_module(module), owner.name).__mro__[1:-1]
    return any(inspect.getdoc(getattr(base, method, None)) for base in bases if hasattr(base, method))


def module_of(path: Path) -> str:
    """Return the name by which a script or a module of the library is imported."""
    return ".".join(path.relative_to(ROOT / "scripts").with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_do_one_job(path):
    assert list(oversized(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_public_functions_say_what_they_are(path):
    assert list(undocumented(path.read_text(encoding="utf-8"), module_of(path))) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_say_what_they_are(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert path.name != "__init__.py" or len(tree.body) == 1  # whoever imports one of a package's modules gets no other


def function(lines: int, first: str = "pass") -> str:
    return "\n    ".join(["def f():", first, *["x = 1"] * (lines - 2)])


def test_long_functions_are_seen():
    assert list(oversized(function(61))) == ["1: f: 61 lines"]
    assert list(oversized(function(60))) == list(oversized(function(61, '"""A docstring does not count."""'))) == []
    assert list(oversized(function(61, "# Long because it is a list."))) == []
    assert list(oversized(function(61, "# Long because"))) != []
    inner = function(61).replace("\n", "\n    ")
    assert len(list(oversized(f"def g():\n    {inner}"))) == 2


def test_deep_functions_are_seen():
    loops = ["for a in b:", "while a:", "with a:", "try:", "if a:"]
    for levels in (4, 5):
        inside = "".join(f"{'    ' * (place + 1)}{line}\n" for place, line in enumerate(loops[-levels:]))
        inside += f"{'    ' * (levels + 1)}pass\n"
        closed = f"{'    ' * (levels - 1)}finally:\n{'    ' * levels}pass\n"
        found = list(oversized(f"def f():\n{inside}{closed}"))
        assert found == (["1: f: 5 levels"] if levels == 5 else [])
        assert list(oversized(f"def f():  # Deep because files are.\n{inside}{closed}")) == []


def test_elif_is_no_level():
    branches = "".join(f"    elif a == {number}:\n        pass\n" for number in range(9))
    assert list(oversized(f"def f():\n    if a:\n        pass\n{branches}    else:\n        pass")) == []
    assert depth(ast.parse("if a:\n    pass\nelse:\n    if b:\n        pass\n    c").body) == 2
    assert depth(ast.parse("match a:\n    case 1:\n        if b:\n            pass").body) == 2


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def f() -> int:\n    pass", ["1: f: no docstring"]),
        ("class A:\n    def f(self) -> int:\n        'D.'", ["1: A: no docstring"]),
        ("class A:\n    'D.'\n    def f(self) -> int:\n        pass", ["3: A.f: no docstring"]),
        ("class A:\n    'D.'\n    def __init__(self, a):\n        pass", ["3: A.__init__: no type of a"]),
        ("def f(a, *b, c=1, **d):\n    'D.'", [f"1: f: no type of {each}" for each in ("a", "c", "b", "d")]
         + ["1: f: no type of the result"]),
        ("def _f(a):\n    pass\ndef main():\n    pass\nclass _A:\n    def f(self, a):\n        pass", []),
        ("def f() -> int:\n    'D.'\n    def inner(a):\n        pass", []),
        ("class A:\n    'D.'\n    @staticmethod\n    def f(a: int) -> int:\n        'D.'", []),
    ],
)  # fmt: skip
def test_undocumented_code_is_seen(code, found):
    assert list(undocumented(code)) == found


def test_overrides_need_no_docstring():
    (ours,) = ast.parse("class Handler(Base):\n    'D.'").body
    ours.name = "StreamHandler"
    assert inherits(ours, "emit", "logging")
    assert not inherits(ours, "unknown", "logging")
