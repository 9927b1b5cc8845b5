"""A training that is asked to stop, alone or with its run: it saves itself, says so in one line, and goes on there."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers import forked
from tests.helpers.terminal import CTRL_C, Terminal

from .conftest import EVERY

EPOCHS = 20  # long enough to be hit in their middle: 3 s of a core
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


@pytest.fixture(scope="module", params=["train_acgan", "train_classifier"])
def trained(request, finished, tmp_path_factory) -> tuple[str, dict[str, str]]:
    """A script, and what it writes if nothing stops it."""
    whole = (
        tmp_path_factory.mktemp("whole") / "cut"
    )  # as deep as those that are cut: a record names files from its place
    forked.run(command(finished, request.param, whole), check=True)
    return request.param, results(whole)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_training_goes_on_to_the_same_bytes(finished, tmp_path, trained, number):
    (script, whole), cut = trained, tmp_path / "cut"
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

    again = forked.run(command(finished, script, cut), check=True)
    assert again.stderr == ""
    assert "goes on in epoch" in (cut / "job.log").read_text(encoding="utf-8")
    assert results(cut) == whole


@pytest.mark.slow
def test_the_same_command_goes_on_after_ctrl_c_between_two_folds(rerun, tmp_path):
    """The first fold's files are written then: whole, but of a job that Snakemake calls incomplete."""
    rerun.configure(lambda config: config["classifier"].update(epochs=EPOCHS))
    name = "results/tiny/seed-0/classify/classic/60"
    folder, log = rerun.folder / name, rerun.folder / "results/tiny/logs/train_classifier/seed-0/classic/60.log"
    same = [sys.executable, "-m", "snakemake", "--configfile", EVERY, "--cores", "2", f"{name}/record.json"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(rerun.folder / ".cache")}
    forked.run(same, cwd=rerun.folder, env=environment, check=True)
    whole = results(folder)
    shutil.rmtree(folder)

    with Terminal(same, tmp_path / "screen", cwd=rerun.folder, env=environment) as run:
        end = time.monotonic() + SECONDS
        while not any(folder.glob("train-*/predictions.csv")):
            assert time.monotonic() < end, run.text()
            time.sleep(0.01)
        run.press(CTRL_C)
        assert run.wait(SECONDS) == 1
    said = run.text().partition("Stopping. The same command goes on where it was.\n")[2].splitlines()
    assert [line.partition("; saved; run")[1] for line in said] == ["; saved; run"], run.text()
    assert said[0].startswith("STOPPED [train_classifier] asked to stop in epoch ")
    assert len(list(folder.glob("train-*/predictions.csv"))) == 1

    again = forked.run(same, cwd=rerun.folder, env=environment)
    assert again.returncode == 0, again.stderr
    assert "goes on in epoch" in log.read_text(encoding="utf-8")
    assert results(folder) == whole


@pytest.mark.slow
def test_a_job_that_outlived_its_snakemake_is_not_run_again(rerun):
    rerun.configure(lambda config: config["classifier"].update(epochs=EPOCHS))
    name = "results/tiny/seed-0/classify/classic/60"
    folder, log = rerun.folder / name, rerun.folder / "results/tiny/logs/train_classifier/seed-0/classic/60.log"
    shutil.rmtree(folder)
    log.unlink()
    same = [sys.executable, "-m", "snakemake", "--configfile", EVERY, "--cores", "2"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(rerun.folder / ".cache")}
    run = subprocess.Popen([*same, f"{name}/record.json"], cwd=rerun.folder, env=environment, stderr=subprocess.DEVNULL)
    wait_for(f"epoch 6/{EPOCHS}", log)
    run.kill()
    run.wait(SECONDS)
    end = time.monotonic() + SECONDS
    while not (folder / "record.json").exists() or (folder / ".record.json.lock").exists():
        assert time.monotonic() < end, log.read_text(encoding="utf-8")
        time.sleep(0.1)
    made = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}

    again = forked.run([*same, f"{name}/record.json"], cwd=rerun.folder, env=environment, check=True)
    assert "Nothing to be done" in again.stderr
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == made

    rerun.configure(lambda config: config["classifier"].update(epochs=EPOCHS + 1))
    planned = forked.run([*same, "--dry-run", f"{name}/record.json"], cwd=rerun.folder, env=environment, check=True)
    assert "changed parameters of train_classifier" in planned.stdout
