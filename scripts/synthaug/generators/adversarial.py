"""The adversarial game: losses and training loop of a generator and a discriminator, whatever their family."""

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.generators import diffaugment
from synthaug.training import cuda_graph, device, ema, loop_state, optimisers

log = logging.getLogger(__name__)

HISTORY = [("epoch", int), *((name, float) for name in ("loss_d", "loss_g", "score_real", "score_fake"))]


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """The keys of the loop, common to all adversarial architectures."""

    master_seed: int
    epochs: int
    batch: int
    learning_rate: float
    beta1: float
    beta2: float
    """Adam's decay rates of the first and second moments."""
    generator_updates: int
    """Generator updates after each discriminator update."""
    diffaugment: list[str]
    """Differentiable augmentations of what the discriminator sees, of `diffaugment.POLICIES`; empty for none."""
    ema: float
    """Decay of the running average of the generator's weights; 0 keeps the last weights."""


@dataclass(frozen=True)
class Losses:
    """What a family of networks minimises, from the outputs of its discriminator.

    Attributes
    ----------
    discriminator
        Of its outputs for real and for generated images, the real images' labels and the latent vectors.
    generator
        Of the discriminator's output for generated images, and the latent vectors.
    score
        Takes the logits of "real", float (n,), from an output.
    """

    discriminator: Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
    generator: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    score: Callable[[torch.Tensor], torch.Tensor]


def to_signal(images: torch.Tensor) -> torch.Tensor:
    """Scale uint8 images to float32 in [-1, 1], the range of tanh (section 3.2)."""
    return images.float().div_(127.5).sub_(1)


def to_bytes(signal: torch.Tensor) -> torch.Tensor:
    """Scale images in [-1, 1] to uint8, rounding; the inverse of `to_signal`."""
    return signal.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return -log D(x) - log(1 - D(G(z))), averaged over each batch, from the logits of D."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """Return -log D(G(z)), the loss that does not saturate (Goodfellow et al. 2014, section 3), from the logits."""
    return functional.softplus(-fake).mean()


def train(
    generator: nn.Module,
    discriminator: nn.Module,
    images: np.ndarray,
    labels: np.ndarray,
    latents: Callable[[np.random.Generator, int], np.ndarray],
    losses: Losses,
    params: Params,
    names: tuple[str | int, ...],
    where: torch.device,
    *,
    sample: Callable[[nn.Module], np.ndarray] | None = None,
    sample_epochs: Collection[int] = (),
    checkpoint: loop_state.Checkpoint | None = None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Train both networks, which must be on the device ``where``, in place.

    Every epoch visits the images in a new order; the last batch is dropped when it is not full, because batch
    normalisation is unreliable on a few images. A step updates the discriminator once, with separate batches of real
    and generated images, and then the generator ``generator_updates`` times on the same latent vectors. With ``ema``,
    the generator ends with its averaged weights.

    Parameters
    ----------
    images
        uint8 (n, 64, 64).
    labels
        int64 (n,): positions in the list of classes.
    latents
        Returns float32 latent vectors (n, length) given a stream and n.
    names
        The names of this training's random streams.
    sample
        Returns images of the generator as it would be kept.
    sample_epochs
        The epochs (from 1) after which images are taken.
    checkpoint
        Where the training is saved and resumed from; not at all without it.

    Returns
    -------
    tuple
        The history, an epoch an element, with the fields `HISTORY`: means over the epoch; the scores are D(x) and
        D(G(z)). The images of each epoch of ``sample_epochs``.

    Raises
    ------
    InputError
        If there are fewer than two images or a loss is no longer finite.
    Interrupted
        If the training was asked to stop; it is saved.
    """
    if len(images) < 2:
        raise InputError(f"generator: expected 2 or more training images, found {len(images)}; choose a larger group")
    order = seeding.stream(params.master_seed, *names, "order")
    noise = seeding.stream(params.master_seed, *names, "latents")
    changes = seeding.stream(params.master_seed, *names, "diffaugment")
    rates = params.learning_rate, params.beta1, params.beta2
    update_d = optimisers.Adam(discriminator.parameters(), *rates)
    update_g = optimisers.Adam(generator.parameters(), *rates)
    average = ema.Average(generator, params.ema) if params.ema else None
    kept = average.network if average else generator
    generator.train()
    discriminator.train()
    data = torch.from_numpy(images).unsqueeze(1).to(where)
    truth = torch.tensor(labels, device=where)
    totals = torch.zeros(4, device=where)  # stays on the device: reading it each step would make the GPU wait

    def judge(batch: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
        with device.autocast(where, params.precision):
            return discriminator(diffaugment.apply(batch, uniform, params.diffaugment)).float()

    def generate(z: torch.Tensor) -> torch.Tensor:
        with device.autocast(where, params.precision):
            return generator(z)

    def step(index: torch.Tensor, z: torch.Tensor, uniform: torch.Tensor) -> None:
        fake = generate(z)
        on_real = judge(to_signal(data[index]), uniform[0])
        on_fake = judge(fake.detach(), uniform[1])
        loss_d = losses.discriminator(on_real, on_fake, truth[index], z)
        update_d.zero_grad()
        loss_d.backward()
        update_d.step()

        discriminator.requires_grad_(False)
        for update in range(params.generator_updates):
            loss_g = losses.generator(judge(fake if update == 0 else generate(z), uniform[2 + update]), z)
            update_g.zero_grad()
            loss_g.backward()
            update_g.step()
        discriminator.requires_grad_(True)
        if average:
            average.update(generator)

        with torch.no_grad():
            scores = losses.score(on_real).sigmoid().mean(), losses.score(on_fake).sigmoid().mean()
            totals.add_(torch.stack([loss_d, loss_g, *scores]))

    run = cuda_graph.captured(step, where)
    batch = min(params.batch, len(images))
    steps = len(images) // batch
    state = loop_state.State(
        networks={"generator": generator, "discriminator": discriminator, **({"average": kept} if average else {})},
        optimisers={"discriminator": update_d, "generator": update_g},
        streams={"order": order, "latents": noise, "diffaugment": changes},
        tensors={"totals": totals, **({"updates": average.updates} if average else {})},
        checkpoint=checkpoint,
    )
    for epoch in state.epochs(params.epochs):
        began, first = time.perf_counter(), state.step
        rows = torch.from_numpy(order.permutation(len(images))[: steps * batch]).to(where)
        vectors = torch.from_numpy(latents(noise, steps * batch)).to(where)
        shape = (steps, 2 + params.generator_updates, batch, diffaugment.DRAWS)
        uniforms = torch.from_numpy(changes.random(shape, dtype=np.float32)).to(where)
        if first == 0:
            totals.zero_()
        for inputs in state.steps(zip(rows.split(batch), vectors.split(batch), uniforms, strict=True)):
            run(*inputs)
        means = (totals / steps).tolist()
        if not np.isfinite(means).all():
            raise InputError(
                f"generator: expected finite losses, found {means[:2]} in epoch {epoch}; lower learning_rate"
            )
        state.history.append((epoch, *means))
        log.info(
            "epoch %d/%d: loss_d %.3f, loss_g %.3f, D(x) %.2f, D(G(z)) %.2f, %.0f images/s",
            epoch, params.epochs, *means, (steps - first) * batch / (time.perf_counter() - began),
        )  # fmt: skip
        if epoch in sample_epochs:
            state.samples.append(sample(kept))
    if average:
        generator.load_state_dict(kept.state_dict())
    return np.array(state.history, HISTORY), state.samples
