"""The loop of every generator's training: epochs of steps over the images in new orders, whatever is learned from them.

What a step does is a `Learner`'s business. The loop knows images by their number only.
"""

import abc
import logging
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.training import cuda_graph, device, loop_state, optimisers

log = logging.getLogger(__name__)

ORDER = "order"  # the random stream of the images' order


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """The keys of the loop."""

    master_seed: int
    epochs: int
    batch: int


class Learner(abc.ABC):
    """How the networks of one training learn.

    Attributes
    ----------
    streams : tuple of str
        Names of the random streams that `draws` reads. None of them is `ORDER`, which is the loop's.
    measured : tuple of str
        Names of what `step` returns: the columns of the history after ``epoch``.
    networks : dict
        The family's networks by name, on one device; steps change them in place.
    images : torch.Tensor
        uint8 (n, 1, side, side), on the same device.
    optimisers : dict
        By name; a checkpoint keeps their moments.
    averages : dict
        Further networks by name that a checkpoint keeps, such as averaged ones.
    tensors : dict
        Further tensors by name, on the device, that steps change in place and a checkpoint keeps.
    """

    streams: tuple[str, ...] = ()
    measured: tuple[str, ...]

    def __init__(self, networks: dict[str, nn.Module], images: torch.Tensor):
        self.networks, self.images = networks, images
        self.optimisers: dict[str, optimisers.Optimiser] = {}
        self.averages: dict[str, nn.Module] = {}
        self.tensors: dict[str, torch.Tensor] = {}
        for network in networks.values():
            network.train()

    @abc.abstractmethod
    def draws(self, streams: dict[str, np.random.Generator], steps: int, batch: int) -> tuple[np.ndarray, ...]:
        """Draw what the steps of one epoch need besides the images: arrays whose first axis has ``steps`` elements."""

    @abc.abstractmethod
    def step(self, index: torch.Tensor, *drawn: torch.Tensor) -> torch.Tensor:
        """Learn from the images ``index``, int64 (batch,), and an element of each of the `draws`; change all in place.

        On a GPU it is recorded once and replayed, so it reads no value back and what Python decides in it is decided
        once, see `cuda_graph.captured`.

        Returns
        -------
        torch.Tensor
            What is `measured`, float (len(measured),), without gradients.
        """

    def kept(self) -> dict[str, nn.Module]:
        """Return the networks as they would be kept if the training ended now; by default as they are."""
        return self.networks


def train(
    learner: Learner,
    params: Params,
    names: tuple[str | int, ...],
    *,
    show: Callable[[dict[str, nn.Module]], np.ndarray] | None = None,
    shown: Collection[int] = (),
    checkpoint: loop_state.Checkpoint | None = None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Train the networks of ``learner`` in place; they end as it keeps them.

    Every epoch visits the images in a new order; the last batch is dropped when it is not full, because batch
    normalisation is unreliable on a few images.

    Parameters
    ----------
    names
        The names of this training's random streams.
    show
        Returns uint8 images of the networks, as they would be kept; all of one shape.
    shown
        The epochs (from 1) after which these images are taken.
    checkpoint
        Where the training is saved and resumed from; not at all without it.

    Returns
    -------
    tuple
        The history, an epoch an element, with the fields `history_fields`: means over the epoch's steps. The images of
        each epoch of ``shown``.

    Raises
    ------
    InputError
        If there are fewer than two images, or a mean is not finite.
    Interrupted
        If the training was asked to stop; it is saved.
    """
    count, where = len(learner.images), learner.images.device
    if count < 2:
        raise InputError(f"generator: expected 2 or more training images, found {count}; choose a larger group")
    batch = min(params.batch, count)
    steps = count // batch
    totals = torch.zeros(len(learner.measured), device=where)  # stays there: reading it would make a GPU wait
    state = _state(learner, params, names, totals, checkpoint)

    def step(*inputs: torch.Tensor) -> None:
        totals.add_(learner.step(*inputs))

    run = cuda_graph.captured(step, where)
    for epoch in state.epochs(params.epochs):
        began, first = time.perf_counter(), state.step
        inputs = _inputs(learner, state.streams, steps, batch)
        if first == 0:
            totals.zero_()
        for each in state.steps(inputs):
            run(*each)
        means = dict(zip(learner.measured, (totals / steps).tolist(), strict=True))
        text = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
        if not np.isfinite([*means.values()]).all():
            raise InputError(f"generator: expected finite losses, found {text} in epoch {epoch}; lower learning_rate")
        state.history.append((epoch, *means.values()))
        speed = (steps - first) * batch / (time.perf_counter() - began)
        log.info("epoch %d/%d: %s, %.0f images/s", epoch, params.epochs, text, speed)
        if show and epoch in shown:
            state.samples.append(show(learner.kept()))
    for name, network in learner.kept().items():
        learner.networks[name].load_state_dict(network.state_dict())
    return np.array(state.history, history_fields(learner)), state.samples


def history_fields(learner: Learner) -> list[tuple[str, type]]:
    """Return the fields of the history: ``epoch``, and what the learner measures."""
    return [("epoch", int), *((name, float) for name in learner.measured)]


def _state(
    learner: Learner,
    params: Params,
    names: tuple[str | int, ...],
    totals: torch.Tensor,
    checkpoint: loop_state.Checkpoint | None,
) -> loop_state.State:
    streams = {name: seeding.stream(params.master_seed, *names, name) for name in (ORDER, *learner.streams)}
    return loop_state.State(
        networks=learner.networks | learner.averages,
        optimisers=learner.optimisers,
        streams=streams,
        tensors={"totals": totals, **learner.tensors},
        checkpoint=checkpoint,
    )


def _inputs(
    learner: Learner, streams: dict[str, np.random.Generator], steps: int, batch: int
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Draw an epoch; return the inputs of each of its steps, on the device."""
    order = streams[ORDER].permutation(len(learner.images))[: steps * batch].reshape(steps, batch)
    drawn = learner.draws({name: streams[name] for name in learner.streams}, steps, batch)
    tensors = [torch.from_numpy(array).to(learner.images.device) for array in (order, *drawn)]
    return zip(*tensors, strict=True)
