"""Time a few training steps of networks on this machine: images a second of each.

Reads from standard input a JSON object {name: {"kind": "classifier", "segmenter", "detector" or a family of generators,
"params": {...}}}, the parameters as its training script takes them, with the ``side`` of its slices in px where it
takes these; writes {name: images a second} to standard output. With --processes it does so in as many processes at
once, as cores that are all busy are slower, and gives their mean.
"""

import argparse
import json
import os
import subprocess
import sys

import numpy as np

from steps import command, timed_networks
from synthaug.classification import classifier
from synthaug.detection import detector
from synthaug.generators import cpggan, pix2pix
from synthaug.segmentation import segmenter


def measured(networks: dict[str, dict]) -> dict[str, float]:
    """Return the images a second of each network."""
    return {name: speed(network["kind"], network["params"]) for name, network in networks.items()}


def speed(kind: str, params: dict) -> float:
    """Return the images a second of one network."""
    if kind in timed_networks.ROI_FAMILIES:
        family = timed_networks.ROI_FAMILIES[kind]
        return timed_networks.of_roi_generator(family, command.params(family.Params, json.dumps(params)))
    if kind in ["segmenter", "detector"]:
        of, expected = {
            "segmenter": (timed_networks.of_segmenter, segmenter.Params),
            "detector": (timed_networks.of_detector, detector.Params),
        }[kind]
        own = {key: value for key, value in params.items() if key != "side"}
        return of(command.params(expected, json.dumps(own)), params["side"])
    of, expected = {
        "classifier": (timed_networks.of_classifier, classifier.Params),
        "pix2pix": (timed_networks.of_pix2pix, pix2pix.Params),
        "cpggan": (timed_networks.of_cpggan, cpggan.Params),
    }[kind]
    return of(command.params(expected, json.dumps(params)))


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
