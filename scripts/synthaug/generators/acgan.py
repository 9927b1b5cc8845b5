"""The auxiliary-classifier GAN (Odena et al. 2017) of Frid-Adar et al. 2018 (section 3.3): all classes at once.

The paper followed Odena's architecture "with minor modifications" that it does not name. Here the networks are those of
the DCGAN: the class enters the generator as a one-hot vector beside z, and the discriminator has a second head that
names the class. The two presets then differ in the conditioning only.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from synthaug.generators import adversarial, dcgan, family
from synthaug.training import device

CLASSIFICATION_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Params(dcgan.Params):
    """A generator preset of the config, and the classes that it is conditioned on."""

    classes: list[str]


class Discriminator(dcgan.Discriminator):
    """Images, float (n, 1, 64, 64) in (-1, 1) -> float (n, 1 + classes): logits of "real" and of each class."""

    def __init__(self, params: Params):
        super().__init__(params)
        self.classify = nn.Linear(self.score.in_features, len(params.classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits of ``images``."""
        features = self.features(images).flatten(1)
        return torch.cat([self.score(features), self.classify(features)], dim=1)


def conditioned(z: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Append the one-hot class to each latent vector: float32 (n, latent + classes).

    Parameters
    ----------
    z
        float32 (n, latent).
    labels
        int64 (n,): positions in the list of ``classes`` classes.
    """
    return np.concatenate([z, np.eye(classes, dtype=np.float32)[labels]], axis=1)


def _class_losses(
    real: torch.Tensor, fake: torch.Tensor, labels: torch.Tensor, inputs: adversarial.Inputs
) -> torch.Tensor:
    return functional.cross_entropy(real[:, 1:], labels) + _class_loss(fake, inputs)


def _class_loss(output: torch.Tensor, inputs: adversarial.Inputs) -> torch.Tensor:
    classes = output.shape[1] - 1
    return functional.cross_entropy(output[:, 1:], inputs[0][:, -classes:])


class Acgan(adversarial.Adversarial):
    """The family; its input is z followed by the one-hot class."""

    conditioned_on = family.CLASS
    Params = Params
    SamplingParams = dcgan.SamplingParams
    # Both networks minimise the class loss of what they see (Odena et al. 2017, equations 2 and 3).
    outputs = adversarial.Outputs(lambda output: output[:, 0], _class_losses, _class_loss)

    def build(self, params: Params, names: tuple[str | int, ...]) -> dict[str, nn.Module]:
        """Return generator and discriminator, untrained; ``names`` are those of the training's random streams."""
        generator = dcgan.build_generator(params, params.latent + len(params.classes))
        networks = {"generator": generator, "discriminator": Discriminator(params)}
        return dcgan.initialised(networks, params, names)

    def narrowest(self, params: Params) -> int:
        """Return the maps of the narrower one's narrowest convolution."""
        return min(params.generator_maps, params.discriminator_maps)

    def training_inputs(
        self, stream: np.random.Generator, count: int, conditions: np.ndarray, params: Params
    ) -> tuple[np.ndarray, ...]:
        """Draw z uniform on [-1, 1] and the classes equally likely: float32 (count, latent + classes)."""
        z = dcgan.latents(stream, count, params.latent, "uniform")
        return (conditioned(z, stream.integers(len(params.classes), size=count), len(params.classes)),)

    def sampling_inputs(
        self,
        stream: np.random.Generator,
        count: int,
        conditions: np.ndarray,
        trained: Params,
        sampling: dcgan.SamplingParams,
    ) -> tuple[np.ndarray, ...]:
        """Draw z as ``sampling_latent`` says; the classes are the ``conditions``: float32 (count, latent + classes)."""
        z = dcgan.latents(stream, count, trained.latent, sampling.sampling_latent)
        return (conditioned(z, conditions, len(trained.classes)),)


FAMILY = Acgan()


def classify(discriminator: Discriminator, images: np.ndarray, where: torch.device) -> tuple[np.ndarray, np.ndarray]:
    """Classify with the discriminator's second head (section 4.5), as `classifier.predict` does with a classifier.

    Parameters
    ----------
    images
        uint8 (n, 64, 64).

    Returns
    -------
    tuple
        Class probabilities, float32 (n, classes); features before the heads, float32 (n, 128 maps).
    """
    discriminator.eval()
    with torch.inference_mode():
        batches = device.padded_batches(images[:, None], CLASSIFICATION_BATCH, where)
        features = torch.cat([discriminator.features(family.to_signal(batch)).flatten(1) for batch in batches])
        probabilities = discriminator.classify(features).softmax(1)
    return probabilities[: len(images)].cpu().numpy(), features[: len(images)].cpu().numpy()
