"""Train a classifier on images of any origin and predict others (Frid-Adar et al. 2018, section 2.2)."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from synthaug import seeding
from synthaug.classification import cnn
from synthaug.errors import InputError
from synthaug.training import cuda_graph, device, loop_state, optimisers

log = logging.getLogger(__name__)

PREDICTION_BATCH = 64
HISTORY = [("epoch", int), ("loss", float), ("accuracy", float)]


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """The classifier of the config."""

    master_seed: int
    classes: list[str]
    widths: list[int]
    """Feature maps of each convolution; each is followed by 2x2 max pooling."""
    kernel: int
    """Side of the convolutions in px, odd."""
    dense: int
    """Units of the hidden dense layer."""
    dropout: float
    epochs: int
    batch: int
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


def build(images: np.ndarray, params: Params, names: tuple[str | int, ...]) -> cnn.Cnn:
    """Return the untrained classifier for the training ``images``, uint8 (n, 64, 64), on the CPU.

    ``names`` are those of the training's random streams.
    """
    mean = train_mean(images, params.mean)
    network = cnn.Cnn(len(params.classes), params.widths, params.kernel, params.dense, params.dropout, mean)
    cnn.initialise(network, seeding.stream_seed(params.master_seed, *names, "weights"))
    return network


def train(
    network: cnn.Cnn,
    images: np.ndarray,
    labels: np.ndarray,
    params: Params,
    names: tuple[str | int, ...],
    where: torch.device,
    *,
    redraw: Callable[[int], np.ndarray] | None = None,
    mix: bool = False,
    checkpoint: loop_state.Checkpoint | None = None,
) -> np.ndarray:
    """Train ``network``, which must be on the device ``where``, in place.

    Cross-entropy; gradient descent with Nesterov's momentum; every epoch visits all images in a new order. With
    ``mix``, each batch is mixed with itself shifted by one place: mixup (Zhang et al. 2018), a share from Beta(a, a)
    for each batch.

    Parameters
    ----------
    images
        uint8 (n, 64, 64).
    labels
        int64 (n,): positions in ``params.classes``.
    names
        The names of this training's random streams.
    redraw
        Returns the images of an epoch after the first (from 2), where they are not the same in all.
    checkpoint
        Where the training is saved and resumed from; not at all without it.

    Returns
    -------
    numpy.ndarray
        An epoch an element, with the fields `HISTORY`: means over the training images while the weights change and
        units drop out; the accuracy of mixed images is that of naming the first of the two.

    Raises
    ------
    InputError
        If the loss is no longer finite.
    Interrupted
        If the training was asked to stop; it is saved.
    """
    lesson = _Lesson(network, images, labels, params, where, mix)
    state = lesson.state(names, checkpoint)
    run = cuda_graph.captured(lesson.step, where)
    began, first = time.perf_counter(), state.epoch
    for epoch in state.epochs(params.epochs):
        if redraw and epoch > 1:
            lesson.show(redraw(epoch))
        if state.step == 0:
            lesson.totals.zero_()
        for inputs in state.steps(_inputs(len(images), state.streams, params, mix, where)):
            run(*inputs)
        means = lesson.means()
        _report(epoch, params, *means, (epoch + 1 - first) * len(images) / (time.perf_counter() - began))
        state.history.append((epoch, *means))
    return np.array(state.history, HISTORY)


class _Lesson:
    """The steps of one training. All tensors stay the same ones, as a checkpoint and a GPU's graph ask."""

    def __init__(
        self,
        network: cnn.Cnn,
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

    def state(self, names: tuple[str | int, ...], checkpoint: loop_state.Checkpoint | None) -> loop_state.State:
        """Return what changes in this training, at its start or resumed from ``checkpoint``."""
        seed = self.params.master_seed
        # Dropout reads PyTorch's own stream of the device; nothing else does.
        torch.manual_seed(seeding.stream_seed(seed, *names, "dropout"))
        self.network.train()
        return loop_state.State(
            networks={"classifier": self.network},
            optimisers={"classifier": self.update},
            streams={name: seeding.stream(seed, *names, name) for name in ("order", "mixup")},
            tensors={"totals": self.totals},
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
        return (self.totals / len(self.data)).tolist()


def _report(epoch: int, params: Params, loss: float, accuracy: float, speed: float) -> None:
    """Log one epoch in ten, with its speed in images/s, or stop with an `InputError` if the loss is not finite."""
    if not np.isfinite(loss):
        raise InputError(
            f"classifier: expected a finite loss, found {loss} in epoch {epoch}; "
            f"lower learning_rate (now {params.learning_rate:g}) or momentum (now {params.momentum:g})"
        )
    if epoch % max(1, params.epochs // 10) == 0 or epoch in (1, params.epochs):
        log.info("epoch %d/%d: loss %.4f, accuracy %.3f, %.0f images/s", epoch, params.epochs, loss, accuracy, speed)


def _inputs(
    count: int, streams: dict[str, np.random.Generator], params: Params, mix: bool, where: torch.device
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Draw an epoch; return for each of its steps which images it sees and the shares of mixed ones."""
    rows = torch.from_numpy(streams["order"].permutation(count)).to(where)
    steps = -(-count // params.batch)
    of_first = streams["mixup"].beta(params.mixup, params.mixup, steps) if mix else np.ones(steps)
    share = torch.from_numpy(np.column_stack([of_first, 1 - of_first])).float().to(where)
    return zip(rows.split(params.batch), share, strict=True)


def predict(network: cnn.Cnn, images: np.ndarray, where: torch.device) -> tuple[np.ndarray, np.ndarray]:
    """Return the class probabilities and the last hidden layer of uint8 ``images`` (n, 64, 64).

    Float32 whatever the precision of the training, in batches padded to one fixed size, so a prediction depends on its
    own image only.

    Returns
    -------
    tuple
        Probabilities, float32 (n, classes); features, float32 (n, dense).
    """
    network.eval()
    with torch.inference_mode():
        batches = device.padded_batches(images[:, None], PREDICTION_BATCH, where)
        features = torch.cat([network.features(batch) for batch in batches])
        probabilities = network.classify(features).softmax(1)
    return probabilities[: len(images)].cpu().numpy(), features[: len(images)].cpu().numpy()
