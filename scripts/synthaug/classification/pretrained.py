"""Weights that a classifier starts from instead of random ones: a safetensors file of the user's."""

from pathlib import Path

import safetensors
import safetensors.torch
import torch

from synthaug.classification import networks
from synthaug.errors import InputError

LAST = "classify."  # the layer whose size follows from the classes; a file may leave it out
OWN = "mean"  # of the cohort's own training images; that of a file is not used


def load(network: networks.Network, path: str | Path) -> None:
    """Take the weights of a file over into ``network``, which has those of random numbers.

    The file has a tensor of the same name and shape for each weight of the network, such as the weights.safetensors of
    another run. Both tensors of the last layer may be missing: it then keeps its random numbers, for other classes.

    Raises
    ------
    InputError
        If the file cannot be read, or a tensor is missing, unknown, of another shape, or not finite.
    """
    found = _read(path)
    found.pop(OWN, None)
    wanted = dict(network.named_parameters())
    optional = {name for name in wanted if name.startswith(LAST)}
    missing = sorted(set(wanted) - set(found) - (set() if optional & set(found) else optional))
    unknown = sorted(set(found) - set(wanted))
    kind, advice = type(network).__name__, "give weights of this network, or null"
    if missing or unknown:
        what = f"no {missing[0]}" if missing else f"also {unknown[0]}"
        number = len(missing) + len(unknown)
        raise InputError(
            f"classifier: weights: expected the {len(wanted)} tensors of a {kind}, found {what}"
            f"{f' and {number - 1} more differences' if number > 1 else ''}; {advice}"
        )
    for name, values in found.items():
        if values.shape != wanted[name].shape:
            expected, shape = (_by(tensor) for tensor in (wanted[name], values))
            hint = "leave out both tensors of the last layer" if name.startswith(LAST) else advice
            raise InputError(f"classifier: weights: {name}: expected the shape {expected}, found {shape}; {hint}")
        if not (values.is_floating_point() and bool(values.isfinite().all())):
            raise InputError(f"classifier: weights: {name}: expected finite numbers, found others; {advice}")
    with torch.no_grad():
        for name, values in found.items():
            wanted[name].copy_(values)


def _read(path: str | Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a file; no message has its name, which is no part of the results."""
    try:
        return safetensors.torch.load(Path(path).read_bytes())
    except OSError as error:
        problem = f"expected a file that can be read, found: {error.strerror}; correct the path, or give null"
        raise InputError(f"classifier: weights: {problem}") from None
    except safetensors.SafetensorError as error:
        raise InputError(
            f"classifier: weights: expected a safetensors file, found: {error}; give another file, or null"
        ) from None


def _by(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "of one number"
