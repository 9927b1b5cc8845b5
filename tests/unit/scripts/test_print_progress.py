import os
import subprocess
import sys
from pathlib import Path

import pytest

import print_progress

SCRIPT = Path(print_progress.__file__)
PLAN = """Building DAG of jobs...
Provided cores: 2
Job stats:
job               count
--------------  -------
make_phantom          1
train_dcgan           4
plot_size_curves      1
total                 6

Select jobs to execute...
Execute 1 jobs..."""


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


def benchmark(folder, name, seconds, written):
    path = folder / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t12\n")
    os.utime(path, (written, written))


def finished(rule):
    return ["[Fri Nov 27 08:17:52 2026]", f"Finished jobid: 3 (Rule: {rule})", "1 of 6 steps (17%) done"]


def said(progress, lines):
    return [text for line in lines for text in progress.read(line)]


@pytest.fixture
def run(tmp_path):
    """Return a function that ends jobs of a made-up run, 30 s each, and returns the last line about them."""

    def end(progress, clock, *rules):
        for number, rule in enumerate(rules):
            clock.now += 30
            benchmark(tmp_path, f"{rule}/{clock.now}-{number}", 30, clock.now)
            lines = said(progress, finished(rule))
        (line,) = lines
        return line

    return end


def test_no_time_before_jobs_tell_and_then_that_of_the_rest(tmp_path, run):
    clock = Clock()
    progress = print_progress.Progress(tmp_path, {"make_phantom": 10, "train_dcgan": 20, "plot_size_curves": 2}, clock)
    planned = said(progress, PLAN.splitlines())
    assert planned == PLAN.splitlines()[:-2]
    assert run(progress, clock, "make_phantom", "train_dcgan") == "2 of 6 jobs done, 60 s so far"
    # 90 s of jobs where 50 were expected, so 1.8 times the rest: 2 x 20 + 2 s, on two cores.
    expected = "3 of 6 jobs done, 90 s so far, about 38 s left (by a run of the demo elsewhere, a job here taking 1.8"
    assert run(progress, clock, "train_dcgan").startswith(expected)
    last = run(progress, clock, "train_dcgan", "train_dcgan", "plot_size_curves")
    assert last == "6 of 6 jobs done, 3 min so far"


def test_the_last_run_here_is_a_better_basis(tmp_path, run):
    clock = Clock()
    for name, seconds in {"make_phantom": 30, "train_dcgan/a": 10, "train_dcgan/b": 50, "plot_size_curves": 4}.items():
        benchmark(tmp_path, name, seconds, clock.now - 100)
    progress = print_progress.Progress(tmp_path, {"make_phantom": 1, "train_dcgan": 1}, clock)
    said(progress, PLAN.splitlines())
    line = run(progress, clock, "make_phantom", "train_dcgan", "train_dcgan")
    assert line.endswith("about 32 s left (by the last run here, a job here taking 1.0 times as long)")


def test_of_an_unknown_rule_nothing_is_claimed(tmp_path, run):
    clock = Clock()
    progress = print_progress.Progress(tmp_path, {}, clock)
    said(progress, PLAN.splitlines())
    assert run(progress, clock, "make_phantom", "train_dcgan", "train_dcgan") == "3 of 6 jobs done, 90 s so far"
    line = run(progress, clock, "plot_size_curves")
    assert line == "4 of 6 jobs done, 2 min so far, about 30 s left (by jobs of this run)"


def test_on_a_cluster_no_time_is_given(tmp_path, run):
    clock = Clock()
    progress = print_progress.Progress(tmp_path, {"make_phantom": 1, "train_dcgan": 1, "plot_size_curves": 1}, clock)
    said(progress, PLAN.replace("Provided cores: 2", "Provided remote nodes: 100").splitlines())
    assert run(progress, clock, "train_dcgan", "train_dcgan", "train_dcgan") == "3 of 6 jobs done, 90 s so far"


def test_errors_are_passed_on_with_their_date(tmp_path):
    progress = print_progress.Progress(tmp_path, {})
    error = ["[Fri Nov 27 08:17:52 2026]", "Error in rule train_dcgan:", "    message: None", "    train_dcgan 12"]
    assert said(progress, error) == error


@pytest.mark.parametrize("status", [0, 1, 3])
def test_exit_status_and_words_are_those_of_the_command(tmp_path, status):
    code = f"import sys; print('out'); print('Error in rule a:', file=sys.stderr); sys.exit({status})"
    done = subprocess.run(
        [sys.executable, SCRIPT, "--benchmarks", tmp_path / "none", "--", sys.executable, "-c", code],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (status, "out\n", "Error in rule a:\n")


def test_asked_to_stop_it_asks_the_command_and_waits(tmp_path):
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print('ready', file=sys.stderr, flush=True)\ntime.sleep(60)"
    )
    command = [sys.executable, SCRIPT, "--benchmarks", tmp_path, "--", sys.executable, "-c", code]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "ready\n"
        process.terminate()
        assert process.wait(timeout=30) == 5
