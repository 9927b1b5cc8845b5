"""Copies of the workflow to run in: tests never touch the user's config or results."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from tests.helpers import forked

ROOT = Path(__file__).parents[2]
PARTS = ["Snakefile", "config", "workflow", "profiles", "scripts", "envs"]
# config/tiny.yaml runs one arm of a kind; as config/every.yaml of the copy it runs every arm, and errors have costs.
EVERY = "config/every.yaml"
EVERY_ARM = {"classic": [0, 60, 90], "online": [90], "mixup": [90], "generators": ["dcgan", "acgan"], "extra": [30]}
EVERY_ARM |= {"baselines": ["bovw-single", "glcm"]}
COSTS = {"metastasis": {"hemangioma": 5}}


@dataclass
class Project:
    """A copy of the workflow in a folder of its own."""

    folder: Path

    def snakemake(self, *arguments: str, configfile: str = EVERY, jobs: int = 0) -> subprocess.CompletedProcess:
        """Run Snakemake; ``jobs`` is that of `forked.run`."""
        command = [sys.executable, "-m", "snakemake", "--configfile", configfile, "--cores", "2", *arguments]
        environment = {**os.environ, "COLUMNS": "200", "XDG_CACHE_HOME": str(self.folder / ".cache")}
        return forked.run(command, cwd=self.folder, env=environment, jobs=jobs)

    def planned(self, *arguments: str, **options) -> dict[str, int]:
        """Return how many jobs of each rule a dry-run lists; nothing to be done is an empty dictionary."""
        done = self.snakemake(*arguments, "--dry-run", "--quiet", "rules", **options)
        assert done.returncode == 0, done.stdout + done.stderr
        text = done.stdout + done.stderr
        if "Nothing to be done" in text:
            return {}
        lines = text.split("Job stats:")[1].strip().splitlines()[2:]
        counts = {}
        for line in lines:
            parts = line.split()
            if len(parts) != 2 or parts[0] == "total":
                break
            counts[parts[0]] = int(parts[1])
        return counts

    def verify(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "scripts/verify_results.py", "--results", "results/tiny", *arguments]
        return forked.run(command, cwd=self.folder)

    def recompute(self) -> subprocess.CompletedProcess:
        command = [sys.executable, "scripts/recompute_results_classification.py", "--results", "results/tiny"]
        return forked.run(command, cwd=self.folder)

    def edit(self, name: str, change) -> None:
        """Apply ``change`` to the text of a file."""
        path = self.folder / name
        before = path.read_text(encoding="utf-8")
        after = change(before)
        assert after != before, f"{name}: the edit changed nothing"
        path.write_text(after, encoding="utf-8")

    def configure(self, change, name: str = EVERY) -> None:
        """Apply ``change`` to the loaded configuration, in place."""
        path = self.folder / name
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(config)
        path.write_text(yaml.safe_dump(config), encoding="utf-8")


def copy_workflow(folder: Path) -> Project:
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    project = Project(folder)
    shutil.copy(ROOT / "config/tiny.yaml", folder / EVERY)
    project.configure(lambda config: config["experiment"].update(EVERY_ARM))
    project.configure(lambda config: config["evaluation"].update(costs=COSTS))
    return project


@pytest.fixture
def project(tmp_path) -> Project:
    """A fresh copy, nothing run."""
    return copy_workflow(tmp_path / "project")


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """A copy in which every arm of config/tiny.yaml has run to its report. Tests must leave it as they found it.

    Processes of pytest-xdist share one, in the parent of their folders; the first that needs it makes it.
    """
    session = tmp_path_factory.getbasetemp()
    folder = (session.parent if os.getenv("PYTEST_XDIST_WORKER") else session) / "finished"
    with FileLock(folder.with_suffix(".lock")):
        if (folder / "done").exists():
            return Project(folder / "project")
        project = copy_workflow(folder / "project")
        done = project.snakemake()
        assert done.returncode == 0, done.stdout + done.stderr
        (folder / "said.txt").write_text(done.stderr, encoding="utf-8")
        (folder / "done").touch()
    return project


@pytest.fixture
def rerun(finished, tmp_path) -> Project:
    """A copy of the finished run, to be changed."""
    folder = tmp_path / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)  # copytree keeps modification times
    return Project(folder)
