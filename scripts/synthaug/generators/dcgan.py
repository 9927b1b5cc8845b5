"""The DCGAN of Frid-Adar et al. 2018 (section 3.2) for 64x64 images of one channel, a generator for each class.

The paper gives the generator's width (4x4x1024 after the first layer: 128 maps before the image) but not the
discriminator's; widths are therefore parameters.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrizations

from synthaug import seeding
from synthaug.generators import adversarial, family
from synthaug.training import device


@dataclass(frozen=True, kw_only=True)
class Params(adversarial.Params):
    """A generator preset of the config: the game's keys and the networks'."""

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
    spectral_norm: bool
    """Whether the discriminator's weights are divided by their largest singular value, and it has no batch
    normalisation (Miyato et al. 2018)."""


@dataclass(frozen=True, kw_only=True)
class SamplingParams(family.SamplingParams):
    """The keys of sampling."""

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
        """Return the images of ``z``."""
        maps = self.head(z).unflatten(1, (-1, 4, 4))
        return self.upsample(maps.contiguous(memory_format=torch.channels_last))


class Discriminator(nn.Module):
    """Images, float (n, 1, 64, 64) in (-1, 1) -> logits of "real", float (n,)."""

    def __init__(self, params: Params):
        super().__init__()
        maps = params.discriminator_maps
        widths = (1, maps, 2 * maps, 4 * maps, 8 * maps)
        layers = []
        for before, after in itertools.pairwise(widths):
            layers.append(nn.Conv2d(before, after, 5, stride=2, padding=2))
            if before > 1 and not params.spectral_norm:  # no batch normalisation of the input layer
                layers.append(nn.BatchNorm2d(after, momentum=params.batchnorm_momentum))
            layers.append(nn.LeakyReLU(params.leak, inplace=True))
        self.features = nn.Sequential(*layers)
        self.score = nn.Linear(widths[-1] * 4 * 4, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits of ``images``."""
        return self.score(self.features(images).flatten(1)).squeeze(1)


def initialise(network: nn.Module, std: float, seed: int) -> None:
    """Draw the weights from N(0, std), those of batch normalisation from N(1, std); biases are zero."""
    generator = device.draws(seed)
    for module in network.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d)):
            mean = 1.0 if isinstance(module, nn.BatchNorm2d) else 0.0
            nn.init.normal_(module.weight, mean, std, generator=generator)
            nn.init.zeros_(module.bias)


def normalise_spectrum(network: nn.Module, seed: int) -> None:
    """Divide the weights of each layer by their largest singular value, from now on (Miyato et al. 2018).

    PyTorch estimates it by power iteration, whose first vector comes from its global stream.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for module in list(network.modules()):
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                parametrizations.spectral_norm(module)


def build_generator(params: Params, inputs: int) -> Generator:
    """Return the generator of a preset, untrained, for vectors of the length ``inputs``."""
    return Generator(inputs, params.generator_maps, params.batchnorm_momentum)


def initialised(networks: dict[str, nn.Module], params: Params, names: tuple[str | int, ...]) -> dict[str, nn.Module]:
    """Return the ``networks`` with their initial weights, of a stream each; ``names`` are those of the training's."""
    for role, network in networks.items():
        initialise(network, params.init_std, seeding.stream_seed(params.master_seed, *names, "weights", role))
    if params.spectral_norm:
        seed = seeding.stream_seed(params.master_seed, *names, "spectral norm")
        normalise_spectrum(networks["discriminator"], seed)
    return networks


def latents(draws: np.random.Generator, samples: int, length: int, kind: str) -> np.ndarray:
    """Draw latent vectors, float32 (samples, length).

    The stream is read in order, so the first n vectors are the same however many follow.

    Parameters
    ----------
    kind
        ``uniform`` on [-1, 1] or standard ``normal``.
    """
    shape = (samples, length)
    values = draws.standard_normal(shape) if kind == "normal" else draws.uniform(-1, 1, shape)
    return values.astype(np.float32)


class Dcgan(adversarial.Adversarial):
    """The family; its input is the latent vector z alone."""

    conditioned_on = family.NOTHING
    Params = Params
    SamplingParams = SamplingParams
    outputs = adversarial.Outputs(score=lambda output: output)

    def build(self, params: Params, names: tuple[str | int, ...]) -> dict[str, nn.Module]:
        """Return generator and discriminator, untrained; ``names`` are those of the training's random streams."""
        networks = {"generator": build_generator(params, params.latent), "discriminator": Discriminator(params)}
        return initialised(networks, params, names)

    def narrowest(self, params: Params) -> int:
        """Return the maps of the narrower one's narrowest convolution."""
        return min(params.generator_maps, params.discriminator_maps)

    def training_inputs(
        self, stream: np.random.Generator, count: int, conditions: None, params: Params
    ) -> tuple[np.ndarray, ...]:
        """Draw latent vectors, uniform on [-1, 1] (section 3.2): float32 (count, latent)."""
        return (latents(stream, count, params.latent, "uniform"),)

    def sampling_inputs(
        self, stream: np.random.Generator, count: int, conditions: None, trained: Params, sampling: SamplingParams
    ) -> tuple[np.ndarray, ...]:
        """Draw latent vectors as ``sampling_latent`` says: float32 (count, latent)."""
        return (latents(stream, count, trained.latent, sampling.sampling_latent),)


FAMILY = Dcgan()
