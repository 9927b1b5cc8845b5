"""The adversarial game of a generator and a discriminator: its losses and its steps, whatever the networks are."""

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from synthaug.generators import augmentation_rate, diffaugment, family, loop
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
    ada: dict[str, float] | None
    """How often they are applied, adaptively, see `augmentation_rate.Params`; None for always."""
    loss: str
    """Of `LOSSES`."""
    r1: float
    """Weight of the gradient penalty on real images (Mescheder et al. 2018, equation 9: gamma); 0 for none."""
    ema: float
    """Decay of the running average of the generator's weights; 0 keeps the last weights."""


Inputs = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Outputs:
    """What a family's discriminator says, and what the two networks minimise of it besides the game's loss.

    Attributes
    ----------
    score
        Takes the scores of "real", float (n,), logits with the logistic loss, from an output.
    discriminator_extra
        Of its outputs for real and for generated images, the real images' conditions as `family.Family.encode`
        returns them (None without conditions) and the generator's inputs: a scalar; None for nothing.
    generator_extra
        Of the discriminator's output for generated images, and the generator's inputs: a scalar; None for nothing.
    """

    score: Callable[[torch.Tensor], torch.Tensor]
    discriminator_extra: Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None, Inputs], torch.Tensor] | None = None
    generator_extra: Callable[[torch.Tensor, Inputs], torch.Tensor] | None = None


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return -log D(x) - log(1 - D(G(z))), averaged over each batch, from the logits of D, float (n,)."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """Return -log D(G(z)), the loss that does not saturate (Goodfellow et al. 2014, section 3), from the logits."""
    return functional.softplus(-fake).mean()


def hinge_discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return max(0, 1 - D(x)) + max(0, 1 + D(G(z))), averaged over each batch (Lim and Ye 2017; Miyato et al. 2018)."""
    return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()


def hinge_generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """Return -D(G(z)), averaged over the batch."""
    return -fake.mean()


class Loss(NamedTuple):
    """What the two networks minimise, of scores of real and generated images, float (n,)."""

    discriminator: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    generator: Callable[[torch.Tensor], torch.Tensor]


LOSSES = {
    "logistic": Loss(discriminator_loss, generator_loss),
    "hinge": Loss(hinge_discriminator_loss, hinge_generator_loss),
}


def r1_penalty(scores: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Return half the mean of the squared slope of ``scores``, float (n,), at the ``images`` that they are of.

    Mescheder et al. 2018, equation 9, for gamma = 1.
    """
    (slopes,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    return slopes.square().flatten(1).sum(1).mean() / 2


class Adversarial(family.Family):
    """A family of a generator and a discriminator that play the game of this module.

    Attributes
    ----------
    outputs : Outputs
        What the discriminator says.
    """

    networks = ("generator", "discriminator")
    outputs: Outputs

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
    its averaged weights. The scores are the means of D(x) and D(G(z)) as probabilities.
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
        self.loss = LOSSES[params.loss]
        self.rate = augmentation_rate.Rate(augmentation_rate.Params(**params.ada), self.where) if params.ada else None
        if self.rate:
            self.tensors["augmentation rate"] = self.rate.value
            self.measured = (*self.measured, "augmentation_rate")
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
        of_image = diffaugment.DRAWS + (len(diffaugment.POLICIES) if self.rate else 0)
        shape = (steps, 2 + self.params.generator_updates, batch, of_image)
        uniform = streams["diffaugment"].random(shape, dtype=np.float32)
        return (uniform, *(each.reshape(steps, batch, *each.shape[1:]) for each in inputs))

    def step(self, index: torch.Tensor, uniform: torch.Tensor, *inputs: torch.Tensor) -> torch.Tensor:
        """Update both networks; return what is measured: the two losses, the two scores, and the rate if it adapts."""
        fake = self._generate(inputs)
        real = family.to_signal(self.images[index]).requires_grad_(self.params.r1 > 0)
        on_real = self._judge(real, uniform[0])
        on_fake = self._judge(fake.detach(), uniform[1])
        loss_d = self._discriminator_loss(on_real, on_fake, index, inputs)
        penalty = self.params.r1 * r1_penalty(self.kind.outputs.score(on_real), real) if self.params.r1 else 0
        self._update("discriminator", loss_d + penalty)

        self.discriminator.requires_grad_(False)
        for update in range(self.params.generator_updates):
            on_own = self._judge(fake if update == 0 else self._generate(inputs), uniform[2 + update])
            loss_g = self.loss.generator(self.kind.outputs.score(on_own))
            if self.kind.outputs.generator_extra:
                loss_g = loss_g + self.kind.outputs.generator_extra(on_own, inputs)
            self._update("generator", loss_g)
        self.discriminator.requires_grad_(True)
        if self.average:
            self.average.update(self.generator)

        with torch.no_grad():
            scores = [self.kind.outputs.score(output) for output in (on_real, on_fake)]
            rates = [self.rate.update(scores[0])] if self.rate else []
            return torch.stack([loss_d, loss_g, *(score.sigmoid().mean() for score in scores), *rates])

    def _discriminator_loss(
        self, on_real: torch.Tensor, on_fake: torch.Tensor, index: torch.Tensor, inputs: Inputs
    ) -> torch.Tensor:
        outputs = self.kind.outputs
        loss = self.loss.discriminator(outputs.score(on_real), outputs.score(on_fake))
        if not outputs.discriminator_extra:
            return loss
        conditions = None if self.conditions is None else self.conditions[index]
        return loss + outputs.discriminator_extra(on_real, on_fake, conditions, inputs)

    def _judge(self, batch: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
        rate = self.rate.value if self.rate else None
        with device.autocast(self.where, self.params.precision):
            return self.discriminator(diffaugment.apply(batch, uniform, self.params.diffaugment, rate)).float()

    def _generate(self, inputs: Inputs) -> torch.Tensor:
        with device.autocast(self.where, self.params.precision):
            return self.generator(*inputs)

    def _update(self, name: str, loss: torch.Tensor) -> None:
        self.optimisers[name].zero_grad()
        loss.backward()
        self.optimisers[name].step()
