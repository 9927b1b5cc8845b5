import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

import time_trainings
from steps import timed_networks
from synthaug.generators import dcgan
from synthaug.training import device

ROOT = Path(time_trainings.__file__).parents[1]
COMPUTE = {"device": "cpu", "threads": 1, "precision": "float32", "master_seed": 0}


@pytest.fixture(scope="module")
def demo() -> dict:
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    presets = yaml.safe_load((ROOT / "workflow/presets/classifier.yaml").read_text(encoding="utf-8"))
    return {**config, "classifier": presets[config["classifier"]["preset"]]}


def network(demo, kind) -> dict:
    if kind == "classifier":
        chosen = {key: value for key, value in demo["classifier"].items() if key != "mixup"}
        return {"kind": kind, "params": {**chosen, "classes": ["a", "b"], **COMPUTE}}
    preset = {key: value for key, value in demo["generators"]["dcgan"].items() if key != "sampling"}
    further = {"classes": ["a", "b"]} if kind == "acgan" else {}
    return {"kind": kind, "params": {**preset, "architecture": kind, **further, **COMPUTE}}


def test_a_speed_is_that_of_a_longer_training(demo):
    """The same training, six times as long, without the script's ways."""
    found = time_trainings.measured({"one": network(demo, "dcgan")})["one"]
    params = dcgan.Params(**network(demo, "dcgan")["params"] | {"epochs": 6})
    images = timed_networks.noise(160)
    networks = dcgan.FAMILY.build(params, ("test",))
    began = time.perf_counter()
    dcgan.FAMILY.train(networks, images, None, params, ("test",), device.pick(params), shown=[])
    assert 1 / 3 < found * (time.perf_counter() - began) / (6 * len(images)) < 3  # other tests run beside this one


def test_fixed_costs_are_taken_off():
    def train(steps):
        time.sleep(0.1 + 0.01 * steps)

    assert timed_networks.timed(train, images=16) == pytest.approx(1600, rel=0.3)


def test_script_times_each_kind_of_network_in_several_processes(demo):
    given = {kind: network(demo, kind) for kind in ["dcgan", "acgan", "classifier"]}
    presets = yaml.safe_load((ROOT / "workflow/presets/classifier.yaml").read_text(encoding="utf-8"))
    given["resnet"] = network({"classifier": presets["resnet"]}, "classifier")
    command = [sys.executable, ROOT / "scripts/time_trainings.py", "--processes", "2"]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == set(given)
    assert all(np.isfinite(speed) and speed > 1 for speed in found.values())
    assert found["classifier"] > found["dcgan"]
