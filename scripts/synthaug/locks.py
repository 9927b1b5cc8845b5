"""One writer a folder: a job that outlived its Snakemake, and the job that follows it, never write together."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import filelock

log = logging.getLogger(__name__)

LOCK, SUCCESSOR = ".lock", ".successor"
LOOK = 1.0  # seconds between two looks for a successor; a look is a request to a file server


@contextlib.contextmanager
def only_writer(folders: Sequence[Path]) -> Iterator[Callable[[], bool]]:
    """Hold the locks of ``folders``; yield a function that tells whether a successor asks this process to stop.

    Whoever finds a folder locked asks its writer, by a file in it, to stop, and waits until it has. The lock is the
    operating system's, so it ends with its process, however that ends; it works between hosts where the file system
    has locks.
    """
    with contextlib.ExitStack() as held:
        for folder in folders:
            held.enter_context(_locked(folder))
        looked = time.monotonic()

        def asked() -> bool:
            nonlocal looked
            if time.monotonic() - looked < LOOK:
                return False
            looked = time.monotonic()
            return any((folder / SUCCESSOR).exists() for folder in folders)

        yield asked


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        (folder / SUCCESSOR).touch()
        log.warning("%s: an earlier job still writes here; it was asked to stop, waiting until it has", folder)
        lock.acquire(poll_interval=0.2)
    try:
        (folder / SUCCESSOR).unlink(missing_ok=True)
        yield
        (folder / LOCK).unlink()  # safe while it is held: whoever waits for the removed file opens a new one
    finally:
        lock.release()
