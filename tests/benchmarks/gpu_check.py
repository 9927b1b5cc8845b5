"""What this machine's GPU makes of the training: one command, under nine minutes, with PyTorch and NumPy alone.

    python tests/benchmarks/gpu_check.py --out gpu.json

It checks that steps replayed from CUDA graphs give what single launches give, times the DCGAN and the classifier beside
plain PyTorch loops, measures how much of the GPU's limit they reach, and trains a slice of the paper's protocol: some
epochs of a classifier at its operating point, in one or more jobs at a time. Nothing outside the repository is read.
``--device cpu`` runs the same on smaller sets.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import torch  # noqa: E402

from synthaug.training import device  # noqa: E402
from tests.benchmarks import limits, machine, networks, timing  # noqa: E402

# Image presentations of one seed of config/paper.yaml (the ACGAN's beside the DCGANs'); a test holds them in step.
PRESENTATIONS = {"DCGAN training": 4_250_960, "classifier training": 331_638_600}
SHARING = (1, 2, 4, 6)  # jobs at a time on one GPU
SIZES = {  # images of an epoch, epochs
    "cuda": {"gan": (3392, 10), "classifier": (24384, 20), "sharing": (34121, 40)},  # a set of 5000 + 4000 x 3
    "cpu": {"gan": (64, 1), "classifier": (256, 1), "sharing": (256, 1)},
}


def sharing(kind: str, size: tuple[int, int]) -> list[dict]:
    """Train the paper's classifier in one or more processes at a time and return their rate together."""
    command = [sys.executable, __file__, "--device", kind, "--worker", *map(str, size)]
    found = []
    for jobs in SHARING if kind == "cuda" else SHARING[:2]:
        workers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(jobs)
        ]
        heard = [worker.stdout.readline() for worker in workers]
        began = time.perf_counter()
        for worker in workers:
            if worker.poll() is None:
                worker.stdin.write("\n")
                worker.stdin.flush()
        heard += [worker.stdout.readline() for worker in workers]
        seconds = time.perf_counter() - began
        failed = [worker.wait() for worker in workers]
        if any(failed) or "" in heard:
            raise SystemExit(f"error: {jobs} jobs at a time: expected all to end well, found exit codes {failed}")
        found.append({"jobs": jobs, "images_per_second": jobs * size[0] * size[1] / seconds})
    return found


def work(kind: str, count: int, epochs: int) -> None:
    """Be one of the processes: train a little, say so, wait for the start, train."""
    pixels, labels = networks.images(count)
    params = networks.classifier_params("paper", kind, "auto", epochs)
    params = device.settle(params, device.pick(params), params.batch, min(params.widths))
    network = networks.classifier_network(params, pixels)
    networks.train_classifier(network, replace(params, epochs=1), pixels, labels)
    print("ready", flush=True)
    sys.stdin.readline()
    networks.train_classifier(network, params, pixels, labels)
    limits.wait(torch.device(kind))
    print("done", flush=True)


def protocol(rows: list[timing.Row], shared: list[dict]) -> dict:
    """Extrapolate from the measured rates to the trainings of one seed of config/paper.yaml."""
    rates = {row.section: row.ours for row in reversed(rows) if row.section in PRESENTATIONS}
    best = max(shared, key=lambda each: each["images_per_second"])
    rates["classifier training"] = max(rates["classifier training"], best["images_per_second"])
    return {
        "extrapolated": True,
        "how": "presentations of one seed of config/paper.yaml over the measured images/s; trainings only",
        "jobs_at_a_time": best["jobs"],
        "minutes": {section: PRESENTATIONS[section] / rate / 60 for section, rate in rates.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--out", type=Path, help="JSON file for all figures")
    parser.add_argument("--worker", nargs=2, type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    kind, sizes = arguments.device, SIZES[arguments.device]
    where = device.pick(device.Compute(device=kind, threads=1, precision="float32"))
    if arguments.worker:
        work(kind, *arguments.worker)
        return
    began = time.perf_counter()
    record = {"machine": machine.describe(where), "bandwidth_bytes_per_second": limits.bandwidth(where)}
    print(f"{record['machine']['device']}: copies {record['bandwidth_bytes_per_second'] / 1e9:,.0f} GB/s")
    checks = networks.graph_agrees(kind)
    for name, holds in checks.items():
        print(f"{'yes' if holds else 'NO '}  {name}")
    rows = [
        *networks.gan_rows("paper", kind, sizes["gan"][0], 3, sizes["gan"][1]),
        *networks.classifier_rows("paper", kind, sizes["classifier"][0], 3, sizes["classifier"][1]),
    ]
    rows += networks.limit_rows(rows, kind)
    print(timing.text(rows))
    shared = sharing(kind, sizes["sharing"])
    for each in shared:
        print(f"{each['jobs']} classifiers at a time: {each['images_per_second']:,.0f} images/s together")
    slice_ = protocol(rows, shared)
    print("one seed of config/paper.yaml, trainings only, extrapolated from these rates:")
    for section, minutes in slice_["minutes"].items():
        print(f"    {section}: {minutes:,.1f} minutes")
    print(f"{time.perf_counter() - began:.0f} s in all")
    if arguments.out:
        record |= {"checks": checks, "rows": [row.record() for row in rows], "sharing": shared, "protocol": slice_}
        arguments.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    if not all(checks.values()):
        sys.exit("error: the checks marked NO failed; please report the printed lines")


if __name__ == "__main__":
    main()
