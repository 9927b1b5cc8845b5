"""Train a segmenter on slices of any origin, and segment others.

All arms train for as many steps, whatever the number of their images, at a constant learning rate; the network that is
used has the average of the weights along the way. So nothing depends on how long a training lasts, and the network
after fewer steps, such as those of as many epochs, is that of a training that ends there.
"""

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.segmentation import batches, losses, networks, schedule
from synthaug.training import cuda_graph, device, early_stopping, ema, loop_state, optimisers

log = logging.getLogger(__name__)

PREDICTION_BATCH = 16
BETA2 = 0.999  # of Adam
HISTORY = [("steps", int), ("loss", float), ("dice", float)]


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """The segmenter of the config."""

    master_seed: int
    classes: list[str]
    architecture: str
    """``unet`` (`unet.Unet`) or ``fcn8s`` (`fcn8s.Fcn8s`)."""
    widths: list[int]
    """Feature maps: of each resolution of a ``unet``; of the five stages and the dense layers of an ``fcn8s``."""
    dropout: float | None = None
    """Share of the dense layers' maps of an ``fcn8s`` that is dropped in training."""
    weights: str | None = None
    """SHA-256 of the file of weights that the training starts from, if any."""
    epochs: int
    """Of the real and as many transformed and synthetic images: three times the real ones; see `schedule.steps`."""
    batch: int
    optimiser: str
    """``adam``, or ``sgd`` with Nesterov's momentum."""
    learning_rate: float
    momentum: float
    """Of ``sgd``; Adam's first beta."""
    loss: dict
    """Weights of ``cross_entropy`` and ``dice``, see `losses`."""
    ema: float
    """Decay of the average of the weights, see `ema.Average`; 0 takes the weights of the last step."""


@dataclass(frozen=True)
class Ending:
    """What a training has come to after some steps.

    Attributes
    ----------
    steps
        Their number.
    weights
        The network's weights and buffers by name, on its device.
    history
        An epoch, or the part of one before an end, an element (see `schedule.parts`), with the fields `HISTORY`: the
        steps until then, and the means over its own steps of the loss and of the soft Dice coefficient.
    """

    steps: int
    weights: dict[str, torch.Tensor]
    history: np.ndarray


def build(params: Params, names: tuple[str | int, ...]) -> networks.Network:
    """Return the untrained segmenter on the CPU; ``names`` are those of the training's random streams."""
    network = networks.network(vars(params))
    networks.initialise(network, seeding.stream_seed(params.master_seed, *names, "weights"))
    return network


def train(
    network: networks.Network,
    images: np.ndarray,
    labels: np.ndarray,
    params: Params,
    names: tuple[str | int, ...],
    where: torch.device,
    *,
    ends: Collection[int],
    transformed: Callable[[int], pd.DataFrame] | None = None,
    checkpoint: loop_state.Checkpoint | None = None,
) -> list[Ending]:
    """Train ``network``, which must be on the device ``where``, in place.

    Parameters
    ----------
    images, labels
        uint8 (n, side, side) each; labels are 0 for the ground, 1 and more for ``params.classes``.
    names
        The names of this training's random streams.
    ends
        The steps, one or two, after which the network is asked for; the training ends with the last of them.
    transformed
        What is done to each image in an epoch, see `batches.Batches`; nothing without it.
    checkpoint
        Where the training is saved and resumed from; not at all without it.

    Returns
    -------
    list of Ending
        In ascending order of their steps.

    Raises
    ------
    InputError
        If there is no step to make, or a loss is no longer finite.
    Interrupted
        If the training was asked to stop; it is saved.
    """
    _check(params, min(ends))
    lesson = _Lesson(network, params, names, where)

    def order(epoch: int) -> np.random.Generator:
        return seeding.stream(params.master_seed, *names, "order", epoch)

    source = batches.Batches(images, labels, params.batch, where, order, transformed)
    kept = early_stopping.Snapshot(lesson.result) if len(set(ends)) > 1 else None  # of the first of two ends
    state = lesson.state(checkpoint, kept.tensors if kept else {})
    run = cuda_graph.captured(lesson.step, where)
    parts = schedule.parts(len(images), params.batch, ends)
    began, before = time.perf_counter(), parts[min(state.epoch, len(parts)) - 1][0] + state.step
    for part in state.epochs(len(parts)):
        first, last = parts[part - 1]
        if state.step == 0:
            lesson.totals.zero_()
        for step in state.steps(range(first, last)):
            run(*source.batch(step))
        found = (lesson.totals / (last - first)).tolist()
        _report(part, parts, params, found, (last - before) * params.batch / (time.perf_counter() - began))
        state.history.append((last, *found))
        if kept and last == min(ends):
            kept.take()
    history = np.array(state.history, HISTORY)
    final = {name: value.clone() for name, value in lesson.result.state_dict().items()}
    reached = {max(ends): final} | ({min(ends): dict(zip(final, kept.tensors.values(), strict=True))} if kept else {})
    return [Ending(end, reached[end], history[history["steps"] <= end]) for end in sorted(reached)]


