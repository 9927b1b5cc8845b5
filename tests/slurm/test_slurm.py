"""The workflow on a real SLURM: the shipped profiles, jobs cancelled and killed, and the bytes of a local run."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..workflow.conftest import Project, copy_workflow
from ..workflow.test_run import hashes

CONFIG = ["--configfile", "config/tiny.yaml"]
# The profile's own waits suit a cluster that others use too; these a test.
SLURM = ["--workflow-profile", "workflow/profiles/slurm", "--slurm-init-seconds-before-status-checks", "5"]
GENERIC = ["--workflow-profile", "workflow/profiles/cluster-generic", "--seconds-between-status-checks", "1"]
LIMIT = 600  # seconds that a run may take on a machine that has other things to do


@dataclass
class Job:
    """A job as squeue shows it."""

    number: str
    state: str
    memory: int  # MB
    name: str  # rule_<rule>_wildcards_<values>


def jobs(environment) -> list[Job]:
    """Return every job that SLURM still knows, in the order of submission."""
    command = [
        "squeue",
        "--noheader",
        "--states=all",
        "--sort=i",
        "--Format=JobID:|,State:|,MinMemory:|,Comment:200",
    ]
    lines = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    fields = [[field.strip() for field in line.split("|")] for line in lines]
    return [Job(number, state, int(memory.removesuffix("M")), name) for number, state, memory, name in fields]


def start(project: Project, environment, *arguments: str) -> subprocess.Popen:
    """Start Snakemake in ``project``, its output in snakemake.log there."""
    environment = {**environment, "COLUMNS": "200", "XDG_CACHE_HOME": str(project.folder / ".cache")}
    with (project.folder / "snakemake.log").open("w") as log:
        command = [sys.executable, "-m", "snakemake", *CONFIG, *arguments]
        return subprocess.Popen(command, cwd=project.folder, env=environment, stdout=log, stderr=subprocess.STDOUT)


def finish(run: subprocess.Popen, project: Project) -> str:
    """Wait for a run that must succeed, and return what it printed."""
    status = run.wait(timeout=LIMIT)
    text = (project.folder / "snakemake.log").read_text()
    assert status == 0, text
    return text


def process_of(project: Project, script: str) -> int | None:
    """Return the process in ``project`` that runs scripts/``script``.py, if there is one."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            if words[1:2] == [f"scripts/{script}.py"] and (folder / "cwd").readlink() == project.folder:
                return int(folder.name)
        except OSError:  # it has ended
            continue
    return None


def job_of(process: int) -> str:
    """Return the number of the job that a process belongs to."""
    variables = Path(f"/proc/{process}/environ").read_bytes().decode().split("\0")
    return next(value for name, _, value in (line.partition("=") for line in variables) if name == "SLURM_JOB_ID")


def wait_until(found, run: subprocess.Popen):
    """Return what ``found()`` returns as soon as it is anything; fail when ``run`` ends before."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if value := found():
            return value
        assert run.poll() is None, "the run ended before what was awaited"
        time.sleep(0.1)
    pytest.fail("waited in vain")


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A copy, and the run of config/tiny.yaml in it on this machine, which goes on beside that on the cluster."""
    project = copy_workflow(tmp_path_factory.mktemp("local"))
    run = start(project, os.environ, "--cores", "2")
    yield project, run
    run.terminate()
    run.wait()


@pytest.fixture
def project(tmp_path) -> Project:
    return copy_workflow(tmp_path / "project")


def test_run_on_slurm_gives_the_bytes_of_a_local_run(slurm, local, project):
    planned = project.planned(configfile="config/tiny.yaml")
    run = start(project, slurm, *SLURM)
    try:
        cancelled = killed = None
        while not (cancelled and killed):  # whichever SLURM starts first
            if not cancelled and (cancelled := process_of(project, "train_acgan")):
                subprocess.run(["scancel", job_of(cancelled)], env=slurm, check=True)
            if not killed and (killed := process_of(project, "train_classifier")):
                os.kill(killed, signal.SIGKILL)
            assert run.poll() is None, "the run ended before any training"
            time.sleep(0.1)
        text = finish(run, project)
    finally:
        run.terminate()  # Snakemake cancels its jobs
        run.wait()

    seen = jobs(slurm)
    failed = {job.state: job for job in seen if job.state != "COMPLETED"}
    assert {state: job.name.split("_wildcards")[0] for state, job in failed.items()} == {
        "FAILED": "rule_train_classifier",
        "CANCELLED": "rule_train_acgan",
    }
    assert len(re.findall("Trying to restart job", text)) == len(failed)
    for first in failed.values():
        again = [job for job in seen if job.name == first.name and job.number != first.number]
        assert [(job.state, job.memory) for job in again] == [("COMPLETED", 2 * first.memory)]
    assert len(seen) == sum(planned.values()) - planned["all"] + len(failed)  # `all` has nothing to do

    reference, reference_run = local
    finish(reference_run, reference)
    for pattern in ["predictions.csv", "*.safetensors", "*.npy", "metrics.csv", "comparisons.csv", "*.png"]:
        first, second = (hashes(folder.folder / "results/tiny", pattern) for folder in (reference, project))
        assert first
        assert first == second, pattern
    assert (project.folder / "results/tiny/report.html").exists()


def test_gpu_job_asks_for_one_gpu_and_slurm_can_give_it(slurm, local, tmp_path):
    """Continues in the folder of the local run, whose files the training needs; nothing is submitted in earnest."""
    project, local_run = local
    finish(local_run, project)
    project.configure(lambda config: config.update(device="cuda"), "config/tiny.yaml")
    asked = tmp_path / "asked"
    sbatch = shutil.which("sbatch")
    (tmp_path / "sbatch").write_text(f'#!/bin/sh\necho "$*" > {asked}\n{sbatch} --test-only "$@" 2>> {asked}\nexit 1\n')
    (tmp_path / "sbatch").chmod(0o755)
    environment = {**slurm, "PATH": f"{tmp_path}:{slurm['PATH']}"}
    target = "results/tiny/seed-0/generators/acgan/on-60/train-0/all/model.json"
    options = ["--retries", "0", "--rerun-triggers", "mtime", "--forcerun", "train_acgan", "--", target]
    assert start(project, environment, *SLURM, *options).wait(timeout=LIMIT) == 1
    command, answer = asked.read_text().strip().rsplit("\n", 1)
    assert "--gpus=1 " in command
    assert re.match(r"sbatch: Job \d+ to start at ", answer), answer


def test_cluster_generic_profile_retries_a_killed_job(slurm, project):
    run = start(project, slurm, *GENERIC, "results/tiny/cases.csv")
    try:
        pid = wait_until(lambda: process_of(project, "make_phantom"), run)
        os.kill(pid, signal.SIGKILL)
        text = finish(run, project)
    finally:
        run.terminate()
        run.wait()
    assert len(re.findall("Trying to restart job", text)) == 1
    logs = sorted(path.name.split("-")[0] for path in (project.folder / ".snakemake/cluster_logs").iterdir())
    assert logs == ["check_cases", "make_phantom", "make_phantom"]
    assert (project.folder / "results/tiny/cases.csv").exists()
