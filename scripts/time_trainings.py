"""Time a few training steps of networks on this machine: images a second of each.

Reads from standard input a JSON object {name: {"kind": "classifier" or a family of generators, "params": {...}}}, the
parameters as its training script takes them, and writes {name: images a second} to standard output. With --processes it
does so in as many processes at once, as cores that are all busy are slower, and gives their mean.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from steps import command
from synthaug.classification import classifier
from synthaug.generators import acgan, dcgan, family
from synthaug.training import device

FAMILIES = {"dcgan": dcgan.FAMILY, "acgan": acgan.FAMILY}
SIDE = 64
SECONDS = 0.6  # that are timed of each network
MOST = 200  # steps that are timed


def timed(train: Callable[[int], None], batch: int) -> float:
    """Return the images a second of ``train``, which takes how many batches it is to learn from.

    A training of one step is taken off one of several, because the networks are built and the results kept only once.
    """
    train(1)  # the first one also chooses kernels
    one = seconds(train, 1)
    steps = int(np.clip(SECONDS / one, 1, MOST))
    return steps * batch / max(seconds(train, 1 + steps) - one, 0.1 * one * steps)


def seconds(train: Callable[[int], None], steps: int) -> float:
    """Return how long a training of so many steps takes."""
    began = time.perf_counter()
    train(steps)
    return time.perf_counter() - began


def of_classifier(params: classifier.Params) -> float:
    """Return the images a second of a classifier's training."""
    where = device.pick(params)
    params = device.settle(replace(params, epochs=1), where, params.batch, min(params.widths))

    def train(steps: int) -> None:
        images, labels = noise(steps * params.batch), np.arange(steps * params.batch) % len(params.classes)
        network = device.place(classifier.build(images, params, ("timing",)), where)
        classifier.train(network, images, labels, params, ("timing",), where)

    return timed(train, params.batch)


def of_generator(kind: family.Family, params: family.Params) -> float:
    """Return the images a second of the training of a generator of the family ``kind``."""
    where = device.pick(params)
    params = device.settle(replace(params, epochs=1), where, params.batch, kind.narrowest(params))

    def train(steps: int) -> None:
        images = noise(steps * params.batch)
        conditions = np.arange(len(images)) % len(params.classes) if kind.conditioned_on == family.CLASS else None
        networks = {name: device.place(one, where) for name, one in kind.build(params, ("timing",)).items()}
        kind.train(networks, images, conditions, params, ("timing",), where, shown=[], checkpoint=None)

    return timed(train, params.batch)


def noise(count: int) -> np.ndarray:
    """Return images that cost a training as much as any others."""
    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE), np.uint8)


def measured(networks: dict[str, dict]) -> dict[str, float]:
    """Return the images a second of each network."""
    speeds = {}
    for name, network in networks.items():
        params = json.dumps(network["params"])
        if network["kind"] == "classifier":
            speeds[name] = of_classifier(command.params(classifier.Params, params))
        else:
            kind = FAMILIES[network["kind"]]
            speeds[name] = of_generator(kind, command.params(kind.Params, params))
    return speeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=1, help="processes that train at once")
    arguments = parser.parse_args()
    text = sys.stdin.read()
    others = [
        subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
        )
        for _ in range(arguments.processes - 1)
    ]
    for other in others:
        other.stdin.write(text)
        other.stdin.close()
    found = [measured(json.loads(text)), *(json.loads(other.stdout.read()) for other in others)]
    print(json.dumps({name: float(np.mean([one[name] for one in found])) for name in found[0]}))


if __name__ == "__main__":
    main()
