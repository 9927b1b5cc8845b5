"""What the device reaches with the simplest work, measured, and how many operations a training step takes."""

import contextlib
import statistics
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

SIDES = {"cpu": (1024, 2048), "cuda": (4096, 8192)}  # of the matrices
MAPS = {"cpu": 128, "cuda": 512}  # of the convolution, in and out
BYTES = {"cpu": 1 << 28, "cuda": 1 << 30}  # of the copied memory: far beyond the caches


def wait(where: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if where.type == "cuda":
        torch.cuda.synchronize(where)


def once(work: Callable[[], object], where: torch.device) -> float:
    """Return how long one call takes, until the device is done."""
    wait(where)
    began = time.perf_counter()
    work()
    wait(where)
    return time.perf_counter() - began


def seconds(work: Callable[[], object], where: torch.device, rounds: int = 5) -> float:
    """Return the median time of ``work``, after one call that is not counted."""
    return statistics.median([once(work, where) for _ in range(rounds + 1)][1:])


def best_rate(where: torch.device, precision: str) -> float:
    """Return the most operations a second of large products of matrices and of a large convolution."""
    dtype = getattr(torch, precision)
    rates = []
    for side in SIDES[where.type]:
        one, two = (torch.randn(side, side, device=where, dtype=dtype) for _ in range(2))
        rates.append(2 * side**3 / seconds(lambda one=one, two=two: one @ two, where))
    maps = MAPS[where.type]
    layer = torch.nn.Conv2d(maps, maps, 5, padding=2, device=where, dtype=dtype).to(memory_format=torch.channels_last)
    images = torch.randn(32, maps, 32, 32, device=where, dtype=dtype).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        rates.append(2 * 32 * 32**2 * 25 * maps**2 / seconds(lambda: layer(images), where))
    return max(rates)


def bandwidth(where: torch.device) -> float:
    """Return the bytes a second of a large copy, read and written."""
    source = torch.ones(BYTES[where.type], dtype=torch.uint8, device=where)
    target = torch.empty_like(source)
    return 2 * source.numel() / seconds(lambda: target.copy_(source), where)


def operations(work: Callable[[], object]) -> int:
    """Return the floating-point operations of the products and convolutions in ``work``, forwards and backwards."""
    counter = FlopCounterMode(display=False)
    counter.mod_tracker = _Unattributed()
    with counter:
        work()
    return counter.get_total_flops()


class _Unattributed(contextlib.nullcontext):
    """Says that all operations are of no module: PyTorch's own attribution breaks where a gradient is penalised."""

    parents = frozenset({"Global"})
