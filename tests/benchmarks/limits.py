"""What the device can do at most, measured, and how many operations a training step takes."""

import statistics
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

SIDE = {"cpu": 2048, "cuda": 8192}  # of the matrices: large enough to fill the device
BYTES = {"cpu": 1 << 28, "cuda": 1 << 32}  # of the copied memory: far beyond the caches


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


def matmul_rate(where: torch.device, precision: str) -> float:
    """Return the operations a second of a large product of matrices."""
    side = SIDE[where.type]
    one, two = (torch.randn(side, side, device=where, dtype=getattr(torch, precision)) for _ in range(2))
    return 2 * side**3 / seconds(lambda: one @ two, where)


def bandwidth(where: torch.device) -> float:
    """Return the bytes a second of a large copy, read and written."""
    source = torch.ones(BYTES[where.type], dtype=torch.uint8, device=where)
    target = torch.empty_like(source)
    return 2 * source.numel() / seconds(lambda: target.copy_(source), where)


def operations(work: Callable[[], object]) -> int:
    """Return the floating-point operations of the products and convolutions in ``work``, forwards and backwards."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()
