"""What a figure was measured on: kept with it, because it means little on another machine."""

import datetime
import os
import platform
from importlib import metadata

import torch


def describe(where: torch.device, packages: tuple[str, ...] = ("torch", "numpy")) -> dict:
    """Return date, processor, device and versions; nothing that names the machine or its owner."""
    known = getattr(torch.cpu, "get_capabilities", dict)()  # not in older versions
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": known.get("cpu_name", platform.processor()),
        "cores": os.cpu_count(),
        "bfloat16": bool(known.get("avx512_bf16") or known.get("amx_bf16")),
        "device": torch.cuda.get_device_name(where) if where.type == "cuda" else "cpu",
        "cuda": torch.version.cuda if where.type == "cuda" else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in packages},
    }
