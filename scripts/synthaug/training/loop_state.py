"""What changes while a training runs: loops over epochs and steps that can stop anywhere and go on from there."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import nn

from synthaug.training.optimisers import Optimiser


class Checkpoint(Protocol):
    """Where a state is saved to and resumed from: `synthaug.training.checkpoints.Checkpoint`."""

    def offer(self, state: "State") -> None:
        """Save ``state`` if it is time; raise `Interrupted` after a save if the training is asked to stop."""

    def save(self, state: "State") -> bool:
        """Save ``state``; return whether it could be saved."""

    def restore(self, state: "State") -> None:
        """Bring ``state`` to what was saved, if anything was."""


@dataclass
class State:
    """What changes from step to step of a training, and the loops over epochs and steps that can stop and go on.

    Networks, optimisers, streams and tensors are as many as the training has, and are saved by their names.

    A save lies between two steps. An epoch's random draws are not saved: the streams' states at its start are, from
    which they are drawn again.
    """

    networks: dict[str, nn.Module]
    optimisers: dict[str, Optimiser | torch.optim.Optimizer]
    """Ours, or PyTorch's own; on a GPU these need ``capturable=True``."""
    streams: dict[str, np.random.Generator]
    tensors: dict[str, torch.Tensor]
    """Further tensors, on the networks' device, that steps change in place."""
    checkpoint: Checkpoint | None = None
    epoch: int = 1
    """The epoch that runs."""
    step: int = 0
    """Steps of it that are done."""
    history: list[tuple] = field(default_factory=list)
    """Of the epochs that are done; numbers."""
    samples: list[np.ndarray] = field(default_factory=list)
    """Images, of one shape, that the training keeps."""

    def __post_init__(self) -> None:
        self._begin()
        if self.checkpoint:
            self.checkpoint.restore(self)

    def epochs(self, count: int, is_over: Callable[[list[tuple]], bool] | None = None) -> Iterator[int]:
        """Yield the numbers, up to ``count``, of the epochs that are not done, and save after the last one.

        ``is_over`` may end them earlier: it is asked before each, with the history.
        """
        while self.epoch <= count and not (is_over and is_over(self.history)):
            yield self.epoch
            self.epoch, self.step = self.epoch + 1, 0
            self._begin()
        if self.checkpoint:
            self.checkpoint.save(self)

    def steps(self, inputs: Iterable) -> Iterator:
        """Yield the ``inputs`` of the epoch's steps that are not done; between two of them the training may be saved.

        Raises
        ------
        Interrupted
            After a save, if the training was asked to stop.
        """
        for item in itertools.islice(inputs, self.step, None):
            yield item
            self.step += 1
            if self.checkpoint:
                self.checkpoint.offer(self)

    def _begin(self) -> None:
        self.drawn = {name: stream.bit_generator.state for name, stream in self.streams.items()}

    def pack(self) -> tuple[dict[str, torch.Tensor], dict]:
        """Return the state as named tensors on the CPU and a value for JSON."""
        tensors = dict(self._places())
        for name, optimiser in self.optimisers.items():
            for key, value in _moments(optimiser):
                tensors[f"optimiser/{name}/{key}"] = value
        tensors |= {f"sample/{number}": torch.from_numpy(images) for number, images in enumerate(self.samples)}
        tensors["random/cpu"] = torch.get_rng_state()
        if torch.cuda.is_initialized():
            tensors["random/cuda"] = torch.cuda.get_rng_state()
        tensors = {name: value.detach().to("cpu", copy=True).contiguous() for name, value in tensors.items()}
        return tensors, {"epoch": self.epoch, "step": self.step, "history": self.history, "streams": self.drawn}

    @torch.no_grad()
    def unpack(self, tensors: dict[str, torch.Tensor], values: dict) -> None:
        """Take over what `pack` returned, into the same tensors and generators."""
        for name, place in self._places():
            place.copy_(tensors[name])
        for name, optimiser in self.optimisers.items():
            for number, parameter in enumerate(_parameters(optimiser)):
                prefix = f"optimiser/{name}/{number}/"
                saved = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
                optimiser.state[parameter] = {key: _like(parameter, value) for key, value in saved.items()}
        self.samples = [tensors[f"sample/{number}"].numpy() for number in range(_count(tensors, "sample/"))]
        torch.set_rng_state(tensors["random/cpu"])
        if "random/cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random/cuda"])
        self.epoch, self.step = values["epoch"], values["step"]
        self.history = [tuple(row) for row in values["history"]]
        for name, stream in self.streams.items():
            stream.bit_generator.state = values["streams"][name]
        self._begin()

    def _places(self) -> Iterator[tuple[str, torch.Tensor]]:
        for name, network in self.networks.items():
            for key, value in network.state_dict().items():
                yield f"network/{name}/{key}", value
        for name, value in self.tensors.items():
            yield f"tensor/{name}", value


def _parameters(optimiser: Optimiser | torch.optim.Optimizer) -> list[nn.Parameter]:
    if isinstance(optimiser, Optimiser):
        return optimiser.parameters
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]


def _moments(optimiser: Optimiser | torch.optim.Optimizer) -> Iterator[tuple[str, torch.Tensor]]:
    for number, parameter in enumerate(_parameters(optimiser)):
        for key, value in optimiser.state.get(parameter, {}).items():
            if value is not None:
                yield f"{number}/{key}", value


def _like(parameter: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Return ``value`` on the parameter's device, and in its memory layout, which fused optimisers rely on."""
    if value.shape != parameter.shape:
        return value.to(parameter.device)
    return torch.empty_like(parameter).copy_(value)


def _count(tensors: dict[str, torch.Tensor], prefix: str) -> int:
    return sum(name.startswith(prefix) for name in tensors)
