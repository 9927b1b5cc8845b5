"""The ways in which a run is cut short.

Each takes the run at its moment, and the script that is to be hit ("" for any), and returns when the run has ended.
"""

import contextlib
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.helpers.terminal import CTRL_C, Terminal

from .project import Project, end, end_and_wait

PATIENCE = 60.0  # seconds for a run to end once it is cut short
IMPATIENCE = 0.5  # seconds between two Ctrl-C
GRACE = 10.0  # seconds between SIGTERM and SIGKILL at a job's time limit


def ctrl_c(project: Project, run: Terminal, script: str) -> None:
    """Ctrl-C in the terminal: everybody gets SIGINT."""
    run.press(CTRL_C)
    run.wait(PATIENCE)


def ctrl_c_twice(project: Project, run: Terminal, script: str) -> None:
    """Ctrl-C, and again before the run has ended."""
    run.press(CTRL_C)
    time.sleep(IMPATIENCE)
    ctrl_c(project, run, script)


def close_terminal(project: Project, run: Terminal, script: str) -> None:
    """The terminal is closed, or the connection to it lost: everybody gets SIGHUP."""
    run.close()
    run.wait(PATIENCE)


def terminate_all(project: Project, run: Terminal, script: str) -> None:
    """Logout, shutdown: everybody gets SIGTERM."""
    end_and_wait(run, signal.SIGTERM, PATIENCE)


def kill_job(project: Project, run: Terminal, script: str) -> None:
    """A job is killed, as when memory runs out; Snakemake goes on with what does not need it, then fails."""
    for job in project.jobs(script)[:1]:
        job.kill()
    run.wait()


def time_limit(project: Project, run: Terminal, script: str) -> None:
    """A job gets SIGTERM and, if it has not ended in time, SIGKILL, as at a cluster's time limit."""
    for job in project.jobs(script)[:1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            job.terminate()
            _, alive = psutil.wait_procs([job], timeout=GRACE)
            for late in alive:
                late.kill()
    run.wait()


def kill_snakemake(project: Project, run: Terminal, script: str) -> None:
    """Snakemake is killed; its jobs go on, and the next run meets them."""
    run.kill()
    run.wait()


def kill_everything(project: Project, run: Terminal, script: str = "") -> None:
    """Everything is killed at once, as when a node is lost."""
    end(run, signal.SIGKILL)
    project.kill_all()
    run.wait()


def fill_disk(project: Project, run: Terminal, script: str) -> None:
    """The disk that the run writes to becomes full; it has room again before the next run."""
    filler = project.folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 20)):
            pass
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
        while file.write(bytes(512)):
            pass
    try:
        run.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        end_and_wait(run, signal.SIGTERM, PATIENCE)
    filler.unlink()


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Have a disk of its own at ``folder``; only root may mount one."""
    folder.mkdir(parents=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True, capture_output=True
    )
    try:
        yield
    finally:
        for _ in range(100):
            if subprocess.run(["umount", folder], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)


def no_small_disk() -> str:
    """Return why there can be no small disk; "" if there can."""
    with tempfile.TemporaryDirectory() as root:
        try:
            with small_disk(Path(root) / "disk", 1):
                return ""
        except (subprocess.CalledProcessError, OSError):
            return "only root may mount a disk of its own"


@dataclass(frozen=True)
class Way:
    """A way to cut a run short."""

    name: str
    act: Callable[[Project, Terminal, str], None]
    needs: str = ""


WAYS = [
    Way("Ctrl-C", ctrl_c),
    Way("kill -9 of Snakemake", kill_snakemake),
    Way("time limit of a job", time_limit),
    Way("kill -9 of a job", kill_job),
    Way("Ctrl-C twice", ctrl_c_twice),
    Way("full disk", fill_disk, needs="small disk"),
    Way("kill -9 of all", kill_everything),
    Way("closed terminal", close_terminal),
    Way("SIGTERM to all", terminate_all),
]
