"""One writer per result: a job that outlived its Snakemake and the job that follows it never write at the same time."""

import contextlib
import errno
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks for a successor; each look is a request to a file server
SETTLE = 5.0  # seconds in which, on a cluster, whoever watched over the earlier job removes what that job had written
WITHOUT_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP)


@contextlib.contextmanager
def only_writer(path: Path) -> Iterator[Callable[[], bool]]:
    """Hold the lock beside ``path``; yield a function that tells whether a successor asks this process to stop.

    Whoever finds it locked asks the writer to stop, by means of a file, and waits until it has ended. The lock is that
    of the operating system (flock): it holds between hosts and ends with its process, however that ends. On a file
    system without locks a warning is logged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    successor, name = path.with_name(f".{path.name}.successor"), path.with_name(f".{path.name}.lock")
    lock = filelock.FileLock(name, fallback_to_soft=False)
    looked = time.monotonic()

    def asked() -> bool:
        nonlocal looked
        if time.monotonic() - looked < LOOK:
            return False
        looked = time.monotonic()
        return successor.exists()

    with contextlib.ExitStack() as held:
        if _acquire(lock, path, successor):
            held.callback(lock.release)
            # Safe while it is held: whoever waits for the removed file opens a new one.
            held.callback(name.unlink, missing_ok=True)
        yield asked


def _acquire(lock: filelock.BaseFileLock, path: Path, successor: Path) -> bool:
    """Wait for the lock; return False where the file system has none."""
    try:
        waited = _wait(lock, path, successor)
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
        log.warning("%s: this file system has no locks; make sure that no job of an earlier run still works", path)
        waited = None
    successor.unlink(missing_ok=True)  # before the pause: whoever comes meanwhile asks this process
    if waited:
        time.sleep(SETTLE)
    return waited is not None


def _wait(lock: filelock.BaseFileLock, path: Path, successor: Path) -> bool:
    """Acquire the lock, and ask its holder to stop until it is free; return whether another process held it."""
    try:
        lock.acquire(timeout=0)
        return False
    except filelock.Timeout:
        log.warning("%s: an earlier job still works on it; it was asked to stop, waiting until it has ended", path)
    while True:
        successor.touch()  # again and again: the holder may have waited for another one itself, and removed it
        with contextlib.suppress(filelock.Timeout):
            lock.acquire(timeout=LOOK, poll_interval=0.2)
            return True
