"""How long the trainings of the shipped configs would take, from a timed slice of each; and whether jobs can share.

Nothing here is a measurement of a whole study: the minutes are images to present over measured images a second, for
trainings alone, one after the other.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.gpu import rates, trainings

COMMAND = Path(__file__).parents[1] / "gpu_check.py"
SHARING = (1, 2, 4)  # jobs at a time on one GPU
SHARED = (34121, 20)  # images and epochs of each: a training set of the paper's operating point
# Image presentations, by config and training; a test holds those of paper.yaml and han.yaml in step with the configs.
PRESENTATIONS = {
    "paper.yaml, one seed": {"dcgan": 2_125_480, "acgan": 2_125_480, "frid-adar": 331_638_600},
    # Of 32,000 slices, as in the paper, four fifths train in each of five folds. The generator trains on four shares
    # of them for 200 epochs, a segmenter for 3 x 30 epochs of each share in six arms.
    "lcgan.yaml, 32,000 slices": {"lcgan": 5 * 35_200 * 200, "fcn8s": 5 * 35_200 * 90 * 6},
    # 13 phases of the generator; a detector each of the real slices, four sizes of synthetic ones, two further arms.
    "han.yaml, one seed": {"cpggan": 13 * 600_000, "yolov3": 7 * 96_000 * 64},
}


def extrapolated(config: str, kind: str, size: str) -> dict:
    """Time a slice of each training of a config; return the minutes that all of them would take, by training."""
    minutes = {}
    for name, images in PRESENTATIONS[config].items():
        run = rates.run_of(name, kind, size, "auto")
        minutes[name] = images / rates.rate(trainings.ALL[name], run) / 60
    return {"extrapolated": True, "networks": size, "minutes": minutes, "minutes_in_all": sum(minutes.values())}


def sharing(kind: str, size: str) -> dict:
    """Train the paper's classifier in one or more processes at a time; return their images/s together."""
    images, epochs = SHARED if size == trainings.FULL else rates.SMALL
    options = ["--device", kind, *(["--small"] if size == trainings.SMALL else [])]
    command = [sys.executable, str(COMMAND), *options, "--worker", str(images), str(epochs)]
    found = {}
    for jobs in SHARING if size == trainings.FULL else SHARING[1:2]:
        found[jobs] = jobs * images * epochs / _together(command, jobs)
    return {"images_per_second_by_jobs": found, "best": max(found, key=found.get)}


def _together(command: Sequence[str], jobs: int) -> float:
    """Return the seconds from the start of all workers' work until the last has ended."""
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(jobs)]
    try:
        ready = [worker.stdout.readline() for worker in workers]
        began = time.perf_counter()
        for worker in workers:
            if worker.poll() is None:
                worker.stdin.write("\n")
                worker.stdin.flush()
        done = [worker.stdout.readline() for worker in workers]
        spent = time.perf_counter() - began
        codes = [worker.wait() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    if any(codes) or "" in ready + done:
        raise RuntimeError(f"{jobs} jobs at a time: expected all to end well, found exit codes {codes}")
    return spent


def work(kind: str, size: str, images: int, epochs: int) -> None:
    """Be one of the workers: train a little, say so, wait for the start, train, say so."""
    training = trainings.ALL["frid-adar"]
    run = trainings.Run(kind, "auto", size, images, epochs)
    training.train(replace(run, epochs=1), None)
    print("ready", flush=True)
    sys.stdin.readline()
    training.train(run, None)  # which ends by reading the weights back
    print("done", flush=True)
