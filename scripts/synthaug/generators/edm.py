"""How a diffusion model is trained and sampled, after EDM (Karras et al. 2022).

An image x is drowned in noise of standard deviation sigma; a denoiser D(x; sigma) returns its best guess of the image.
Equation and table numbers are the paper's. Nothing here knows a network.
"""

from collections.abc import Callable

import numpy as np
import torch

SIGMA_DATA = 0.5  # standard deviation of images in [-1, 1] that the scalings assume (table 1)
LOWEST, HIGHEST, RHO = 0.002, 80.0, 7  # noise levels of sampling, and how they are spaced (table 1)

Denoiser = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Noisy images, float (n, channels, height, width), and their noise levels, float (n,) -> denoised images."""


def denoised(network: Denoiser, noisy: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Return D(x; sigma), in which the ``network`` predicts what its input needs most (equation 7, table 1).

    Parameters
    ----------
    network
        Takes the scaled images and the scaled levels, log(sigma) / 4.
    noisy
        float (n, channels, height, width).
    sigma
        float (n,).
    """
    level = sigma[:, None, None, None]
    total = level.square() + SIGMA_DATA**2
    skip, out = SIGMA_DATA**2 / total, level * SIGMA_DATA / total.sqrt()
    return skip * noisy + out * network(noisy / total.sqrt(), sigma.log() / 4)


def loss(network: Denoiser, images: torch.Tensor, sigma: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Return the weighted squared error of what is denoised (equations 2 and 3, table 1), averaged over all pixels.

    The weight makes the error as large at every level of noise, for a network that has learned nothing.

    Parameters
    ----------
    images, noise
        float (n, channels, height, width); the noise is standard normal.
    sigma
        float (n,).
    """
    weight = (sigma.square() + SIGMA_DATA**2) / (sigma * SIGMA_DATA).square()
    guess = denoised(network, images + sigma[:, None, None, None] * noise, sigma)
    return (weight[:, None, None, None] * (guess - images).square()).mean()


def levels(steps: int, strength: float = 1.0) -> np.ndarray:
    """Return the noise levels that an image goes through, falling to 0: float64 (steps + 1,) (equation 5).

    Parameters
    ----------
    strength
        The share of the whole way, in the spacing of that equation: 1 begins at `HIGHEST`, 0 at `LOWEST`.
    """
    lowest, highest = LOWEST ** (1 / RHO), HIGHEST ** (1 / RHO)
    return np.append(np.linspace(lowest + strength * (highest - lowest), lowest, steps) ** RHO, 0)


def sample(denoise: Denoiser, start: torch.Tensor, sigmas: torch.Tensor) -> torch.Tensor:
    """Return the images that lie at the end of the noise, by Heun's method (algorithm 1).

    Parameters
    ----------
    start
        Images and noise of the first level, float (n, channels, height, width).
    sigmas
        float (n, steps + 1): falling levels for each image. After 0 an image stays as it is, so that images may have
        different numbers of steps.
    """
    images = start
    for now, after in zip(sigmas.T[:-1], sigmas.T[1:], strict=True):
        slope = _slope(denoise, images, now)
        step = (after - now)[:, None, None, None]
        ahead = images + step * slope
        if (after > 0).any():  # at 0 the slope is not defined: the last step is Euler's
            corrected = images + step * (slope + _slope(denoise, ahead, after)) / 2
            ahead = torch.where((after > 0)[:, None, None, None], corrected, ahead)
        images = torch.where((now > 0)[:, None, None, None], ahead, images)
    return images


def _slope(denoise: Denoiser, images: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    level = sigma.clamp(min=LOWEST / 2)  # images that are done take part, and are thrown away
    return (images - denoise(images, level)) / level[:, None, None, None]


def guided(conditional: torch.Tensor, unconditional: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return what is denoised with more weight on the condition (Ho and Salimans 2022, classifier-free guidance).

    Parameters
    ----------
    weight
        float (n,): 0 for no condition, 1 for the model's own distribution, above 1 for images more typical of it.
    """
    return torch.lerp(unconditional, conditional, weight[:, None, None, None])
