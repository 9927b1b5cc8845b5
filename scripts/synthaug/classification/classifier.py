"""Train a classifier on images of any origin and predict others (Frid-Adar et al. 2018, section 2.2).

The training is the paper's, for whichever network; early stopping is ours.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from synthaug import seeding
from synthaug.classification import networks
from synthaug.errors import InputError
from synthaug.training import cuda_graph, device, early_stopping, loop_state, optimisers

log = logging.getLogger(__name__)

PREDICTION_BATCH = 64
HISTORY = [("epoch", int), ("loss", float), ("accuracy", float)]
VALIDATED = [*HISTORY, ("validation_loss", float), ("used", int)]  # with early stopping; used: 1 of the best epoch


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """The classifier of the config."""

    master_seed: int
    classes: list[str]
    architecture: str
    """``cnn`` (`cnn.Cnn`) or ``resnet`` (`resnet.Resnet`)."""
    widths: list[int]
    """Feature maps: of each convolution of a ``cnn``, of each stage of a ``resnet``."""
    kernel: int | None = None
    """Side of the convolutions of a ``cnn`` in px, odd."""
    dense: int | None = None
    """Units of its hidden dense layer."""
    dropout: float | None = None
    """Share of these that is dropped in training."""
    blocks: int | None = None
    """Residual blocks of each stage of a ``resnet``."""
    weights: str | None = None
    """SHA-256 of the file of weights that the training starts from, if any."""
    early_stopping: dict | None = None
    """``share`` of the training patients who validate, and ``patience``, the epochs without a new best one after which
    the training stops; or none, and the last epoch's weights are used."""
    epochs: int
    """All of them, or the most with early stopping."""
    batch: int
    """Images of each step, or all if there are fewer."""
    learning_rate: float
    momentum: float
    mean: str
    """What is subtracted from each image: the training images' mean ``value``, or their mean ``image``."""
    mixup: float = 0.0
    """Parameter of the Beta distribution that images of the arm ``mixup`` are mixed with."""


def train_mean(images: np.ndarray, kind: str) -> torch.Tensor:
    """Return the mean of uint8 ``images``, (n, 64, 64), in (0, 1): float32 (1, 1) or, for ``image``, (64, 64).

    Parameters
    ----------
    kind
        ``value`` for one mean of all pixels, ``image`` for the mean of each pixel.
    """
    image = images.sum(axis=0, dtype=np.int64) / len(images) / 255
    return torch.from_numpy(image if kind == "image" else image.mean(keepdims=True)).float()


def build(images: np.ndarray, params: Params, names: tuple[str | int, ...]) -> networks.Network:
    """Return the untrained classifier for the training ``images``, uint8 (n, 64, 64), on the CPU.

    ``names`` are those of the training's random streams.
    """
    network = networks.network(vars(params), train_mean(images, params.mean))
    networks.initialise(network, seeding.stream_seed(params.master_seed, *names, "weights"))
    return network


@dataclass(frozen=True)
class Validation:
    """What early stopping looks at: images that the network does not learn from.

    Attributes
    ----------
    images
        uint8 (n, 64, 64).
    labels
        int64 (n,): positions in ``Params.classes``.
    """

    images: np.ndarray
    labels: np.ndarray


