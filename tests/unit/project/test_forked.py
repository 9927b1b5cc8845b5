"""A program in a fork does what it does when Python is started for it."""

import signal
import subprocess
import sys
import time

import pytest
from tests.helpers import fork_client, forked

SURROUNDINGS = """
import os, sys
print(__name__, sys.argv, sys.path[0], os.getcwd(), sorted(os.environ), sys.stdin.read())
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The stand-in for Python of a server without libraries."""
    folder = tmp_path_factory.mktemp("forks")
    address = str(folder / "socket")
    command = [sys.executable, "tests/helpers/fork_server.py", address]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdout.readline() == b"ready\n"
    yield str(fork_client.write_stand_in(folder, address))
    server.communicate()
    assert server.returncode == 0


def stood_in(python, command, **options):
    return subprocess.run([python, *map(str, command[1:])], capture_output=True, text=True, **options)


@pytest.mark.parametrize("way", ["asked", "stand-in"])
@pytest.mark.parametrize(
    "program",
    [
        SURROUNDINGS,
        "import sys; print('out'); sys.exit('a line')",
        "import sys; sys.exit(3)",
        "import sys; sys.exit(None)",
        "def f(): 1 / 0\nf()",
        "import os; os.kill(os.getpid(), 9)",
        "import os, signal; signal.signal(15, signal.default_int_handler); os.kill(os.getpid(), 15)",
        "import atexit, threading, time; atexit.register(print, 'end')\n"
        "threading.Thread(target=lambda: [time.sleep(0.1), print('thread')]).start(); print('main')",
        "import logging; logging.warning('\u00e9'); print('\u00e9')",
    ],
    ids=["surroundings", "line", "status", "no status", "error", "killed", "interrupted", "threads", "letters"],
)
def test_fork_does_what_a_start_does(tmp_path, python, program, way):
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    command, environment = [sys.executable, tmp_path / "program.py", "a", 1], {"A": "b", "LC_ALL": "C.UTF-8"}
    place = {"cwd": tmp_path, "env": environment}
    found = forked.run(command, **place) if way == "asked" else stood_in(python, command, **place)
    expected = forked.started(command, **place)
    assert (found.returncode, found.stdout, found.stderr) == (expected.returncode, expected.stdout, expected.stderr)


def test_fork_that_takes_too_long_is_ended(tmp_path):
    (tmp_path / "program.py").write_text("import time; print('begun', flush=True); time.sleep(60)")
    with pytest.raises(subprocess.TimeoutExpired):
        forked.run([sys.executable, tmp_path / "program.py"], timeout=1)


def test_forks_run_at_the_same_time_and_each_gets_its_own_signals(tmp_path, python):
    """Each waits for the other's file; the signal that ends one of them is not for the other."""
    (tmp_path / "program.py").write_text(
        "import pathlib, signal, sys, time\n"
        "def stop(*_):\n    sys.exit(5)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.01)\n"
        "pathlib.Path(sys.argv[1] + ' met').touch()\n"
        "while not pathlib.Path('end').exists(): time.sleep(0.01)\n"
    )
    both = [subprocess.Popen([python, "program.py", *names], cwd=tmp_path) for names in [("a", "b"), ("b", "a")]]
    end = time.monotonic() + 30
    while not ((tmp_path / "a met").exists() and (tmp_path / "b met").exists()):
        assert time.monotonic() < end
        time.sleep(0.01)
    both[0].send_signal(signal.SIGTERM)
    assert both[0].wait(30) == 5
    assert both[1].poll() is None
    (tmp_path / "end").touch()
    assert both[1].wait(30) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_that_are_ignored_are_ignored_in_the_fork(tmp_path, python, number):
    (tmp_path / "program.py").write_text(
        f"import os, signal, time\nos.kill(os.getpid(), {int(number)})\ntime.sleep(0.1)\nprint('goes on')\n"
    )
    shell = f"trap '' {number.name.removeprefix('SIG')}; exec {python} program.py"
    done = subprocess.run(["sh", "-c", shell], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "goes on\n")


RULES = 'rule all:\n    input:\n        "one.txt",\n'
WRONG = "\n\n1 / 0\n"


def test_rules_are_parsed_once_and_again_after_a_change_of_text_or_folder(tmp_path):
    for folder, text, option in [
        ("a", RULES, "--print-compilation"),
        ("b", RULES, "--print-compilation"),
        ("b", RULES + WRONG, "--dry-run"),
        ("b", RULES + WRONG, "--dry-run"),
    ]:
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        (place / "Snakefile").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "snakemake", option]
        found, expected = (start(command, cwd=place) for start in (forked.run, forked.started))
        assert (found.returncode, found.stdout, found.stderr) == (
            expected.returncode,
            expected.stdout,
            expected.stderr,
        )
        assert f"{place / 'Snakefile'}" in found.stdout + found.stderr
    assert "line 6" in found.stdout
