"""A copy of the workflow that runs config/tiny.yaml: its Snakemake, its jobs' processes, its results' hashes."""

import contextlib
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.helpers.terminal import Terminal
from tests.workflow.conftest import copy_workflow

CONFIGS = ["--configfile", "config/tiny.yaml", "longer.yaml"]
LOCAL = ["--cores", "2"]
# Of every run its own: times and what Snakemake writes.
CHANGING = ["logs", "benchmarks", "analysis-plan", "report.html", "report.record.json"]
REMAINS = re.compile(r"\.training\.(checkpoint|refused)|\..+\.(lock|successor)|\..+\.[0-9a-f]{32}(\.\w+)?")


class Project:
    """The copy, in ``folder``."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.results = folder / "results/tiny"
        self.screen = folder.parent.with_suffix(".screen")  # not on the disk that becomes full

    @classmethod
    def copy(cls, folder: Path) -> "Project":
        """Make a copy in which nothing has run."""
        copy_workflow(folder)
        (folder / "longer.yaml").write_bytes(Path(__file__).with_name("longer.yaml").read_bytes())
        return cls(folder)

    def start(self, *arguments: str, environment: dict[str, str] | None = None) -> Terminal:
        """Start Snakemake in a terminal of its own, whose screen shows what earlier runs have said, too."""
        command = [sys.executable, "-m", "snakemake", *arguments, *CONFIGS, "--quiet", "rules"]
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder / ".cache"), **(environment or {})}
        return Terminal(command, self.screen, cwd=self.folder, env=environment)

    def jobs(self, script: str = "") -> list[psutil.Process]:
        """Return the running processes of the rules' scripts, or those of one script."""
        wanted = re.compile(rf"scripts/{script}\.py" if script else r"scripts/\w+\.py")
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                command = process.cmdline()
                if command[1:] and wanted.fullmatch(command[1]) and Path(process.cwd()) == self.folder:
                    found.append(process)
        return found

    def kill_all(self) -> None:
        """Kill every process that works in this copy, as when its node is lost."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if Path(process.cwd()) == self.folder and process.pid != os.getpid():
                    process.kill()

    def wait_until_still(self, seconds: float = 120) -> None:
        """Wait for jobs that outlived their Snakemake."""
        end = time.monotonic() + seconds
        while self.jobs():
            if time.monotonic() > end:
                raise RuntimeError(f"jobs still run {seconds:g} s after the end: {self.jobs()}")
            time.sleep(0.1)

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of every result that must repeat."""
        files = [path for path in sorted(self.results.rglob("*")) if path.is_file()]
        names = {path.relative_to(self.results): path for path in files}
        return {
            name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in names.items()
            if name.parts[0] not in CHANGING and not name.name.startswith(".snakemake")
        }

    def remains(self) -> list[str]:
        """Return what an interruption must not leave behind."""
        found = [path for path in self.results.rglob("*") if REMAINS.fullmatch(path.name)]
        return sorted(path.relative_to(self.results).as_posix() for path in found)

    def log(self, rule: str) -> str:
        """Return the logs of all jobs of ``rule``."""
        return "".join(path.read_text() for path in sorted((self.results / "logs" / rule).rglob("*.log")))


def end(process: Terminal, number: int) -> None:
    """Send a signal to the process group of ``process``, if there is one left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def end_and_wait(process: Terminal, number: int, seconds: float) -> None:
    """Send a signal to the group and wait; who has not ended after ``seconds`` is killed."""
    end(process, number)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        end(process, signal.SIGKILL)
        process.wait()
