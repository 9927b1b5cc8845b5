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


def of_slices(task: str) -> dict[str, dict]:
    """Return the networks of a task's demo, with few maps, for slices of 32 px."""
    config = yaml.safe_load((ROOT / f"config/{task}.yaml").read_text(encoding="utf-8"))
    name = {"segmentation": "segmenter", "detection": "detector"}[task]
    preset = yaml.safe_load((ROOT / f"workflow/presets/{name}.yaml").read_text(encoding="utf-8"))
    shared = {"classes": ["a", "b"], "side": 32, **COMPUTE}
    (generator,) = config["generators"].values()
    kept = {key: value for key, value in generator.items() if key not in ["sampling", "empty_slices"]}
    own = {"epochs": 1, "candidates": [1]} if task == "segmentation" else {"maps": 8, "images_per_stage": [64, 128]}
    return {
        name: {"kind": name, "params": {**preset[config[name]["preset"]], **shared}},
        kept["architecture"]: {"kind": kept["architecture"], "params": {**kept, **own, **shared}},
    }


@pytest.mark.parametrize("task", ["segmentation", "detection"])
def test_networks_of_slices_are_timed(task):
    found = time_trainings.measured(of_slices(task))
    assert len(found) == 2
    assert all(np.isfinite(speed) and speed > 1 for speed in found.values())


def test_a_growing_generator_is_timed_in_its_own_proportions():
    """Ten times the images at its largest side, where a step takes longest, make the mean image slower."""
    (given,) = (each for name, each in of_slices("detection").items() if name == "cpggan")
    even, late = ({**given["params"], "images_per_stage": shown} for shown in ([200] * 4, [200, 200, 200, 2000]))
    speeds = time_trainings.measured({"even": {**given, "params": even}, "late": {**given, "params": late}})
    assert speeds["late"] < speeds["even"]


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
