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

from synthaug import seeding
from synthaug.generators import adversarial, dcgan
from synthaug.training import device

CLASSIFICATION_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Params(dcgan.Params):
    """A generator preset of the config, and the classes that it is conditioned on."""

    classes: list[str]


class Discriminator(dcgan.Discriminator):
    """Images, float (n, 1, 64, 64) in (-1, 1) -> float (n, 1 + classes): logits of "real" and of each class."""

    def __init__(self, maps: int, leak: float, batchnorm_momentum: float, classes: int):
        super().__init__(maps, leak, batchnorm_momentum)
        self.classify = nn.Linear(self.score.in_features, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features = self.features(images).flatten(1)
        return torch.cat([self.score(features), self.classify(features)], dim=1)


def build_generator(params: Params) -> dcgan.Generator:
    """Return the generator; its input is z followed by the one-hot class."""
    return dcgan.Generator(params.latent + len(params.classes), params.generator_maps, params.batchnorm_momentum)


def build_discriminator(params: Params) -> Discriminator:
    return Discriminator(params.discriminator_maps, params.leak, params.batchnorm_momentum, len(params.classes))


def build(params: Params, names: tuple[str | int, ...]) -> tuple[dcgan.Generator, Discriminator]:
    """Return both networks, untrained; ``names`` are those of the training's random streams."""
    networks = {"generator": build_generator(params), "discriminator": build_discriminator(params)}
    for role, network in networks.items():
        dcgan.initialise(network, params.init_std, seeding.stream_seed(params.master_seed, *names, "weights", role))
    return networks["generator"], networks["discriminator"]


def conditioned(z: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Append the one-hot class to each latent vector: float32 (n, latent + classes)."""
    return np.concatenate([z, np.eye(classes, dtype=np.float32)[labels]], axis=1)


def training_latents(draws: np.random.Generator, count: int, params: Params) -> np.ndarray:
    """Draw latent vectors for training, z uniform on [-1, 1] and the classes equally likely."""
    z = dcgan.latents(draws, count, params.latent, "uniform")
    return conditioned(z, draws.integers(len(params.classes), size=count), len(params.classes))


def _discriminator_loss(real: torch.Tensor, fake: torch.Tensor, labels: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    classes = functional.cross_entropy(real[:, 1:], labels) + _class_loss(fake, z)
    return adversarial.discriminator_loss(real[:, 0], fake[:, 0]) + classes


def _generator_loss(fake: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    return adversarial.generator_loss(fake[:, 0]) + _class_loss(fake, z)


def _class_loss(output: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    classes = output.shape[1] - 1
    return functional.cross_entropy(output[:, 1:], z[:, -classes:])


# Both networks minimise the class loss of what they see (Odena et al. 2017, equations 2 and 3).
LOSSES = adversarial.Losses(_discriminator_loss, _generator_loss, score=lambda output: output[:, 0])


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
        features = torch.cat([discriminator.features(adversarial.to_signal(batch)).flatten(1) for batch in batches])
        probabilities = discriminator.classify(features).softmax(1)
    return probabilities[: len(images)].cpu().numpy(), features[: len(images)].cpu().numpy()
