"""A stand-in for pandas on a machine with PyTorch and NumPy alone."""

import contextlib
import importlib
import sys
import types
from collections.abc import Iterator


@contextlib.contextmanager
def without_pandas() -> Iterator[None]:
    """Let modules be imported that need pandas for some of their functions; who calls these still fails."""
    try:
        importlib.import_module("pandas")
        yield
        return
    except ImportError:
        module = types.ModuleType("pandas")
    module.DataFrame = module.Series = type("Absent", (), {})
    sys.modules["pandas"] = module
    try:
        yield
    finally:
        del sys.modules["pandas"]  # PyTorch's compiler looks whether there is one
