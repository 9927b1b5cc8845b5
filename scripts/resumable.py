"""What the training scripts share: the one writer of a folder, and where a training is saved and resumed from."""

import contextlib
import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import command
from synthaug import artifacts, checkpoints, locks


@contextlib.contextmanager
def trainings(folders: Sequence[Path]) -> Iterator[Callable[[Path, dict], checkpoints.Checkpoint]]:
    """Hold the locks of ``folders``, one a training, and yield a function that returns the checkpoint of one of them.

    The function takes the folder and what identifies its training besides code and versions. All checkpoints stay until
    all trainings of the job have succeeded, since Snakemake removes what a failed job has written.
    """
    signalled = command.stop_requests()
    with locks.only_writer(folders) as successor:
        made = []

        def checkpoint(folder: Path, identity: dict) -> checkpoints.Checkpoint:
            known = {"code": code_digest(), "versions": artifacts.versions("numpy", "torch"), **identity}
            made.append(checkpoints.Checkpoint(folder, known, lambda: signalled() or successor()))
            return made[-1]

        yield checkpoint
        for each in made:
            each.remove()


def code_digest() -> str:
    """Return the SHA-256 of the project's files that this process has imported."""
    scripts = Path(__file__).parent
    files = {Path(module.__file__) for module in sys.modules.values() if getattr(module, "__file__", None)}
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.is_relative_to(scripts)):
        digest.update(path.relative_to(scripts).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