class _Lesson:
    """The steps of one training. All tensors stay the same ones, as a checkpoint and a GPU's graph ask."""

    def __init__(self, network: networks.Network, params: Params, names: tuple[str | int, ...], where: torch.device):
        self.network, self.params, self.names, self.where = network, params, names, where
        momenta = (params.momentum, BETA2) if params.optimiser == "adam" else (params.momentum,)
        kind = {"adam": optimisers.Adam, "sgd": optimisers.Sgd}[params.optimiser]
        self.update = kind(network.parameters(), params.learning_rate, *momenta)
        self.average = ema.Average(network, params.ema) if params.ema else None
        self.totals = torch.zeros(2, device=where)  # stays there: reading it each step would make the GPU wait

    @property
    def result(self) -> networks.Network:
        """The network that is used: the average, where there is one."""
        return self.average.network if self.average else self.network

    def state(self, checkpoint: loop_state.Checkpoint | None, kept: dict[str, torch.Tensor]) -> loop_state.State:
        """Return what changes in this training, with what it has ``kept``: at its start, or resumed."""
        # Dropout reads PyTorch's own stream of the device; nothing else does.
        torch.manual_seed(seeding.stream_seed(self.params.master_seed, *self.names, "dropout"))
        self.network.train()
        average = {"average": self.average.network} if self.average else {}
        updates = {"updates": self.average.updates} if self.average else {}
        return loop_state.State(
            networks={"segmenter": self.network, **average},
            optimisers={"segmenter": self.update},
            streams={},
            tensors={"totals": self.totals, **updates, **kept},
            checkpoint=checkpoint,
        )

    def step(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        """Learn from a batch, uint8 (batch, side, side) each."""
        with device.autocast(self.where, self.params.precision):
            logits = self.network(images[:, None]).float()
        truth = losses.one_hot(labels, logits.shape[1])
        dice = losses.soft_dice(logits, truth)
        weight = self.params.loss
        loss = weight["cross_entropy"] * losses.cross_entropy(logits, truth) + weight["dice"] * (1 - dice)
        self.update.zero_grad()
        loss.backward()
        self.update.step()
        if self.average:
            self.average.update(self.network)
        with torch.no_grad():
            self.totals.add_(torch.stack([loss, dice]))


def _check(params: Params, steps: int) -> None:
    if steps < 1:
        raise InputError(
            f"segmenter: expected at least one step, found none: the images of {params.epochs} epochs are fewer than "
            f"a batch of {params.batch}; raise epochs, or lower batch"
        )


def _report(part: int, parts: list[tuple[int, int]], params: Params, found: list[float], speed: float) -> None:
    """Log one part in ten, with its speed in images/s, or stop with an `InputError` if the loss is not finite."""
    loss, dice = found
    if not np.isfinite(loss):
        raise InputError(
            f"segmenter: expected a finite loss, found {loss} before step {parts[part - 1][1]}; "
            f"lower learning_rate (now {params.learning_rate:g})"
        )
    if part % max(1, len(parts) // 10) == 0 or part in (1, len(parts)):
        step, last = parts[part - 1][1], parts[-1][1]
        log.info("step %d/%d: loss %.4f, soft Dice %.3f, %.0f images/s", step, last, loss, dice, speed)


def predict(network: networks.Network, images: np.ndarray, where: torch.device) -> np.ndarray:
    """Return the most probable label of each pixel of uint8 ``images`` (n, side, side): uint8 of the same shape.

    Float32 whatever the precision of the training, in batches padded to one fixed size, so a prediction depends on its
    own image only.
    """
    network.eval()
    masks = np.empty(images.shape, np.uint8)
    with torch.inference_mode():
        for first in range(0, len(images), PREDICTION_BATCH):
            part = np.ascontiguousarray(images[first : first + PREDICTION_BATCH, None])
            (batch,) = device.padded_batches(part, PREDICTION_BATCH, where)
            masks[first : first + len(part)] = network(batch).argmax(1).to(torch.uint8)[: len(part)].cpu().numpy()
    return masks