def train(
    network: networks.Network,
    images: np.ndarray,
    labels: np.ndarray,
    params: Params,
    names: tuple[str | int, ...],
    where: torch.device,
    *,
    validation: Validation | None = None,
    redraw: Callable[[int], np.ndarray] | None = None,
    mix: bool = False,
    checkpoint: loop_state.Checkpoint | None = None,
) -> np.ndarray:
    """Train ``network``, which must be on the device ``where``, in place.

    Cross-entropy; gradient descent with Nesterov's momentum. Every epoch visits all images in a new order, whose first
    ones fill up its last batch: a last batch of a few images could throw the weights far off, and those are the weights
    that predict (docs/brain-study.md). With ``mix``, each batch is mixed with itself shifted by one place: mixup (Zhang
    et al. 2018), a share from Beta(a, a) for each batch.

    Parameters
    ----------
    images
        uint8 (n, 64, 64).
    labels
        int64 (n,): positions in ``params.classes``.
    names
        The names of this training's random streams.
    validation
        Of ``params.early_stopping``; the network ends with the weights of the epoch whose loss on it is the smallest.
    redraw
        Returns the images of an epoch after the first (from 2), where they are not the same in all.
    checkpoint
        Where the training is saved and resumed from; not at all without it.

    Returns
    -------
    numpy.ndarray
        An epoch an element, with the fields `HISTORY`: means over the training images while the weights change and
        units drop out; the accuracy of mixed images is that of naming the first of the two. With ``validation``,
        `VALIDATED`: also its mean loss after the epoch, and whether the network has the weights of then. The last epoch
        is the one that the training stopped at.

    Raises
    ------
    InputError
        If a loss is no longer finite.
    Interrupted
        If the training was asked to stop; it is saved.
    """
    lesson = _Lesson(network, images, labels, params, where, mix)
    exam = _Exam(network, validation, params, where) if validation else None
    state = lesson.state(names, checkpoint, exam.best.tensors if exam else {})
    run = cuda_graph.captured(lesson.step, where)
    began, first = time.perf_counter(), state.epoch
    for epoch in state.epochs(params.epochs, exam.is_over if exam else None):
        if redraw and epoch > 1:
            lesson.show(redraw(epoch))
        if state.step == 0:
            lesson.totals.zero_()
        for inputs in state.steps(_inputs(len(images), state.streams, params, mix, where)):
            run(*inputs)
        found = lesson.means() + (exam.take(state.history) if exam else [])
        _report(epoch, params, found, (epoch + 1 - first) * len(images) / (time.perf_counter() - began))
        state.history.append((epoch, *found))
    return exam.end(state.history) if exam else np.array(state.history, HISTORY)


class _Lesson:
    """The steps of one training. All tensors stay the same ones, as a checkpoint and a GPU's graph ask."""

    def __init__(
        self,
        network: networks.Network,
        images: np.ndarray,
        labels: np.ndarray,
        params: Params,
        where: torch.device,
        mix: bool,
    ):
        self.network, self.params, self.where, self.mix = network, params, where, mix
        self.update = optimisers.Sgd(network.parameters(), params.learning_rate, params.momentum)
        self.data = torch.from_numpy(images).unsqueeze(1).to(where, copy=True)
        self.truth = torch.tensor(labels, device=where)
        self.totals = torch.zeros(2, device=where)  # stays there: reading it each step would make the GPU wait

    def state(
        self,
        names: tuple[str | int, ...],
        checkpoint: loop_state.Checkpoint | None,
        kept: dict[str, torch.Tensor],
    ) -> loop_state.State:
        """Return what changes in this training, with what it has ``kept``: at its start, or resumed."""
        seed = self.params.master_seed
        # Dropout reads PyTorch's own stream of the device; nothing else does.
        torch.manual_seed(seeding.stream_seed(seed, *names, "dropout"))
        self.network.train()
        return loop_state.State(
            networks={"classifier": self.network},
            optimisers={"classifier": self.update},
            streams={name: seeding.stream(seed, *names, name) for name in ("order", "mixup")},
            tensors={"totals": self.totals, **kept},
            checkpoint=checkpoint,
        )

    def show(self, images: np.ndarray) -> None:
        """Take other images, of the same labels."""
        self.data.copy_(torch.from_numpy(images).unsqueeze(1))

    def step(self, index: torch.Tensor, share: torch.Tensor) -> None:
        """Learn from the images ``index``; ``share`` are the parts of each and of its partner in a mixed image."""
        batch, partner = self.data[index], index.roll(1)
        if self.mix:
            batch = share[0] * batch + share[1] * self.data[partner]
        with device.autocast(self.where, self.params.precision):
            logits = self.network(batch).float()
        loss = functional.cross_entropy(logits, self.truth[index])
        if self.mix:
            loss = share[0] * loss + share[1] * functional.cross_entropy(logits, self.truth[partner])
        self.update.zero_grad()
        loss.backward()
        self.update.step()
        with torch.no_grad():
            self.totals.add_(torch.stack([loss * len(index), (logits.argmax(1) == self.truth[index]).sum()]))

    def means(self) -> list[float]:
        """Return the loss and the accuracy of the epoch that is done."""
        shown = math.prod(steps_and_batch(len(self.data), self.params.batch))
        return (self.totals / shown).tolist()


