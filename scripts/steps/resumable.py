"""What the training scripts share: where a job saves its trainings, and resumes them from."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from steps import command
from synthaug.files import artifacts, records
from synthaug.training import checkpoints


@contextlib.contextmanager
def trainings() -> Iterator[Callable[[Path, dict], checkpoints.Checkpoint]]:
    """Yield a function that returns the checkpoint of one of the job's trainings.

    The function takes the folder of the training and what identifies it besides code and versions. All checkpoints stay
    until the whole job has succeeded, because Snakemake removes what a failed job has written.
    """
    stopping = command.stop_requests()
    made = []

    def checkpoint(folder: Path, identity: dict) -> checkpoints.Checkpoint:
        known = {"code": records.code(), "versions": artifacts.versions("numpy", "torch"), **identity}
        made.append(checkpoints.Checkpoint(folder, known, stopping))
        return made[-1]

    yield checkpoint
    for each in made:
        command.on_success(each.remove)
