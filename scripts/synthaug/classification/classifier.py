"""Train a classifier on images of any origin and predict others (Frid-Adar et al. 2018, section 2.2)."""

import logging
import time
from collections.abc import Callable
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
    """Return the mean of uint8 ``images`` in (0, 1): float32 (1, 1) for ``value``, (64, 64) for ``image``."""
    image = images.sum(axis=0, dtype=np.int64) / len(images) / 255
    return torch.from_numpy(image if kind == "image" else image.mean(keepdims=True)).float()


def build(images: np.ndarray, params: Params, names: tuple[str | int, ...]) -> cnn.Cnn:
    """Return the untrained classifier for the training ``images``, uint8 (n, 64, 64)."""
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
    order = seeding.stream(params.master_seed, *names, "order")
    # Dropout reads PyTorch's own stream of the device; nothing else does.
    torch.manual_seed(seeding.stream_seed(params.master_seed, *names, "dropout"))
    shares = seeding.stream(params.master_seed, *names, "mixup")
    update = optimisers.Sgd(network.parameters(), params.learning_rate, params.momentum)
    data = torch.from_numpy(images).unsqueeze(1).to(where, copy=True)
    truth = torch.tensor(labels, device=where)
    totals = torch.zeros(2, device=where)  # stays on the device: reading it each step would make the GPU wait

    def step(index: torch.Tensor, share: torch.Tensor) -> None:
        batch, partner = data[index], index.roll(1)
        if mix:
            batch = share[0] * batch + share[1] * data[partner]
        with device.autocast(where, params.precision):
            logits = network(batch).float()
        loss = functional.cross_entropy(logits, truth[index])
        if mix:
            loss = share[0] * loss + share[1] * functional.cross_entropy(logits, truth[partner])
        update.zero_grad()
        loss.backward()
        update.step()
        with torch.no_grad():
            totals.add_(torch.stack([loss * len(index), (logits.argmax(1) == truth[index]).sum()]))

    run = cuda_graph.captured(step, where)
    steps = -(-len(images) // params.batch)
    log_every = max(1, params.epochs // 10)
    network.train()
    state = loop_state.State(
        networks={"classifier": network},
        optimisers={"classifier": update},
        streams={"order": order, "mixup": shares},
        tensors={"totals": totals},
        checkpoint=checkpoint,
    )
    began, first = time.perf_counter(), state.epoch
    for epoch in state.epochs(params.epochs):
        if redraw and epoch > 1:
            data.copy_(torch.from_numpy(redraw(epoch)).unsqueeze(1))
        rows = torch.from_numpy(order.permutation(len(images))).to(where)
        of_first = shares.beta(params.mixup, params.mixup, steps) if mix else np.ones(steps)
        share = torch.from_numpy(np.column_stack([of_first, 1 - of_first])).float().to(where)
        if state.step == 0:
            totals.zero_()
        for inputs in state.steps(zip(rows.split(params.batch), share, strict=True)):
            run(*inputs)
        loss_mean, accuracy = (totals / len(images)).tolist()
        if not np.isfinite(loss_mean):
            raise InputError(
                f"classifier: expected a finite loss, found {loss_mean} in epoch {epoch}; "
                f"lower learning_rate (now {params.learning_rate:g}) or momentum (now {params.momentum:g})"
            )
        state.history.append((epoch, loss_mean, accuracy))
        if epoch % log_every == 0 or epoch in (1, params.epochs):
            speed = (epoch + 1 - first) * len(images) / (time.perf_counter() - began)
            log.info(
                "epoch %d/%d: loss %.4f, accuracy %.3f, %.0f images/s",
                epoch, params.epochs, loss_mean, accuracy, speed,
            )  # fmt: skip
    return np.array(state.history, HISTORY)


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
