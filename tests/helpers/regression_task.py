"""The task of the tests alone: a regression, laid over a copy of the workflow without an edit of what is shared."""

import shutil
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "tasks/regression"


def add(folder: Path) -> None:
    """Add the task to the workflow in ``folder``, with config/regression.yaml, its default."""
    for path in FOLDER.rglob("*"):
        target = folder / path.relative_to(FOLDER)
        if path.is_file() and "__pycache__" not in path.parts:
            assert not target.exists(), f"{target} is shared"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
