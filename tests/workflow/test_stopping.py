"""A run that is stopped, in a terminal: it says so in one line, and the same command goes on, whatever has stopped it.

The workflow is one job, which writes its first file, waits, and writes its second one.
"""

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from tests.helpers import common_rules, forked
from tests.helpers.terminal import CTRL_C, Terminal

from .conftest import ROOT

SNAKEFILE = f"""
import os
include: "{ROOT}/workflow/rules/common/stopping.smk"
be_ready_to_end()
onstart:
    heed(signal.SIGTERM)
rule halves:
    output: "first.txt", "second.txt"
    shell: "{sys.executable} halves.py"
"""
SLOW = """
import pathlib, time
pathlib.Path("imports").touch()
time.sleep({seconds})
"""
HALVES = f"""
import pathlib, sys, time
import slow
sys.path.append("{ROOT}/scripts")
from steps import command
with command.logged("halves", command.parser("").parse_args(["--log", "halves.log"])):
    pathlib.Path("first.txt").write_text("first")
    while not pathlib.Path("go").exists():
        time.sleep(0.05)
    pathlib.Path("second.txt").write_text("second")
"""
SAID = "Stopping. The same command goes on where it was."
STOPPED = "STOPPED [halves] asked to stop before it was done; run the same command again (details: halves.log)"
SECONDS = 60  # far more than a start takes, even on a busy machine


class Halves:
    """The workflow, in ``folder``."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.command = [sys.executable, "-m", "snakemake", "--cores", "1"]
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
        (folder / "Snakefile").write_text(SNAKEFILE)
        (folder / "profiles/default").mkdir(parents=True)
        (folder / "profiles/default/config.yaml").write_bytes((ROOT / "profiles/default/config.yaml").read_bytes())
        (folder / "halves.py").write_text(HALVES)
        self.imports_take(0)

    def imports_take(self, seconds: float) -> None:
        (self.folder / "slow.py").write_text(SLOW.format(seconds=seconds))

    def start(self) -> Terminal:
        return Terminal(self.command, self.folder / "screen", cwd=self.folder, env=self.environment)

    def wait_for(self, name: str) -> None:
        end = time.monotonic() + SECONDS
        while not (self.folder / name).exists():
            assert time.monotonic() < end, (self.folder / "screen").read_text()
            time.sleep(0.01)

    def goes_on(self) -> None:
        """The same command, with what a stop left half-written, ends with both halves."""
        (self.folder / "go").touch()
        again = forked.run(self.command, cwd=self.folder, env=self.environment)
        assert again.returncode == 0, again.stderr
        assert [(self.folder / name).read_text() for name in ("first.txt", "second.txt")] == ["first", "second"]
        assert not any(path.is_file() for path in (self.folder / ".snakemake/incomplete").rglob("*"))
        assert not (self.folder / ".snakemake/locks").exists()


@pytest.fixture
def halves(tmp_path) -> Halves:
    return Halves(tmp_path)


def press_twice(run: Terminal) -> None:
    run.press(CTRL_C)
    time.sleep(0.2)
    run.press(CTRL_C)


POLITE = {
    "Ctrl-C": lambda run: run.press(CTRL_C),
    "Ctrl-C twice": press_twice,
    "SIGTERM": lambda run: run.terminate(),
}


@pytest.mark.parametrize("way", POLITE)
def test_a_run_that_is_asked_to_stop_says_one_line_and_goes_on(halves, way):
    with halves.start() as run:
        halves.wait_for("first.txt")
        POLITE[way](run)
        assert run.wait(SECONDS) != 0
    assert run.text().replace("^C", "").partition(SAID)[2].splitlines() == ["", STOPPED]
    assert (halves.folder / "first.txt").exists()
    halves.goes_on()


def test_at_a_shutdown_jobs_are_waited_for(halves):
    """Everybody gets SIGTERM: Snakemake, the job's shell, the job, in no order."""
    with halves.start() as run:
        halves.wait_for("first.txt")
        os.killpg(run.pid, signal.SIGTERM)
        assert run.wait(SECONDS) != 0
        assert SAID in run.text()
        assert STOPPED in run.text()
    assert "Traceback" not in run.text()
    halves.goes_on()


def test_a_job_that_still_imports_shows_no_traceback(halves):
    halves.imports_take(SECONDS)
    with halves.start() as run:
        halves.wait_for("imports")
        run.press(CTRL_C)
        assert run.wait(SECONDS / 2) != 0
    assert set(run.text().replace("^C", "").partition(SAID)[2].split()) <= {"Terminated"}  # bash, of its command
    halves.imports_take(0)
    halves.goes_on()


def test_a_closed_terminal_stops_the_run_and_its_job(halves):
    with halves.start() as run:
        halves.wait_for("first.txt")
        (job,) = psutil.Process(run.pid).children(recursive=True)[-1:]
        run.close()
        assert run.wait(SECONDS) != 0
    assert not job.is_running()
    assert "stopped: asked to stop" in (halves.folder / "halves.log").read_text()
    halves.goes_on()


def test_after_a_kill_no_lock_is_in_the_way(halves):
    with halves.start() as run:
        halves.wait_for("first.txt")
        everybody = psutil.Process(run.pid).children(recursive=True)
        run.kill()
        run.wait()
        for process in everybody:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    assert any((halves.folder / ".snakemake/locks").iterdir())
    halves.goes_on()


def test_a_run_that_lives_keeps_its_lock(halves):
    with halves.start() as run:
        halves.wait_for("first.txt")
        with halves.start() as second:
            assert second.wait(SECONDS) == 1
        assert "LockException" in second.text()
        (halves.folder / "go").touch()
        assert run.wait(SECONDS) == 0


def test_locks_stay_where_the_file_system_has_none_of_its_own(tmp_path, monkeypatch):
    def without(*_):
        raise OSError("Function not implemented")

    (tmp_path / ".snakemake/locks").mkdir(parents=True)
    (tmp_path / ".snakemake/locks/0.output.lock").touch()
    monkeypatch.chdir(tmp_path)
    helpers = common_rules.helpers({})
    monkeypatch.setattr(helpers["fcntl"], "flock", without)
    helpers["take_over"]()
    assert (tmp_path / ".snakemake/locks/0.output.lock").exists()
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    helpers["take_over"]()
    assert not (tmp_path / ".snakemake/locks").exists()


def test_a_run_under_nohup_is_not_stopped_by_a_closed_terminal():
    before = signal.getsignal(signal.SIGHUP)
    helpers = common_rules.helpers({})
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        helpers["heed"](signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        helpers["heed"](signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is helpers["end_run"]
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_job_is_accepted_only_as_it_was_started(tmp_path, monkeypatch):
    """Digests of the user's files are parameters and stand in no command."""
    monkeypatch.chdir(tmp_path)
    names = common_rules.helpers({"task": "classification"})
    record = {"inputs": {}, "outputs": {}, "code": {}, "versions": {}}
    (tmp_path / "record.json").write_text(json.dumps(record), encoding="utf-8")
    job = SimpleNamespace(shellcmd="python a.py --record record.json", params=["digest"], output=["record.json"])
    assert not names["has_finished"](job)
    persistence = SimpleNamespace(started=lambda job, external_jobid: None)
    names["note_starts"](persistence)
    persistence.started(job)
    assert names["has_finished"](job)
    for change in [{"params": ["other"]}, {"shellcmd": job.shellcmd + " --x"}, {"output": ["record.json", "missing"]}]:
        assert not names["has_finished"](SimpleNamespace(**{**vars(job), **change})), change
