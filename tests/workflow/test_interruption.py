"""A training script that is asked to stop: it saves itself in seconds, says so in one line, and goes on from there."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EPOCHS = 60  # long enough to be hit in their middle
SECONDS = 60  # far more than a step and a save take, even on a busy machine


def command(project, script: str, out: Path) -> list[str]:
    """Return the command of a job of ``script`` on the inputs of a finished run, for longer, into another folder."""
    results = project.folder / "results/tiny"
    inputs = {
        "--rois": "rois/rois.csv", "--roi-images": "rois/images.npy", "--pool-index": "pool/index.csv",
        "--pool-images": "pool/images.npy", "--folds": "seed-0/folds.csv",
    }  # fmt: skip
    if script == "train_acgan":
        record = results / "seed-0/generators/acgan/on-60/train-1/all/record.json"
        further = ["--train-folds", "1", "--group", "60", "--cls", "all"]
    else:
        record = results / "seed-0/classify/classic/60/record.json"
        crops = ["--crops", str(results / "rois/crops.npz")]
        further = [*crops, "--train-folds", "1", "0", "--arm", "classic", "--size", "60"]
    params = json.loads(record.read_text(encoding="utf-8"))["params"] | {"epochs": EPOCHS}
    return [
        sys.executable, str(project.folder / f"scripts/{script}.py"), "--seed", "0", "--params", json.dumps(params),
        "--out-dir", str(out), "--record", str(out / "record.json"), "--log", str(out / "job.log"), *further,
        *(word for name, path in inputs.items() for word in (name, str(results / path))),
    ]  # fmt: skip


def wait_for(text: str, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while not (log.exists() and text in log.read_text(encoding="utf-8")):
        assert time.monotonic() < end, f"{log} never said {text!r}"
        time.sleep(0.01)


def results(folder: Path) -> dict[str, str]:
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if name != "job.log"}


@pytest.mark.slow
@pytest.mark.parametrize("script", ["train_acgan", "train_classifier"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_training_goes_on_to_the_same_bytes(finished, tmp_path, script, number):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    subprocess.run(command(finished, script, whole), check=True)

    job = subprocess.Popen(command(finished, script, cut), stderr=subprocess.PIPE, text=True)
    wait_for(f"epoch 6/{EPOCHS}", cut / "job.log")
    for _ in range(3):  # SLURM asks the step and the job
        os.kill(job.pid, number)
        time.sleep(0.01)
    asked = time.monotonic()
    _, errors = job.communicate(timeout=SECONDS)
    assert time.monotonic() - asked < SECONDS / 2
    assert job.returncode == 1
    assert [line.partition("; saved; run")[1] for line in errors.splitlines()] == ["; saved; run"], errors
    assert errors.startswith(f"STOPPED [{script}] asked to stop in epoch ")
    checkpoints = list(cut.rglob(".training.checkpoint"))
    assert len(checkpoints) == 1
    assert set(results(cut)) == {str(checkpoints[0].relative_to(cut))}

    again = subprocess.run(command(finished, script, cut), check=True, capture_output=True, text=True)
    assert again.stderr == ""
    assert "goes on in epoch" in (cut / "job.log").read_text(encoding="utf-8")
    assert results(cut) == results(whole)
