"""Which synthetic images a small network takes for real, after LcGAN (section 3.2.3).

The network learns to tell real images from synthetic ones of half of the patients and judges the synthetic ones of
the other half; then the other way round. So it never saw a patient whose images it judges. Each step sees as many real
as synthetic images, so that a probability of one half means undecided.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from synthaug import seeding
from synthaug.training import device, optimisers

JUDGED_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class Params:
    """The network and its training."""

    widths: list[int]
    """Maps of each convolution, every one of which halves the side."""
    steps: int
    batch: int
    """Real images of a step, and as many synthetic ones."""
    learning_rate: float
    threshold: float
    """Probability from which an image counts as taken for real; the paper's is 0.1."""


@dataclass(frozen=True)
class Images:
    """Images of one origin.

    Attributes
    ----------
    pixels : (n, side, side) uint8 array
    patients : (n,) str array
        Whose image, or whose mask, it is.
    """

    pixels: np.ndarray
    patients: np.ndarray

    def of(self, patients: Sequence[str]) -> np.ndarray:
        """Return the pixels of the images of ``patients``."""
        return self.pixels[np.isin(self.patients, patients)]


class Network(nn.Module):
    """Images, uint8 (n, 1, side, side) -> logits of "real", float (n,)."""

    def __init__(self, widths: Sequence[int]):
        super().__init__()
        layers = []
        for before, after in itertools.pairwise((1, *widths)):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GroupNorm(1, after), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.score = nn.Linear(widths[-1], 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits of ``images``."""
        return self.score(self.features(images.float() / 127.5 - 1).mean((2, 3)))[:, 0]


def probabilities(
    real: Images,
    synthetic: Sequence[Images],
    params: Params,
    master_seed: int,
    names: tuple[str | int, ...],
    where: torch.device,
) -> list[np.ndarray]:
    """Return the probability of "real" of each synthetic image, by the network that did not see its patient.

    Parameters
    ----------
    real
        Of at least two patients.
    synthetic
        Of each generator; the networks see as many of one as of another.
    names
        The names of the random streams.

    Returns
    -------
    list of numpy.ndarray
        Of each generator, float32 (n,) in the order of its images.
    """
    order = seeding.stream(master_seed, *names, "halves").permutation(np.unique(real.patients))
    halves = order[::2], order[1::2]
    result = [np.zeros(len(each.pixels), np.float32) for each in synthetic]
    for number, (seen, judged) in enumerate((halves, halves[::-1])):
        made = [each.of(seen) for each in synthetic]
        network = trained(real.of(seen), made, params, master_seed, (*names, number), where)
        for found, each in zip(result, synthetic, strict=True):
            other = np.isin(each.patients, judged)
            found[other] = judgements(network, each.pixels[other], where)
    return result


def of_other_half(
    real: np.ndarray,
    synthetic: np.ndarray,
    params: Params,
    master_seed: int,
    names: tuple[str | int, ...],
    where: torch.device,
) -> np.ndarray:
    """Return the probability of "real" of each synthetic image, by the network that saw the others' half of them.

    For generators whose images belong to no patient. The networks see all ``real`` images; they judge none of them.

    Parameters
    ----------
    real, synthetic
        uint8 (n, side, side) and (m, side, side), with m of at least 2.
    names
        The names of the random streams.

    Returns
    -------
    numpy.ndarray
        float32 (m,).
    """
    order = seeding.stream(master_seed, *names, "halves").permutation(len(synthetic))
    halves = order[::2], order[1::2]
    result = np.zeros(len(synthetic), np.float32)
    for number, (seen, judged) in enumerate((halves, halves[::-1])):
        network = trained(real, [synthetic[seen]], params, master_seed, (*names, number), where)
        result[judged] = judgements(network, synthetic[judged], where)
    return result


def trained(
    real: np.ndarray,
    synthetic: Sequence[np.ndarray],
    params: Params,
    master_seed: int,
    names: tuple[str | int, ...],
    where: torch.device,
) -> Network:
    """Return a network that was trained to tell ``real`` from ``synthetic`` images, uint8 (n, side, side) each."""
    network = device.place(Network(params.widths), where)
    draws = device.draws(seeding.stream_seed(master_seed, *names, "weights"))
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            with torch.no_grad():
                drawn = nn.init.kaiming_normal_(torch.empty(module.weight.shape), generator=draws)
                module.weight.copy_(drawn)
                nn.init.zeros_(module.bias)
    update = optimisers.Adam(network.parameters(), params.learning_rate, 0.9, 0.999)
    per_generator = -(-params.batch // len(synthetic))
    rows = [_orders(len(real), seeding.stream(master_seed, *names, "real"), params.batch)]
    for number, images in enumerate(synthetic):
        rows.append(_orders(len(images), seeding.stream(master_seed, *names, "synthetic", number), per_generator))
    groups = [torch.from_numpy(images[:, None]).to(where) for images in (real, *synthetic)]
    for _ in range(params.steps):
        batches = [group[torch.from_numpy(next(order)).to(where)] for group, order in zip(groups, rows, strict=True)]
        on_real, on_fake = network(torch.cat(batches)).tensor_split([params.batch])
        loss = functional.softplus(-on_real).mean() + functional.softplus(on_fake).mean()
        update.zero_grad()
        loss.backward()
        update.step()
    return network


def _orders(count: int, stream: np.random.Generator, size: int) -> Iterator[np.ndarray]:
    """Yield int64 (size,), pieces of an endless sequence of random orders of ``count`` images."""
    order = np.empty(0, np.int64)
    while True:
        while len(order) < size:
            order = np.concatenate([order, stream.permutation(count)])
        yield order[:size]
        order = order[size:]


def judgements(network: Network, images: np.ndarray, where: torch.device) -> np.ndarray:
    """Return the probability of "real" of ``images``, uint8 (n, side, side): float32 (n,)."""
    if not len(images):
        return np.empty(0, np.float32)
    with torch.inference_mode():
        batches = device.padded_batches(images[:, None], JUDGED_AT_ONCE, where)
        return torch.cat([network(batch).sigmoid() for batch in batches])[: len(images)].cpu().numpy()
