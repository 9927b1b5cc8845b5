"""The adversarial game of a generator and a discriminator: its losses and its steps, whatever the networks are."""

import abc
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from synthaug.generators import diffaugment, family, loop
from synthaug.training import device, ema, optimisers


@dataclass(frozen=True, kw_only=True)
class Params(family.EpochParams):
    """The keys of the game, common to all adversarial families."""

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


Inputs = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Losses:
    """What a family minimises, from the outputs of its discriminator.

    Attributes
    ----------
    discriminator
        Of its outputs for real and for generated images, the real images' conditions as `family.Family.encode`
        returns them (None without conditions) and the generator's inputs: a scalar.
    generator
        Of the discriminator's output for generated images, and the generator's inputs: a scalar.
    score
        Takes the logits of "real", float (n,), from an output.
    """

    discriminator: Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None, Inputs], torch.Tensor]
    generator: Callable[[torch.Tensor, Inputs], torch.Tensor]
    score: Callable[[torch.Tensor], torch.Tensor]


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return -log D(x) - log(1 - D(G(z))), averaged over each batch, from the logits of D, float (n,)."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """Return -log D(G(z)), the loss that does not saturate (Goodfellow et al. 2014, section 3), from the logits."""
    return functional.softplus(-fake).mean()


class Adversarial(family.Family):
    """A family of a generator and a discriminator that play the game of this module.

    Attributes
    ----------
    losses : Losses
        What the two minimise.
    """

    networks = ("generator", "discriminator")
    losses: Losses

    @abc.abstractmethod
    def training_inputs(
        self, stream: np.random.Generator, count: int, conditions: family.Conditions, params: Params
    ) -> tuple[np.ndarray, ...]:
        """Draw inputs of the generator for training, ``count`` rows each.

        Parameters
        ----------
        conditions
            Those of the training images.
        """

    def preview_inputs(
        self, stream: np.random.Generator, count: int, conditions: family.Conditions, params: Params
    ) -> tuple[np.ndarray, ...]:
        """Draw the inputs of the images that are shown of each snapshot as those of the training are drawn."""
        return self.training_inputs(stream, count, conditions, params)

    def learner(
        self, networks: dict[str, nn.Module], images: torch.Tensor, conditions: family.Conditions, params: Params
    ) -> "Game":
        """Return the game of the two networks; ``images`` are uint8 (n, 1, side, side) on their device."""
        return Game(self, networks, images, conditions, params)


class Game(loop.Learner):
    """A step updates the discriminator once, and then the generator ``generator_updates`` times on the same inputs.

    The discriminator sees separate batches of real and generated images. With ``ema``, the generator is kept with
    its averaged weights. The scores are the means of D(x) and D(G(z)).
    """

    streams = ("latents", "diffaugment")
    measured = ("loss_d", "loss_g", "score_real", "score_fake")

    def __init__(
        self,
        kind: Adversarial,
        networks: dict[str, nn.Module],
        images: torch.Tensor,
        conditions: family.Conditions,
        params: Params,
    ):
        super().__init__(networks, images)
        self.kind, self.given, self.params, self.where = kind, conditions, params, images.device
        self.generator, self.discriminator = networks["generator"], networks["discriminator"]
        self.conditions = None if conditions is None else kind.encode(conditions).to(self.where)
        rates = params.learning_rate, params.beta1, params.beta2
        for name in ("discriminator", "generator"):
            self.optimisers[name] = optimisers.Adam(networks[name].parameters(), *rates)
        self.average = ema.Average(self.generator, params.ema) if params.ema else None
        if self.average:
            self.averages["average"] = self.average.network
            self.tensors["updates"] = self.average.updates

    def kept(self) -> dict[str, nn.Module]:
        """Return both networks, the generator with its averaged weights if there are any."""
        return self.networks | ({"generator": self.average.network} if self.average else {})

    def draws(self, streams: dict[str, np.random.Generator], steps: int, batch: int) -> tuple[np.ndarray, ...]:
        """Draw the uniform numbers of the augmentations, and then each of the generator's inputs, step by step."""
        inputs = self.kind.training_inputs(streams["latents"], steps * batch, self.given, self.params)
        shape = (steps, 2 + self.params.generator_updates, batch, diffaugment.DRAWS)
        uniform = streams["diffaugment"].random(shape, dtype=np.float32)
        return (uniform, *(each.reshape(steps, batch, *each.shape[1:]) for each in inputs))

    def step(self, index: torch.Tensor, uniform: torch.Tensor, *inputs: torch.Tensor) -> torch.Tensor:
        """Update both networks; return the two losses and the two scores, float (4,)."""
        fake = self._generate(inputs)
        on_real = self._judge(family.to_signal(self.images[index]), uniform[0])
        on_fake = self._judge(fake.detach(), uniform[1])
        conditions = None if self.conditions is None else self.conditions[index]
        loss_d = self.kind.losses.discriminator(on_real, on_fake, conditions, inputs)
        self._update("discriminator", loss_d)

        self.discriminator.requires_grad_(False)
        for update in range(self.params.generator_updates):
            on_own = self._judge(fake if update == 0 else self._generate(inputs), uniform[2 + update])
            loss_g = self.kind.losses.generator(on_own, inputs)
            self._update("generator", loss_g)
        self.discriminator.requires_grad_(True)
        if self.average:
            self.average.update(self.generator)

        with torch.no_grad():
            scores = [self.kind.losses.score(output).sigmoid().mean() for output in (on_real, on_fake)]
            return torch.stack([loss_d, loss_g, *scores])

    def _judge(self, batch: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
        with device.autocast(self.where, self.params.precision):
            return self.discriminator(diffaugment.apply(batch, uniform, self.params.diffaugment)).float()

    def _generate(self, inputs: Inputs) -> torch.Tensor:
        with device.autocast(self.where, self.params.precision):
            return self.generator(*inputs)

    def _update(self, name: str, loss: torch.Tensor) -> None:
        self.optimisers[name].zero_grad()
        loss.backward()
        self.optimisers[name].step()
