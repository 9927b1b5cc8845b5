"""The script for a GPU: its stages run whatever happens to one of them, and its trainings are those of the configs."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
import yaml
from tests.benchmarks.gpu import correctness, protocol, rates, stages, trainings
from tests.helpers import common_rules

from synthaug.generators import growth

ROOT = Path(__file__).parents[3]
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


@pytest.mark.parametrize("kind", DEVICES)
@pytest.mark.parametrize("name", ["dcgan", "fcn8s"])
def test_what_is_asked_of_a_training_holds(name, kind):
    found = correctness.check(trainings.ALL[name], kind)
    assert all(found["checks"].values()), found
    assert len(found["checks"]) == 7


def test_a_step_that_draws_nothing_is_found_out(monkeypatch):
    """Dropout that repeats, as in a graph that replays its random numbers, must not pass."""
    seed = torch.random.get_rng_state()
    monkeypatch.setattr(
        correctness._Steps, "offer", lambda self, state, offer=correctness._Steps.offer: (
            offer(self, state), torch.random.set_rng_state(seed),
        ),
    )  # fmt: skip
    checks = correctness.check(trainings.ALL["frid-adar"], "cpu")["checks"]
    assert [sentence for sentence, right in checks.items() if not right] == ["what a step draws is new in every replay"]


@pytest.mark.slow
def test_it_runs_on_a_processor_without_pandas(tmp_path):
    """Of the rates and extrapolations only that they are there: tiny networks on a busy machine have no speed."""
    out = tmp_path / "gpu.jsonl"
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent("""\
            import sys
            from importlib.machinery import PathFinder

            class Without(PathFinder):
                @classmethod
                def find_spec(cls, name, *further):
                    absent = ("pandas", "scipy", "skimage", "safetensors", "matplotlib", "yaml", "SimpleITK")
                    return None if name.split(".")[0] in absent else super().find_spec(name, *further)

            sys.meta_path[sys.meta_path.index(PathFinder)] = Without
        """)
    )
    command = [sys.executable, "tests/benchmarks/gpu_check.py", "--device", "cpu", "--small", "--out", str(out)]
    environment = {"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    machine, *lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert machine["machine"]["device"] == "cpu"
    found = {(line["stage"], line["item"]): line for line in lines if "seconds" in line}
    for name in trainings.ALL:
        assert all(found["correctness", name]["checks"].values())
        assert set(found["rates", name]["ours_times_as_fast_as"]) == {rates.PLAIN, rates.PLAIN_BFLOAT16}
    assert found["sharing", "frid-adar"]["best"] in protocol.SHARING
    for config in protocol.PRESENTATIONS:
        assert found["protocol", config]["extrapolated"]
        assert found["protocol", config]["minutes_in_all"] > 0
    settled = [line for line in done.stdout.splitlines() if line.endswith(("?", "(extrapolated)"))]
    assert len(settled) == 5  # what each stage settles; tiny networks are not compiled


STAGES = """
import os, sys, time
from pathlib import Path
sys.path[:0] = [{root!r}, {root!r} + "/scripts"]
from tests.benchmarks.gpu import stages
stages.GRACE_S = 0.5

def fail():
    raise RuntimeError("CUDA error: an illegal memory access")

def odd():
    raise ValueError("one line\\nand another")

PLAN = [
    stages.Stage("first", "does it go on?", 60, {{
        "crash": lambda: os._exit(9), "broken GPU": fail, "error": odd, "fine": lambda: {{"checks": {{"so": True}}}},
    }}),
    stages.Stage("slow", "does it end?", 0.5, {{"hang": lambda: time.sleep(600), "never": lambda: {{}}}}),
    stages.Stage("last", "is it reached?", 60, {{"wrong": lambda: {{"checks": {{"so": False}}}}}}),
]
outcomes = stages.Outcomes(Path({path!r}), PLAN)
if "--work" in sys.argv:
    stages.work(outcomes, print)
else:
    outcomes.tidy()
    stages.supervise(outcomes, [sys.executable, __file__, "--work"], print)
"""


def test_a_stage_that_crashes_or_hangs_loses_nothing_of_the_others(tmp_path):
    path, script = tmp_path / "out.jsonl", tmp_path / "stages.py"
    script.write_text(STAGES.format(root=str(ROOT), path=str(path)))
    subprocess.run([sys.executable, str(script)], check=True, capture_output=True, timeout=120)
    outcomes = [line for line in map(json.loads, path.read_text().splitlines()) if "seconds" in line]
    assert [(line["item"], line.get("failed")) for line in outcomes] == [
        ("crash", "ended the process with code 9"),
        ("broken GPU", "RuntimeError: CUDA error: an illegal memory access"),
        ("error", "ValueError: one line"),
        ("fine", None),
        ("hang", stages.RAN_PAST),
        ("never", "left out: no time left"),
        ("wrong", None),
    ]
    assert [stages.holds(line) for line in outcomes] == [False, False, False, True, False, True, False]
    # Given the same file again, nothing is done twice, and a line that was cut short is as if it were not there.
    whole = path.read_text().splitlines(keepends=True)
    path.write_text("".join(whole[:-1]) + whole[-1][:10])
    subprocess.run([sys.executable, str(script)], check=True, capture_output=True, timeout=120)
    again = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["item"] for line in again if "seconds" in line] == [line["item"] for line in outcomes]


def test_the_networks_are_those_of_the_shipped_configs():
    def shipped(config):
        loaded = yaml.safe_load((ROOT / "config" / config).read_text(encoding="utf-8"))
        common_rules.check(loaded)  # which completes the presets
        return loaded

    paper = shipped("paper.yaml")["generators"]
    given = {name: paper[name] for name in ("dcgan", "acgan", "diffusion")}
    given["lcgan"] = shipped("lcgan.yaml")["generators"]["lcgan"]
    given["cpggan"] = shipped("han.yaml")["generators"]["cpggan"]
    for kind in ("classifier", "segmenter", "detector"):
        presets = yaml.safe_load((ROOT / f"workflow/presets/{kind}.yaml").read_text(encoding="utf-8"))
        given |= {name: presets[name] for name in presets if name in trainings.PRESETS}
    assert set(given) == set(trainings.PRESETS)
    for name, (full, _) in trainings.PRESETS.items():
        assert full == {key: given[name][key] for key in full}, name


def test_presentations_of_detection_are_those_of_its_config():
    config = yaml.safe_load((ROOT / "config/han.yaml").read_text(encoding="utf-8"))
    detector = yaml.safe_load((ROOT / "workflow/presets/detector.yaml").read_text(encoding="utf-8"))["yolov3"]
    experiment, (images,) = config["experiment"], config["generators"]["cpggan"]["images_per_stage"]
    arms = 1 + len(experiment["synthetic"]) + len(experiment["arms"])
    assert protocol.PRESENTATIONS["han.yaml, one seed"] == {
        "cpggan": images * len(growth.phases(config["slices"]["side"])),
        "yolov3": arms * detector["steps"] * detector["batch"],
    }
