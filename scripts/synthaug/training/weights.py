"""Networks' weights: files (safetensors) and their number."""

from pathlib import Path

import safetensors
import safetensors.torch
from torch import nn

from synthaug.errors import InputError
from synthaug.files import artifacts


def count(network: nn.Module) -> int:
    """Return the number of trained values (buffers such as running means do not count)."""
    return sum(parameter.numel() for parameter in network.parameters())


def save(network: nn.Module, path: str | Path) -> None:
    """Write weights and buffers as safetensors; the bytes depend on the values only."""
    tensors = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    with artifacts.replacing(path) as temporary:
        safetensors.torch.save_file(tensors, temporary)


def load(network: nn.Module, path: str | Path) -> None:
    """Read weights written by `save` into ``network``.

    Raises
    ------
    InputError
        If the file is damaged or holds another network's weights.
    """
    try:
        network.load_state_dict(safetensors.torch.load_file(artifacts.reading(path)))
    except (safetensors.SafetensorError, RuntimeError) as error:
        raise InputError(
            f"{path}: expected weights of a {type(network).__name__}, found {error}; delete it and run again"
        ) from error
