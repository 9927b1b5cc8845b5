"""A class-conditional diffusion model of 64x64 images, after EDM (Karras et al. 2022); see `edm` for the method.

Images may be mirrored and turned in the training, which the network is told (appendix F.2 of the paper): so it learns
from them and makes none that is turned. In some steps it is not told the class, so that guidance can be used when
images are drawn. What is kept is the running average of the weights.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from synthaug import seeding
from synthaug.generators import denoising_network, edm, family, loop, turns
from synthaug.training import device, ema, optimisers

SIDE = 64  # of the images, px
PREVIEW_STEPS = 6
BATCH = family.PREVIEWS  # images drawn at once


@dataclass(frozen=True, kw_only=True)
class Params(family.EpochParams):
    """A generator preset of the config, and the classes that it is conditioned on."""

    classes: list[str]
    widths: list[int]
    """Feature maps of each level, from half the image's side downwards; each level halves it."""
    learning_rate: float
    beta1: float
    beta2: float
    """Adam's decay rates of the first and second moments."""
    ema: float
    """Decay of the running average of the weights, which are kept; 0 keeps the last weights."""
    noise_mean: float
    noise_std: float
    """Mean and standard deviation of the logarithm of the training's noise levels; the paper takes -1.2 and 1.2."""
    turned: float
    """Probability that an image is mirrored and turned, each way in half of the cases; the network is told how."""
    without_class: float
    """Probability that the network is not told the class."""


@dataclass(frozen=True, kw_only=True)
class SamplingParams(family.SamplingParams):
    """The keys of sampling."""

    steps: int
    """Steps from noise to image, two evaluations of the network each but for the last."""
    guidance: float
    """Weight of the class; 1 is the model's own distribution."""


def labels(classes: torch.Tensor, count: int, bits: torch.Tensor) -> torch.Tensor:
    """Return what the network is told: float (n, 1 + count + `turns.LABELS`).

    Parameters
    ----------
    classes
        int64 (n,), from 0; -1 for an image whose class is not told.
    count
        The number of classes.
    bits
        float (n, `turns.LABELS`): how each image was turned.
    """
    return torch.cat([functional.one_hot(classes + 1, count + 1).float(), bits], dim=1)


class Diffusion(family.Family):
    """The family; the inputs of an image are where it starts, its class, its noise levels and the guidance."""

    conditioned_on = family.CLASS
    networks = ("generator",)
    Params = Params
    SamplingParams = SamplingParams

    def build(self, params: Params, names: tuple[str | int, ...]) -> dict[str, nn.Module]:
        """Return the network, untrained, with weights as in He et al. (2015); each block begins as its shortcut."""
        network = denoising_network.Network(params.widths, 1 + len(params.classes) + turns.LABELS)
        draws = device.draws(seeding.stream_seed(params.master_seed, *names, "weights", "generator"))
        last = set(network.last_layers())
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                drawn = nn.init.kaiming_normal_(
                    torch.empty(module.weight.shape), nonlinearity="linear", generator=draws
                )
                with torch.no_grad():
                    module.weight.copy_(drawn * (module not in last))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        return {"generator": network}

    def narrowest(self, params: Params) -> int:
        """Return the maps of the first level."""
        return params.widths[0]

    def learner(
        self, networks: dict[str, nn.Module], images: torch.Tensor, conditions: np.ndarray, params: Params
    ) -> "Denoising":
        """Return how the network learns to denoise ``images``, uint8 (n, 1, 64, 64) on its device."""
        return Denoising(networks, images, self.encode(conditions).to(images.device), params)

    def preview_inputs(
        self, stream: np.random.Generator, count: int, conditions: np.ndarray, params: Params
    ) -> tuple[np.ndarray, ...]:
        """Draw the inputs of ``count`` images, of each class in turn."""
        return _inputs(stream, np.arange(count) % len(params.classes), PREVIEW_STEPS, 1.0)

    def sampling_inputs(
        self,
        stream: np.random.Generator,
        count: int,
        conditions: np.ndarray,
        trained: Params,
        sampling: SamplingParams,
    ) -> tuple[np.ndarray, ...]:
        """Draw the inputs of ``count`` images of the classes ``conditions``."""
        return _inputs(stream, conditions, sampling.steps, sampling.guidance)

    def images(
        self, networks: dict[str, nn.Module], inputs: tuple[np.ndarray, ...], where: torch.device, precision: str
    ) -> np.ndarray:
        """Return the images that the inputs lead to: uint8 (n, 64, 64).

        Parameters
        ----------
        inputs
            Where each image starts, float32 (n, 1, 64, 64); its class, int64 (n,); the noise levels from there,
            float32 (n, steps + 1); the guidance, float32 (n,).
        """
        network = networks["generator"]
        made = []
        with torch.inference_mode():
            for batch in zip(*(device.padded_batches(each, BATCH, where) for each in inputs), strict=True):
                start, classes, sigmas, guidance = batch
                guidance = torch.where(sigmas[:, 0] > 0, guidance, 1)  # rows that only fill up the batch
                denoise = _denoiser(network, classes, guidance, where, precision)
                made.append(family.to_bytes(edm.sample(denoise, start, sigmas)))
        return torch.cat(made)[: len(inputs[0]), 0].cpu().numpy()


