"""The DCGAN of Frid-Adar et al. 2018 (section 3.2) for 64x64 images of one channel, and samples of it.

The paper gives the generator's width (4x4x1024 after the first layer: 128 maps before the image) but not the
discriminator's; widths are therefore parameters.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from synthaug import seeding
from synthaug.generators import adversarial
from synthaug.training import device

SAMPLING_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Params(adversarial.Params):
    """A generator preset of the config: the loop's keys and the networks'."""

    architecture: str
    latent: int
    """Length of the latent vector z."""
    generator_maps: int
    """Feature maps before the image; 8 times as many after the first layer."""
    discriminator_maps: int
    """Feature maps of the first convolution; doubled by each that follows."""
    init_std: float
    """Standard deviation of the initial weights."""
    leak: float
    """Slope of the leaky ReLU below zero."""
    batchnorm_momentum: float
    """Share of a batch in the running mean and variance (1 - decay)."""


@dataclass(frozen=True, kw_only=True)
class SamplingParams(device.Compute):
    """The keys of sampling."""

    master_seed: int
    classes: list[str]
    samples: int
    """Images of each class."""
    sampling_latent: str
    """``uniform`` on [-1, 1], as in training (section 3.2), or standard ``normal``, as in section 4.2.2."""


class Generator(nn.Module):
    """z, float (n, latent) -> images, float (n, 1, 64, 64) in (-1, 1)."""

    def __init__(self, latent: int, maps: int, batchnorm_momentum: float):
        super().__init__()
        widths = (8 * maps, 4 * maps, 2 * maps, maps, 1)
        self.head = nn.Linear(latent, widths[0] * 4 * 4)
        layers = []
        for before, after in itertools.pairwise(widths):
            layers += [
                nn.BatchNorm2d(before, momentum=batchnorm_momentum),
                nn.ReLU(inplace=True),
                nn.ConvTranspose2d(before, after, 5, stride=2, padding=2, output_padding=1),
            ]
        self.upsample = nn.Sequential(*layers, nn.Tanh())

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        maps = self.head(z).unflatten(1, (-1, 4, 4))
        return self.upsample(maps.contiguous(memory_format=torch.channels_last))


class Discriminator(nn.Module):
    """Images, float (n, 1, 64, 64) in (-1, 1) -> logits of "real", float (n,)."""

    def __init__(self, maps: int, leak: float, batchnorm_momentum: float):
        super().__init__()
        widths = (1, maps, 2 * maps, 4 * maps, 8 * maps)
        layers = []
        for before, after in itertools.pairwise(widths):
            layers.append(nn.Conv2d(before, after, 5, stride=2, padding=2))
            if before > 1:  # no batch normalisation of the input layer
                layers.append(nn.BatchNorm2d(after, momentum=batchnorm_momentum))
            layers.append(nn.LeakyReLU(leak, inplace=True))
        self.features = nn.Sequential(*layers)
        self.score = nn.Linear(widths[-1] * 4 * 4, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.score(self.features(images).flatten(1)).squeeze(1)


def initialise(network: nn.Module, std: float, seed: int) -> None:
    """Draw the weights from N(0, std), those of batch normalisation from N(1, std); biases are zero."""
    generator = device.draws(seed)
    for module in network.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d)):
            mean = 1.0 if isinstance(module, nn.BatchNorm2d) else 0.0
            nn.init.normal_(module.weight, mean, std, generator=generator)
            nn.init.zeros_(module.bias)


def build_generator(params: Params) -> Generator:
    return Generator(params.latent, params.generator_maps, params.batchnorm_momentum)


def build(params: Params, names: tuple[str | int, ...]) -> tuple[Generator, Discriminator]:
    """Return both networks, untrained; ``names`` are those of the training's random streams."""
    generator = build_generator(params)
    discriminator = Discriminator(params.discriminator_maps, params.leak, params.batchnorm_momentum)
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        initialise(network, params.init_std, seeding.stream_seed(params.master_seed, *names, "weights", role))
    return generator, discriminator


def latents(draws: np.random.Generator, samples: int, length: int, kind: str) -> np.ndarray:
    """Draw latent vectors, float32 (samples, length).

    The stream is read in order, so the first n vectors are the same however many follow.
    """
    shape = (samples, length)
    values = draws.standard_normal(shape) if kind == "normal" else draws.uniform(-1, 1, shape)
    return values.astype(np.float32)


def training_latents(draws: np.random.Generator, count: int, params: Params) -> np.ndarray:
    """Draw latent vectors for training, uniform on [-1, 1] (section 3.2)."""
    return latents(draws, count, params.latent, "uniform")


LOSSES = adversarial.Losses(
    discriminator=lambda real, fake, labels, z: adversarial.discriminator_loss(real, fake),
    generator=lambda fake, z: adversarial.generator_loss(fake),
    score=lambda output: output,
)


def sample(generator: nn.Module, z: np.ndarray, where: torch.device, precision: str) -> np.ndarray:
    """Return the images of the latent vectors ``z``, uint8 (n, 64, 64).

    Batch normalisation uses its running statistics and batches are padded to one fixed size, so an image depends on
    its own latent vector only. The network is left in the mode (training or not) it was in.
    """
    training = generator.training
    generator.eval()
    with torch.inference_mode(), device.autocast(where, precision):
        batches = [adversarial.to_bytes(generator(batch)) for batch in device.padded_batches(z, SAMPLING_BATCH, where)]
    generator.train(training)
    return torch.cat(batches)[: len(z), 0].cpu().numpy()
