"""The loop of every generator's training: epochs of steps over the images in new orders, whatever is learned from them.

What a step does is a `Learner`'s business. The loop knows images by their number only.
"""

import abc
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
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
    """What the loop reads of a preset; besides, each has ``epochs`` and ``batch``, as keys or derived from others."""

    master_seed: int


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
        By name, of `synthaug.training.optimisers` or PyTorch's own; a checkpoint keeps their moments.
    averages : dict
        Further networks by name that a checkpoint keeps, such as averaged ones.
    tensors : dict
        Further tensors by name, on the device, that steps change in place and a checkpoint keeps.
    """

    streams: tuple[str, ...] = ()
    measured: tuple[str, ...]

    def __init__(self, networks: dict[str, nn.Module], images: torch.Tensor):
        self.networks, self.images = networks, images
        self.optimisers: dict[str, optimisers.Optimiser | torch.optim.Optimizer] = {}
        self.averages: dict[str, nn.Module] = {}
        self.tensors: dict[str, torch.Tensor] = {}
        for network in networks.values():
            network.train()

    def pace(self, params: Params) -> list[tuple[int, int]]:
        """Return the images of a step and the steps of each epoch.

        By default ``batch`` images, or all if there are fewer, and as many full batches as there are.
        """
        batch = min(params.batch, len(self.images))
        return [(batch, len(self.images) // batch)] * params.epochs

    def begin(self, epoch: int) -> bool:
        """Prepare for the ``epoch`` (from 1); return whether steps do something else from now on than before."""
        return False

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
    candidates: Mapping[int, nn.Module] | None = None,
    checkpoint: loop_state.Checkpoint | None = None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Train the networks of ``learner`` in place; they end as it keeps them.

    Every epoch visits the images in a new order, or in several, and drops the last batch when it is not full, because
    batch normalisation is unreliable on a few images.

    Parameters
    ----------
    names
        The names of this training's random streams.
    show
        Returns uint8 images of the networks, as they would be kept; all of one shape.
    shown
        The epochs (from 1) after which these images are taken.
    candidates
        By epoch (from 1), the networks that take over what the first network is then kept as.
    checkpoint
        Where the training is saved and resumed from; not at all without it.

    Returns
    -------
    tuple
        The history, an epoch an element, with the fields ``epoch`` and what the learner has `measured`: means over the
        epoch's steps. The images of each epoch of ``shown``.

    Raises
    ------
    InputError
        If there are fewer than two images, or a mean is not finite.
    Interrupted
        If the training was asked to stop; it is saved.
    """
    if len(learner.images) < 2:
        found = len(learner.images)
        raise InputError(f"generator: expected 2 or more training images, found {found}; choose a larger group")
    where, pace = learner.images.device, learner.pace(params)
    totals = torch.zeros(len(learner.measured), device=where)  # stays there: reading it would make a GPU wait
    candidates = candidates or {}
    state = _state(learner, params, names, totals, candidates, checkpoint)
    run = None
    for epoch in state.epochs(len(pace)):
        began, first, (batch, steps) = time.perf_counter(), state.step, pace[epoch - 1]
        if learner.begin(epoch) or not run:
            run = cuda_graph.captured(lambda *inputs: totals.add_(learner.step(*inputs)), where)
        if first == 0:
            totals.zero_()
        for inputs in state.steps(_inputs(learner, state.streams, steps, batch)):
            run(*inputs)
        means = (totals / steps).tolist()
        speed = (steps - first) * batch / (time.perf_counter() - began)
        _report(epoch, len(pace), dict(zip(learner.measured, means, strict=True)), speed)
        state.history.append((epoch, *means))
        if show and epoch in shown:
            state.samples.append(show(learner.kept()))
        if epoch in candidates:
            maker = next(iter(learner.networks))
            candidates[epoch].load_state_dict(learner.kept()[maker].state_dict())
    for name, network in learner.kept().items():
        learner.networks[name].load_state_dict(network.state_dict())
    fields = [("epoch", int), *((name, float) for name in learner.measured)]
    return np.array(state.history, fields), state.samples


def _state(
    learner: Learner,
    params: Params,
    names: tuple[str | int, ...],
    totals: torch.Tensor,
    candidates: Mapping[int, nn.Module],
    checkpoint: loop_state.Checkpoint | None,
) -> loop_state.State:
    streams = {name: seeding.stream(params.master_seed, *names, name) for name in (ORDER, *learner.streams)}
    copies = {f"after-{epoch}": network for epoch, network in candidates.items()}
    return loop_state.State(
        networks=learner.networks | learner.averages | copies,
        optimisers=learner.optimisers,
        streams=streams,
        tensors={"totals": totals, **learner.tensors},
        checkpoint=checkpoint,
    )


def _report(epoch: int, epochs: int, means: dict[str, float], speed: float) -> None:
    """Log an epoch's means and its speed in images/s, or stop with an `InputError` if a mean is not finite."""
    text = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
    if not np.isfinite([*means.values()]).all():
        raise InputError(f"generator: expected finite losses, found {text} in epoch {epoch}; lower learning_rate")
    log.info("epoch %d/%d: %s, %.0f images/s", epoch, epochs, text, speed)


def _inputs(
    learner: Learner, streams: dict[str, np.random.Generator], steps: int, batch: int
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Draw an epoch; return the inputs of each of its steps, on the device."""
    rounds = -(-steps * batch // len(learner.images))
    order = np.concatenate([streams[ORDER].permutation(len(learner.images)) for _ in range(rounds)])
    order = order[: steps * batch].reshape(steps, batch)
    drawn = learner.draws({name: streams[name] for name in learner.streams}, steps, batch)
    tensors = [torch.from_numpy(array).to(learner.images.device) for array in (order, *drawn)]
    return zip(*tensors, strict=True)
