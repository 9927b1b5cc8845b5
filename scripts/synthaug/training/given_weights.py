"""Weights that a user gives for a training to start from: a safetensors file, read and checked."""

from pathlib import Path

import safetensors
import safetensors.torch
import torch

from synthaug.errors import InputError


def read(path: str | Path, key: str) -> dict[str, torch.Tensor]:
    """Return the tensors of a file; no message has its name, which is no part of the results.

    Parameters
    ----------
    key
        The key of the config that names the file, such as ``classifier: weights``, for the messages.

    Raises
    ------
    InputError
        If there is no such file, or it is no safetensors file.
    """
    try:
        return safetensors.torch.load(Path(path).read_bytes())
    except OSError as error:
        problem = f"expected a file that can be read, found: {error.strerror}; correct the path, or give null"
        raise InputError(f"{key}: {problem}") from None
    except safetensors.SafetensorError as error:
        raise InputError(f"{key}: expected a safetensors file, found: {error}; give another file, or null") from None


def check(name: str, values: torch.Tensor, wanted: torch.Tensor, key: str, advice: str) -> None:
    """Raise an `InputError` if ``values`` cannot take the place of ``wanted``.

    Parameters
    ----------
    name
        The tensor's.
    key
        As in `read`.
    advice
        What to do about another shape.
    """
    if values.shape != wanted.shape:
        expected, shape = (_by(tensor) for tensor in (wanted, values))
        raise InputError(f"{key}: {name}: expected the shape {expected}, found {shape}; {advice}")
    if not (values.is_floating_point() and bool(values.isfinite().all())):
        raise InputError(f"{key}: {name}: expected finite numbers, found others; give other weights, or null")


def _by(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "of one number"
