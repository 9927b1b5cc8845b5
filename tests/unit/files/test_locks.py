"""Two processes that would write to one folder: one after the other, whatever happens to the first."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"

# Writes "<name> <number>" to a common file every 20 ms while it holds the locks, until asked to stop or done.
WRITER = """
import sys, time
from pathlib import Path
from synthaug.files import locks
folder, name, lines = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
locks.SETTLE = 0.5
with locks.only_writer(folder / "record.json") as asked:
    for number in range(lines):
        with (folder / "lines").open("a") as file:
            file.write(f"{name} {number}\\n")
        if asked():
            break
        time.sleep(0.02)
"""


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(name: str, lines: int) -> subprocess.Popen:
        command = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path), name, str(lines)]
        started.append(subprocess.Popen(command, env={"PYTHONPATH": str(SCRIPTS)}))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def wait_for_lines(folder: Path, name: str) -> None:
    for _ in range(600):
        if (folder / "lines").exists() and name in (folder / "lines").read_text():
            return
        time.sleep(0.05)
    raise AssertionError(f"{name} never wrote")


def writers(folder: Path) -> list[str]:
    """Return who wrote, in the order of turns."""
    names = [line.split()[0] for line in (folder / "lines").read_text().splitlines()]
    return [name for name, before in zip(names, [None, *names], strict=False) if name != before]


def test_a_successor_asks_the_writer_to_stop_and_waits(start, tmp_path):
    first = start("orphan", 100_000)
    wait_for_lines(tmp_path, "orphan")
    second = start("successor", 20)
    assert first.wait(timeout=60) == 0
    assert second.wait(timeout=60) == 0
    assert writers(tmp_path) == ["orphan", "successor"]
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["lines"]


def test_whoever_waited_together_with_another_asks_again(start, tmp_path):
    """Of two that wait, the first to come in must not take the other's request for its own."""
    first = start("orphan", 100_000)
    wait_for_lines(tmp_path, "orphan")
    first.send_signal(signal.SIGSTOP)
    start("second", 100_000)
    start("third", 100_000)
    time.sleep(3)
    first.send_signal(signal.SIGCONT)
    wait_for_lines(tmp_path, "second")
    wait_for_lines(tmp_path, "third")
    assert len(writers(tmp_path)) == 3


def test_a_killed_writer_holds_nothing(start, tmp_path):
    first = start("killed", 100_000)
    wait_for_lines(tmp_path, "killed")
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start("successor", 20)
    assert second.wait(timeout=60) == 0
    assert writers(tmp_path) == ["killed", "successor"]


def test_a_stopped_writer_keeps_its_successor_waiting(start, tmp_path):
    """A frozen process (a suspended machine) does not count as gone."""
    first = start("frozen", 100_000)
    wait_for_lines(tmp_path, "frozen")
    first.send_signal(signal.SIGSTOP)
    second = start("successor", 20)
    time.sleep(3)
    assert second.poll() is None
    assert writers(tmp_path) == ["frozen"]
    first.send_signal(signal.SIGCONT)
    assert second.wait(timeout=60) == 0
    assert writers(tmp_path) == ["frozen", "successor"]


def test_a_request_of_one_that_is_gone_is_forgotten(start, tmp_path):
    """A successor that was itself killed leaves its request; the next one starts clean."""
    (tmp_path / ".record.json.successor").touch()
    assert start("next", 100).wait(timeout=60) == 0
    assert (tmp_path / "lines").read_text().count("next") == 100