def _inputs(stream: np.random.Generator, classes: np.ndarray, steps: int, guidance: float) -> tuple[np.ndarray, ...]:
    return inputs_from(np.float32(0), stream, classes, edm.levels(steps), guidance)


def inputs_from(
    images: np.ndarray | np.float32,
    stream: np.random.Generator,
    classes: np.ndarray,
    levels: np.ndarray,
    guidance: float,
) -> tuple[np.ndarray, ...]:
    """Return the inputs of images that start at ``images`` under the noise of the first of the ``levels``.

    Parameters
    ----------
    images
        float32 (n, 1, 64, 64) in [-1, 1], or 0 where there is nothing below the noise.
    classes
        int64 (n,), from 0.
    levels
        Noise levels, falling to 0.
    """
    count, sigmas = len(classes), levels.astype(np.float32)
    noise = stream.standard_normal((count, 1, SIDE, SIDE), dtype=np.float32)
    return (
        images + noise * sigmas[0],
        np.array(classes, np.int64),  # a copy, since arrays of tables cannot be written to
        np.tile(sigmas, (count, 1)),
        np.full(count, guidance, np.float32),
    )


def _denoiser(
    network: denoising_network.Network,
    classes: torch.Tensor,
    guidance: torch.Tensor,
    where: torch.device,
    precision: str,
) -> edm.Denoiser:
    """Return the denoiser of images of these ``classes``, none of them turned, with ``guidance``."""
    count = network.labels.in_features - 1 - turns.LABELS
    straight = torch.zeros(len(classes), turns.LABELS, device=where)
    told, untold = (labels(each, count, straight) for each in (classes, torch.full_like(classes, -1)))
    is_guided = bool((guidance != 1).any())

    def run(noisy: torch.Tensor, sigma: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
        def predict(scaled: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
            with device.autocast(where, precision):
                return network(scaled, level, said).float()

        return edm.denoised(predict, noisy, sigma)

    def denoise(noisy: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        conditional = run(noisy, sigma, told)
        return edm.guided(conditional, run(noisy, sigma, untold), guidance) if is_guided else conditional

    return denoise


class Denoising(loop.Learner):
    """A step denoises a batch at random levels of noise."""

    streams = ("levels", "noise", "turns", "classes")
    measured = ("loss_denoising",)

    def __init__(self, networks: dict[str, nn.Module], images: torch.Tensor, classes: torch.Tensor, params: Params):
        super().__init__(networks, images)
        self.network, self.classes, self.params = networks["generator"], classes, params
        self.optimisers["generator"] = optimisers.Adam(
            self.network.parameters(), params.learning_rate, params.beta1, params.beta2
        )
        self.average = ema.Average(self.network, params.ema) if params.ema else None
        if self.average:
            self.averages["average"] = self.average.network
            self.tensors["updates"] = self.average.updates

    def kept(self) -> dict[str, nn.Module]:
        """Return the network with its averaged weights, if there are any."""
        return {"generator": self.average.network if self.average else self.network}

    def draws(self, streams: dict[str, np.random.Generator], steps: int, batch: int) -> tuple[np.ndarray, ...]:
        """Draw the noise levels, the noise, how images are turned, and of which the class is not told."""
        side = self.images.shape[-1]
        normal = streams["levels"].standard_normal((steps, batch), dtype=np.float32)
        sigma = np.exp(normal * np.float32(self.params.noise_std) + np.float32(self.params.noise_mean))
        noise = streams["noise"].standard_normal((steps, batch, 1, side, side), dtype=np.float32)
        bits = turns.drawn(streams["turns"], (steps, batch), self.params.turned)
        told = streams["classes"].random((steps, batch), dtype=np.float32) >= self.params.without_class
        return sigma, noise, bits, told

    def step(
        self, index: torch.Tensor, sigma: torch.Tensor, noise: torch.Tensor, bits: torch.Tensor, told: torch.Tensor
    ) -> torch.Tensor:
        """Update the network; return the loss, float (1,)."""
        images = turns.apply(family.to_signal(self.images[index]), bits)
        classes = torch.where(told, self.classes[index], -1)
        said = labels(classes, len(self.params.classes), bits)

        def predict(scaled: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
            with device.autocast(self.images.device, self.params.precision):
                return self.network(scaled, level, said).float()

        loss = edm.loss(predict, images, sigma, noise)
        self.optimisers["generator"].zero_grad()
        loss.backward()
        self.optimisers["generator"].step()
        if self.average:
            self.average.update(self.network)
        return loss.detach()[None]


FAMILY = Diffusion()
