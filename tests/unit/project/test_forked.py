"""A program in a fork does what it does when Python is started for it."""

import subprocess
import sys

import pytest
from tests.helpers import forked


@pytest.mark.parametrize(
    "program",
    [
        "import os, sys; print(__name__, sys.argv, sys.path[0], os.getcwd(), sorted(os.environ), sys.stdin.read())",
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
def test_fork_does_what_a_start_does(tmp_path, program):
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    command, environment = [sys.executable, tmp_path / "program.py", "a", 1], {"A": "b", "LC_ALL": "C.UTF-8"}
    found, expected = (run(command, cwd=tmp_path, env=environment) for run in (forked.run, forked.started))
    assert (found.returncode, found.stdout, found.stderr) == (expected.returncode, expected.stdout, expected.stderr)


def test_fork_that_takes_too_long_is_ended(tmp_path):
    (tmp_path / "program.py").write_text("import time; print('begun', flush=True); time.sleep(60)")
    with pytest.raises(subprocess.TimeoutExpired):
        forked.run([sys.executable, tmp_path / "program.py"], timeout=1)
