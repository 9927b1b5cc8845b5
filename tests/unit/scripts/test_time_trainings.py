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
from synthaug.segmentation import segmenter

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
    dcgan.FAMILY.train(networks, images, None, params, ("test",), timed_networks.device.pick(params), shown=[])
    assert 1 / 3 < found * (time.perf_counter() - began) / (6 * len(images)) < 3  # other tests run beside this one


SLICES = {"side": 32, "classes": ["a", "b"], **COMPUTE}
MIRRORED = {"left_right": 0.5}


def preset(part, name) -> dict:
    presets = yaml.safe_load((ROOT / f"workflow/presets/{part}.yaml").read_text(encoding="utf-8"))
    return {**presets[name], **SLICES}


def generator(task) -> dict:
    config = yaml.safe_load((ROOT / f"config/{task}.yaml").read_text(encoding="utf-8"))
    (own,) = config["generators"].values()
    return {key: value for key, value in own.items() if key != "sampling"} | SLICES


def of_slices() -> dict[str, dict]:
    """Networks of slices, small ones of each kind."""
    segmenters = {"kind": "segmenter", "params": {**preset("segmenter", "unet-small"), "widths": [2, 4]}}
    detectors = {"kind": "detector", "params": {**preset("detector", "yolov3-small"), "maps": 2, "input_px": None}}
    judge = {"widths": [2, 4], "steps": 1, "batch": 4, "learning_rate": 0.001, "threshold": 0.1, "side": 32}
    judge |= {key: COMPUTE[key] for key in ["device", "threads", "precision"]}
    growing = {key: value for key, value in generator("detection").items() if key != "empty_slices"}
    growing |= {"maps": 4, "images_per_stage": [1]}
    return {
        "plain": {**segmenters, "params": {**segmenters["params"], "chances": None}},
        "fresh": {**segmenters, "params": {**segmenters["params"], "chances": MIRRORED}},
        "detector": {**detectors, "params": {**detectors["params"], "chances": MIRRORED}},
        "pix2pix": {"kind": "pix2pix", "params": {**generator("segmentation"), "generator_maps": 2}},
        "4 px": {"kind": "cpggan", "params": {**growing, "px": 4}},
        "32 px": {"kind": "cpggan", "params": {**growing, "px": 32}},
        "judge": {"kind": "real-or-fake", "params": judge},
    }


def test_networks_of_slices_are_timed(monkeypatch):
    """What takes longer by its construction is found to be slower: a network at 32 px than at 4."""
    monkeypatch.setattr(time_trainings, "SECONDS", 0.1)
    monkeypatch.setattr(time_trainings.time, "perf_counter", time.process_time)  # other tests run beside this one
    found = time_trainings.measured(of_slices())
    assert all(np.isfinite(speed) and speed > 1 for speed in found.values())
    assert found["4 px"] > 2 * found["32 px"]


def test_the_speed_of_a_segmenter_is_that_of_a_longer_training(monkeypatch):
    """Its own function, of 100 steps, without the script's ways."""
    monkeypatch.setattr(time_trainings.time, "perf_counter", time.process_time)
    given = of_slices()["plain"]
    found = time_trainings.measured({"one": given})["one"]
    known = {key: value for key, value in given["params"].items() if key not in ("side", "chances")}
    params = segmenter.Params(**known)
    images = timed_networks.noise(400, 32)
    network = segmenter.build(params, ("test",))
    began = time.process_time()
    where = timed_networks.device.pick(params)
    segmenter.train(network, images, images % 3, params, ("test",), where, ends=[100])
    assert 1 / 2 < found * (time.process_time() - began) / 400 < 2


def test_fixed_costs_are_taken_off():
    def train(steps):
        time.sleep(0.1 + 0.01 * steps)

    assert time_trainings.timed(train, batch=16) == pytest.approx(1600, rel=0.3)


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


def test_a_step_that_takes_long_is_timed_once(monkeypatch):
    """A network of the paper's size on a processor; a second step would keep the user waiting."""
    monkeypatch.setattr(time_trainings, "SLOW", 0.05)
    steps = []

    def train(count):
        steps.append(count)
        time.sleep(0.1)

    assert time_trainings.timed(train, batch=16) == pytest.approx(160, rel=0.3)
    assert steps == [1]
