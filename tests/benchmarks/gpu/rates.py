"""How fast trainings are beside plain PyTorch, and what share of the GPU's best rate they reach.

The peers take the same steps with what a PyTorch user writes: networks launched kernel by kernel, PyTorch's own
optimisers, its free choice of algorithms and TF32; then the same in bfloat16 with channels last; then compiled. They
find their images on the GPU, as ours do, and read the losses once an epoch, so they are faster than most loops.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from unittest import mock

import torch

from synthaug.training import cuda_graph, device, optimisers
from tests.benchmarks import limits
from tests.benchmarks.gpu import trainings

FULL = {  # images and epochs that are timed with the networks of the shipped configs
    "frid-adar": (4096, 8), "dcgan": (1024, 8), "acgan": (1024, 8), "resnet": (4096, 4), "diffusion": (512, 4),
    "cpggan": (128, 1), "yolov3": (256, 2), "lcgan": (32, 4), "fcn8s": (64, 2), "unet": (128, 2),
}  # fmt: skip
SMALL = (4, 1)
OURS, OURS_FLOAT32 = "ours", "ours_float32"
PLAIN, PLAIN_BFLOAT16 = "plain_float32", "plain_bfloat16_channels_last"
COMPILED = "plain_bfloat16_channels_last_compiled"


def run_of(name: str, kind: str, size: str, precision: str) -> trainings.Run:
    """Return the run that is timed."""
    images, epochs = FULL[name] if size == trainings.FULL else SMALL
    return trainings.Run(kind, precision, size, images, epochs)


def seconds(training: trainings.Training, run: trainings.Run) -> float:
    """Return how long the run takes; on a GPU without what is done once, such as the capture of graphs."""
    where = torch.device(run.device)
    if run.device == "cpu":
        return limits.once(lambda: training.train(run, None), where)
    longer = replace(run, epochs=2 * run.epochs)
    return limits.once(lambda: training.train(longer, None), where) - limits.once(
        lambda: training.train(run, None), where
    )


def rate(training: trainings.Training, run: trainings.Run) -> float:
    """Return the images of a second."""
    return training.presented(run) / seconds(training, run)


def eager(training: trainings.Training, kind: str, size: str) -> dict:
    """Time ours and the plain peers; return images/s, ratios, and the share of the best rate of large products."""
    run = functools.partial(run_of, training.name, kind, size)
    found = {OURS: rate(training, run("auto")), OURS_FLOAT32: rate(training, run("float32"))}
    with plain(channels_last=False):
        found[PLAIN] = rate(training, run("float32"))
    with plain(channels_last=True):
        found[PLAIN_BFLOAT16] = rate(training, run("bfloat16"))
    best = {name: best_rate(kind, name) for name in ("float32", "bfloat16")}
    each = operations(training, kind, size)
    return {
        "images_per_second": found,
        "ours_times_as_fast_as": {name: found[OURS] / found[name] for name in (PLAIN, PLAIN_BFLOAT16)},
        "operations_per_image": each,
        # Ours computes in bfloat16 on every GPU of the last years, and on a processor where it gains.
        "share_of_the_best_rate": {
            "ours_of_bfloat16": found[OURS] * each / best["bfloat16"],
            "ours_float32_of_float32": found[OURS_FLOAT32] * each / best["float32"],
        },
    }


@functools.cache
def best_rate(kind: str, precision: str) -> float:
    """Return the most operations a second of this device, see `limits.best_rate`."""
    return limits.best_rate(torch.device(kind), precision)


def compiled(training: trainings.Training, kind: str, size: str) -> dict:
    """Time ours beside the plain peer in bfloat16 whose networks are compiled, or say why they are not."""
    try:
        with plain(channels_last=True, compiling=True):
            theirs = rate(training, run_of(training.name, kind, size, "bfloat16"))
    except Exception as error:  # no compiler, or a network that it refuses: a finding, not a fault of ours
        return {"failed": f"not compiled: {type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"}
    ours = rate(training, run_of(training.name, kind, size, "auto"))
    return {"images_per_second": {OURS: ours, COMPILED: theirs}, "ours_times_as_fast_as": {COMPILED: ours / theirs}}


def operations(training: trainings.Training, kind: str, size: str) -> float:
    """Return the operations of products and convolutions in a step, by the images of its batch."""
    run = replace(run_of(training.name, kind, size, "float32"), epochs=1)
    with mock.patch.object(cuda_graph, "captured", lambda step, where: step):
        return limits.operations(lambda: training.train(run, None)) / training.presented(run)


@contextlib.contextmanager
def plain(*, channels_last: bool, compiling: bool = False) -> Iterator[None]:
    """Let trainings run as the peers do."""
    pick, place = device.pick, device.place

    def usual(compute: device.Compute) -> torch.device:
        where = pick(compute)
        torch.set_deterministic_debug_mode("default")
        torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
        return where

    def placed(network: torch.nn.Module, where: torch.device) -> torch.nn.Module:
        network = place(network, where) if channels_last else network.to(where)
        if compiling:
            network.compile()
        return network

    tf32 = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = True
    with (
        _replaced(cuda_graph, "captured", lambda step, where: step),
        _replaced(device, "pick", usual),
        _replaced(device, "place", placed),
        _replaced(optimisers, "Adam", _Adam),
        _replaced(optimisers, "Sgd", _sgd),
    ):
        try:
            yield
        finally:
            torch.backends.cuda.matmul.allow_tf32 = tf32


def _replaced(module: object, name: str, by: Callable) -> contextlib.AbstractContextManager:
    return mock.patch.object(module, name, by)


class _Adam(torch.optim.Adam):
    """PyTorch's own, under the signature of ours."""

    def __init__(self, parameters: object, learning_rate: float, beta1: float, beta2: float):
        super().__init__(parameters, learning_rate, (float(beta1), float(beta2)))
        self.rates = {}  # the detector's burn-in, which does not change the time of a step

    def __setattr__(self, name: str, value: object) -> None:
        if name == "state" and not value and hasattr(self, "state"):  # as CPGGAN empties it
            self.state.clear()
        else:
            super().__setattr__(name, value)


def _sgd(parameters: object, learning_rate: float, momentum: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, learning_rate, momentum, nesterov=True)