class _Exam:
    """What early stopping asks after each epoch: the loss on the validation images, and whether it still falls."""

    def __init__(self, network: networks.Network, validation: Validation, params: Params, where: torch.device):
        self.network, self.where, self.patience = network, where, params.early_stopping["patience"]
        self.images, self.truth = validation.images, torch.tensor(validation.labels)
        self.best = early_stopping.Snapshot(network)

    def take(self, history: list[tuple]) -> list[float]:
        """Return the mean loss after an epoch, and keep the weights if no epoch of ``history`` has a smaller one."""
        loss = self.loss()
        losses = [*self._losses(history), loss]
        if early_stopping.best(losses) == len(history):
            self.best.take()
        return [loss]

    def loss(self) -> float:
        """Return the mean loss with the weights of now, in float32 and without dropout."""
        _, features = predict(self.network, self.images, self.where)
        self.network.train()
        with torch.inference_mode():
            logits = self.network.classify(torch.from_numpy(features).to(self.where)).cpu()
        return functional.cross_entropy(logits, self.truth).item()

    def is_over(self, history: list[tuple]) -> bool:
        """Return whether the training is to stop before its next epoch."""
        return early_stopping.is_over(self._losses(history), self.patience)

    def end(self, history: list[tuple]) -> np.ndarray:
        """Give the network its best weights; return the history of `VALIDATED`."""
        self.best.give_back()
        used = early_stopping.best(self._losses(history))
        return np.array([(*row, place == used) for place, row in enumerate(history)], VALIDATED)

    def _losses(self, history: list[tuple]) -> list[float]:
        return [row[-1] for row in history]


def _report(epoch: int, params: Params, found: list[float], speed: float) -> None:
    """Log one epoch in ten, with its speed in images/s, or stop with an `InputError` if a loss is not finite."""
    loss, accuracy, *validated = found
    for each in (loss, *validated):
        if not np.isfinite(each):
            raise InputError(
                f"classifier: expected a finite loss, found {each} in epoch {epoch}; "
                f"lower learning_rate (now {params.learning_rate:g}) or momentum (now {params.momentum:g})"
            )
    if epoch % max(1, params.epochs // 10) == 0 or epoch in (1, params.epochs):
        text = f"loss {loss:.4f}, accuracy {accuracy:.3f}" + "".join(f", validation {each:.4f}" for each in validated)
        log.info("epoch %d/%d: %s, %.0f images/s", epoch, params.epochs, text, speed)


def _inputs(
    count: int, streams: dict[str, np.random.Generator], params: Params, mix: bool, where: torch.device
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Draw an epoch; return for each of its steps which images it sees and the shares of mixed ones."""
    steps, batch = steps_and_batch(count, params.batch)
    rows = torch.from_numpy(np.resize(streams["order"].permutation(count), (steps, batch))).to(where)
    of_first = streams["mixup"].beta(params.mixup, params.mixup, steps) if mix else np.ones(steps)
    share = torch.from_numpy(np.column_stack([of_first, 1 - of_first])).float().to(where)
    return zip(rows, share, strict=True)


def steps_and_batch(count: int, batch: int) -> tuple[int, int]:
    """Return the steps of an epoch of ``count`` images, and the images of each step, at most ``batch``.

    >>> steps_and_batch(130, 64), steps_and_batch(50, 64)
    ((3, 64), (1, 50))
    """
    return -(-count // batch), min(batch, count)


def accuracy(network: networks.Network, images: np.ndarray, labels: np.ndarray, where: torch.device) -> float:
    """Return the share of ``images``, uint8 (n, 64, 64), whose most probable class is their label, int64 (n,)."""
    probabilities, _ = predict(network, images, where)
    return float((probabilities.argmax(axis=1) == labels).mean())


def predict(network: networks.Network, images: np.ndarray, where: torch.device) -> tuple[np.ndarray, np.ndarray]:
    """Return the class probabilities and the last hidden layer of uint8 ``images`` (n, 64, 64).

    Float32 whatever the precision of the training, in batches padded to one fixed size, so a prediction depends on its
    own image only.

    Returns
    -------
    tuple
        Probabilities, float32 (n, classes); features, float32 (n, units of the last hidden layer).
    """
    network.eval()
    with torch.inference_mode():
        batches = device.padded_batches(images[:, None], PREDICTION_BATCH, where)
        features = torch.cat([network.features(batch) for batch in batches])
        probabilities = network.classify(features).softmax(1)
    return probabilities[: len(images)].cpu().numpy(), features[: len(images)].cpu().numpy()
