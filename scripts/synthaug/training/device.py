"""Where and how exactly networks compute: device, threads, precision, and the same bytes every time."""

import contextlib
import os
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch

from synthaug.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Compute:
    """The keys that every script with a network shares."""

    device: str
    """``cpu``, ``cuda``, or ``auto``: ``cuda`` where there is one."""
    threads: int
    """CPU threads of PyTorch; part of the result, because sums round differently when they are split differently."""
    precision: str
    """``float32``, or ``bfloat16``: convolutions and products in bfloat16, weights and losses in float32; or ``auto``:
    ``bfloat16`` where the hardware computes in it and the network gains by it, see `settle`."""


Params = TypeVar("Params", bound=Compute)

# Images in a batch times maps of the narrowest convolution, from which bfloat16 is worth it on a processor: the least
# that was measured to gain clearly. Images a core-second in bfloat16 and in float32 on an EPYC with AVX512-BF16: 26 and
# 14 (DCGAN of the paper's size, 64 x 64), 320 and 168 (its classifier, 64 x 32), 2506 and 1617 (the demo's, 64 x 8);
# but 779 and 680 there, and 364 and 353 on a Xeon with AMX, for the demo's DCGAN, 16 x 8.
WORTH_BFLOAT16 = 64 * 8


def pick(compute: Compute) -> torch.device:
    """Set up this process for ``compute`` and return its device.

    Raises
    ------
    InputError
        If the device is ``cuda`` and there is none.
    """
    if compute.device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "device: expected a CUDA GPU because the config says cuda, found none; "
            "set device: cpu (or auto), or install a CUDA build of PyTorch on a machine with an NVIDIA GPU"
        )
    # cuBLAS reads it when it starts, so it must be set before the first product on the GPU.
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    torch.set_num_threads(compute.threads)
    # As torch.use_deterministic_algorithms(True), which would import PyTorch's compiler: a second for a job that, as
    # it does not train, needs no optimiser, which imports it too.
    torch.set_deterministic_debug_mode("error")
    # It would fill every new tensor once more; we read no memory that was not written.
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.backends.cudnn.benchmark = False
    # float32 means float32: cuDNN would round the inputs of convolutions to TF32.
    torch.backends.cudnn.allow_tf32 = False
    cuda = compute.device != "cpu" and torch.cuda.is_available()
    return torch.device("cuda" if cuda else "cpu")


def settle(params: Params, where: torch.device, batch: int, maps: int) -> Params:
    """Return ``params`` with the precision ``auto`` replaced by what the device computes a network faster in.

    The same network on processors of one model has the same precision, so nothing is timed: ``bfloat16`` where the
    hardware computes in it and, on a processor, the batch times the maps of the narrowest convolution reach
    `WORTH_BFLOAT16`.
    """
    if params.precision != "auto":
        return params
    if where.type == "cuda":
        faster = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        known = torch.cpu.get_capabilities()
        native = any(known.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
        faster = native and batch * maps >= WORTH_BFLOAT16
    return replace(params, precision="bfloat16" if faster else "float32")


def draws(seed: int) -> torch.Generator:
    """Return a CPU generator: initial weights are drawn on the CPU, so they are the same on every device."""
    return torch.Generator().manual_seed(seed)


def name(where: torch.device) -> str:
    """Return ``cpu`` or the model of the GPU, for the record of what made a result."""
    return torch.cuda.get_device_name(where) if where.type == "cuda" else "cpu"


def autocast(where: torch.device, precision: str) -> contextlib.AbstractContextManager:
    """Return the context in which a forward pass runs in ``precision``, which `settle` has named."""
    return torch.autocast(where.type, dtype=torch.bfloat16, enabled={"float32": False, "bfloat16": True}[precision])


def place(network: torch.nn.Module, where: torch.device) -> torch.nn.Module:
    """Move ``network`` to the device in the memory layout that convolutions are fastest in (channels last)."""
    return network.to(where, memory_format=torch.channels_last)


def padded_batches(array: np.ndarray, size: int, where: torch.device) -> tuple[torch.Tensor, ...]:
    """Return ``array`` on the device in batches of exactly ``size`` rows, the last filled up with zeros.

    With one batch size a row's result does not depend on how many rows come with it.
    """
    rows = torch.from_numpy(array).to(where)
    missing = -len(rows) % size
    return torch.cat([rows, rows.new_zeros(missing, *rows.shape[1:])]).split(size)
