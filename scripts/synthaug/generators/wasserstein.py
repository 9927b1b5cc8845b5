"""The Wasserstein game: what a critic and a generator minimise (Gulrajani et al. 2017; Karras et al. 2018).

A critic scores images; it has no logits and no probabilities. Its scores of real and generated images shall differ as
much as they can while its slope stays 1.
"""

from collections.abc import Callable

import torch

TINY = 1e-12  # under the root: its slope at zero is finite


def gradient_penalty(critic: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor) -> torch.Tensor:
    """Return (|gradient of the critic at an image| - 1)^2, averaged over ``images``: a scalar that can be minimised.

    Parameters
    ----------
    critic
        Takes images and returns their scores, float (n,).
    images
        float (n, channels, height, width).
    """
    points = images.detach().requires_grad_(True)
    (slopes,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    lengths = (slopes.square().flatten(1).sum(1) + TINY).sqrt()
    return (lengths - 1).square().mean()


def between(real: torch.Tensor, fake: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Return images on the straight lines from ``fake``, at a ``share``, float (n,), of 0, to ``real`` at 1."""
    return torch.lerp(fake, real, share[:, None, None, None])


def critic_loss(real: torch.Tensor, fake: torch.Tensor, drift: float) -> torch.Tensor:
    """Return the mean score of ``fake`` less that of ``real``, and ``drift`` times the mean square of the latter.

    Both are float (n,). The last term keeps the scores near zero, which nothing else does (Karras et al., A.1).
    """
    return fake.mean() - real.mean() + drift * real.square().mean()
