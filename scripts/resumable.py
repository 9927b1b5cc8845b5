"""What the training scripts share: the one writer of a folder, and where a training is saved and resumed from."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import command
from synthaug import artifacts, checkpoints, locks, records


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
            known = {"code": records.code(), "versions": artifacts.versions("numpy", "torch"), **identity}
            made.append(checkpoints.Checkpoint(folder, known, lambda: signalled() or successor()))
            return made[-1]

        yield checkpoint
        for each in made:
            each.remove()
