"""Time a few training steps of networks on this machine: images a second of each.

Reads from standard input a JSON object {name: {"kind": one of `timed_networks.KINDS`, "params": {...}}}, the parameters
as its training script takes them, and writes {name: images a second} to standard output. With --processes it does so in
as many processes at once, as cores that are all busy are slower, and gives their mean.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from steps import timed_networks

SECONDS = 0.6  # that are timed of each network
LEAST, MOST = 4, 200  # steps that are timed
SLOW = 5  # seconds of one step, from which no second one is timed


def timed(train: Callable[[int], object], batch: int) -> float:
    """Return the images a second of ``train``, which takes how many batches it is to learn from.

    A training of one step is taken off one of several, because the networks are built and the results kept only once.
    """
    first = seconds(train, 1)  # which also chooses kernels
    if first > SLOW:
        return batch / first
    one = seconds(train, 1)
    steps = int(np.clip(SECONDS / one, LEAST, MOST))
    return steps * batch / max(seconds(train, 1 + steps) - one, 0.1 * one * steps)


def seconds(train: Callable[[int], None], steps: int) -> float:
    """Return how long a training of so many steps takes."""
    began = time.perf_counter()
    train(steps)
    return time.perf_counter() - began


def measured(networks: dict[str, dict]) -> dict[str, float]:
    """Return the images a second of each network."""
    speeds = {}
    for name, network in networks.items():
        training = timed_networks.KINDS[network["kind"]](network["params"])
        speeds[name] = timed(training.train, training.batch)
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
