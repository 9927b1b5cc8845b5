"""The training loops as most people write them: eager PyTorch and a DataLoader, as in PyTorch's examples.

They compute in float32, or as PyTorch's guide to tuning advises: in bfloat16 by autocast, with channels last.

They are the peers of `generators.adversarial` and `classification.classifier` in the benchmarks. In the tests the two
must agree with them, so the order of the images and the latent vectors is given.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from synthaug.classification import classifier, cnn
from synthaug.generators import dcgan
from synthaug.training import device

FLOAT32, BFLOAT16 = "float32", "bfloat16"


def _placed(network: nn.Module, where: torch.device, precision: str) -> nn.Module:
    return network.to(where, memory_format=_layout(precision)).train()


def _moved(images: torch.Tensor, where: torch.device, precision: str) -> torch.Tensor:
    return images.to(where, memory_format=_layout(precision))


def _layout(precision: str) -> torch.memory_format:
    return torch.channels_last if precision == BFLOAT16 else torch.contiguous_format


class Images(Dataset):
    """Images scaled to (-1, 1), or as they are, with their labels, one by one."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, *, scaled: bool):
        self.images, self.labels, self.scaled = images, labels, scaled

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        image = torch.from_numpy(self.images[row]).unsqueeze(0)
        return (image.float() / 127.5 - 1 if self.scaled else image), int(self.labels[row])


class Generator(dcgan.Generator):
    """The same generator in PyTorch's default memory layout."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.upsample(self.head(z).unflatten(1, (-1, 4, 4)))


def gan_networks(params: dcgan.Params, names: tuple[str | int, ...]) -> tuple[nn.Module, nn.Module]:
    """Return the untrained networks of `dcgan.FAMILY.build`, with the same weights."""
    generator, discriminator = dcgan.FAMILY.build(params, names).values()
    generator.__class__ = Generator
    return generator, discriminator


class Dcgan:
    """The loop of PyTorch's DCGAN example: both networks, two Adams, and the losses read in every step."""

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        params: dcgan.Params,
        where: torch.device,
        precision: str = FLOAT32,
    ):
        self.generator, self.discriminator = (_placed(each, where, precision) for each in (generator, discriminator))
        self.where, self.batch, self.precision = where, params.batch, precision
        adam = {"lr": params.learning_rate, "betas": (params.beta1, params.beta2)}
        self.update_d = torch.optim.Adam(discriminator.parameters(), **adam)
        self.update_g = torch.optim.Adam(generator.parameters(), **adam)

    def epoch(self, images: np.ndarray, order: Sequence[int], latents: Iterable[np.ndarray]) -> list[tuple]:
        """Train on ``images`` in ``order``; return the losses of D and G of each step."""
        data = Images(images, np.zeros(len(images)), scaled=True)
        loader = DataLoader(data, self.batch, sampler=order, drop_last=True)
        losses = []
        for (real, _), z in zip(loader, latents, strict=True):
            real, z = _moved(real, self.where, self.precision), torch.from_numpy(z).to(self.where)
            ones, zeros = torch.ones(len(real), device=self.where), torch.zeros(len(real), device=self.where)
            self.discriminator.zero_grad()
            on_real = functional.binary_cross_entropy_with_logits(self._judge(real), ones)
            on_real.backward()
            with device.autocast(self.where, self.precision):
                fake = self.generator(z)
            on_fake = functional.binary_cross_entropy_with_logits(self._judge(fake.detach()), zeros)
            on_fake.backward()
            self.update_d.step()
            self.generator.zero_grad()
            loss_g = functional.binary_cross_entropy_with_logits(self._judge(fake), ones)
            loss_g.backward()
            self.update_g.step()
            losses.append((on_real.item() + on_fake.item(), loss_g.item()))
        return losses

    def _judge(self, images: torch.Tensor) -> torch.Tensor:
        with device.autocast(self.where, self.precision):
            return self.discriminator(images).float()


class Classifier:
    """The loop of PyTorch's image classification example, with the loss and the accuracy read in every step."""

    def __init__(self, network: cnn.Cnn, params: classifier.Params, where: torch.device, precision: str = FLOAT32):
        self.network, self.where, self.batch = _placed(network, where, precision), where, params.batch
        self.precision = precision
        self.update = torch.optim.SGD(network.parameters(), params.learning_rate, params.momentum, nesterov=True)

    def epoch(self, images: np.ndarray, labels: np.ndarray, order: Sequence[int]) -> list[float]:
        """Train on ``images`` in ``order``; return the loss of each step."""
        losses, right = [], 0.0
        for batch, truth in DataLoader(Images(images, labels, scaled=False), self.batch, sampler=order):
            batch, truth = _moved(batch, self.where, self.precision), truth.to(self.where)
            with device.autocast(self.where, self.precision):
                logits = self.network(batch).float()
            loss = functional.cross_entropy(logits, truth)
            self.update.zero_grad()
            loss.backward()
            self.update.step()
            losses.append(loss.item())
            right += (logits.argmax(1) == truth).float().sum().item()
        return losses
