"""Ways to cut jobs short on a real SLURM: its time limit, its node daemon, its whole node.

Such a run begins where the trainings begin (what comes before is copied from a finished run), and must end well by
itself: the profile's retries are part of what is tested.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.helpers.terminal import Terminal

from .project import Project, end_and_wait

SCRIPTS = Path(__file__).parents[1] / "slurm"
STATE = "/var/lib/synthaug-chaos"
SCRIPT = "train_acgan"
# The shipped profile, with a look at the queue every two seconds, and jobs of a minute at most.
PROFILE = ["--workflow-profile", "workflow/profiles/slurm", "--latency-wait", "10"]
PROFILE += ["--slurm-init-seconds-before-status-checks", "2", "--set-resources", f"{SCRIPT}:runtime=1"]


@contextlib.contextmanager
def cluster(wanted: bool) -> Iterator[str]:
    """Bring SLURM up and down again, where it is wanted; yield why there is none, or ""."""
    if not wanted:
        yield "not asked for"
        return
    up = subprocess.run([SCRIPTS / "up.sh"], env={**os.environ, "STATE": STATE}, capture_output=True, text=True)
    try:
        yield up.stderr.strip() if up.returncode else ""
    finally:
        subprocess.run([SCRIPTS / "down.sh"], env={**os.environ, "STATE": STATE}, capture_output=True)


def prepare(finished: Project, folder: Path) -> Project:
    """Return a copy of a finished run whose trainings, and all that comes after them, are still to come."""
    shutil.copytree(finished.folder, folder, symlinks=True)  # copytree keeps modification times
    project = Project(folder)
    for made in ["logs", "seed-0/generators", "seed-0/synthetic", "seed-0/classify", "evaluation"]:
        shutil.rmtree(project.results / made)
    return project


def start(project: Project) -> Terminal:
    environment = {"SLURM_CONF": f"{STATE}/slurm.conf"}
    return project.start("results/tiny/evaluation/predictions.csv", *PROFILE, environment=environment)


def cancel(project: Project, run: Terminal) -> None:
    end_and_wait(run, signal.SIGINT, 60)
    project.kill_all()


def freeze_past_the_limit(job: psutil.Process) -> None:
    """The job is too slow for its time limit: frozen until SLURM ends it."""
    job.suspend()


def kill_node_daemon(job: psutil.Process) -> None:
    """slurmd is killed and started again; the job goes on meanwhile."""
    os.kill(int(Path(STATE, "slurmd.pid").read_text()), signal.SIGKILL)
    subprocess.run([SCRIPTS / "up.sh"], env={**os.environ, "STATE": STATE}, capture_output=True, check=True)


def crash_node(job: psutil.Process) -> None:
    """The node goes down with all that runs of the job, and comes up again."""
    family = [job]
    for parent in job.parents():  # up to SLURM's own process of the step
        family.append(parent)
        if "slurmstepd" in parent.name():
            break
    os.kill(int(Path(STATE, "slurmd.pid").read_text()), signal.SIGKILL)
    for process in reversed(family):
        process.kill()
    subprocess.run([SCRIPTS / "up.sh"], env={**os.environ, "STATE": STATE}, capture_output=True, check=True)


@dataclass(frozen=True)
class Way:
    """A way to hit a job on the cluster."""

    name: str
    act: Callable[[psutil.Process], None]
    needs: str = "cluster"


WAYS = [
    Way("SLURM: time limit", freeze_past_the_limit),
    Way("SLURM: node daemon", kill_node_daemon),
    Way("SLURM: node crash", crash_node),
]
