"""Weights that a classifier starts from instead of random ones: a safetensors file of the user's."""

from pathlib import Path

import torch

from synthaug.classification import networks
from synthaug.errors import InputError
from synthaug.training import given_weights

KEY = "classifier: weights"
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
    found = given_weights.read(path, KEY)
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
            f"{KEY}: expected the {len(wanted)} tensors of a {kind}, found {what}"
            f"{f' and {number - 1} more differences' if number > 1 else ''}; {advice}"
        )
    for name, values in found.items():
        hint = "leave out both tensors of the last layer" if name.startswith(LAST) else advice
        given_weights.check(name, values, wanted[name], KEY, hint)
    with torch.no_grad():
        for name, values in found.items():
            wanted[name].copy_(values)
