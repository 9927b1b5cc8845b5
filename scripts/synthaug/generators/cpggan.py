"""CPGGAN: whole slices with lesions in given boxes, by conditional progressive growing of GANs (Han et al.).

Networks that grow from 4 px (Karras et al. 2018) play the Wasserstein game with a gradient penalty. Both are shown the
boxes. The stored generator has the running average of the trained one's weights, which the paper samples from.

Han et al. leave open how the boxes are shown and for how long each resolution is trained. Both follow the papers above;
``docs/detection.md`` has the details.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.generators import box_masks, family, growth, loop, pggan_networks, wasserstein
from synthaug.training import device, ema, loop_state, optimisers

CHUNK = 256  # images that are made smaller at once


@dataclass(frozen=True, kw_only=True)
class Params(family.Params):
    """A generator preset of the config, and the slices that it is for."""

    classes: list[str]
    """Of the boxes."""
    side: int
    """Of the images in px, a power of two."""
    maps: int
    """Feature maps from 4 to 32 px; half as many each time that the side doubles beyond."""
    latent: int
    """Length of the latent vector z."""
    images_per_stage: list[int]
    """Images shown while a resolution is faded in, and again while it is trained on: at 4 px, 8 px and so on. The last
    one is also for all larger ones."""
    batches: list[int]
    """Images of a step, at 4 px, 8 px and so on, likewise."""
    learning_rate: float
    beta1: float
    beta2: float
    """Adam's decay rates of the first and second moments."""
    gradient_penalty: float
    """Weight of the gradient penalty."""
    drift: float
    """Weight of the mean square of the discriminator's scores of the images that it takes for real in a step."""
    smoothing: float
    """Decay of the running average of the generator's weights."""
    flipped_labels: float
    """Share of the discriminator's steps that take real images for generated ones and the reverse."""
    spatial_pyramid: bool
    """Whether the discriminator judges by maxima in cells of three sizes, by spatial pyramid pooling."""

    def __post_init__(self) -> None:
        if self.side <= growth.SMALLEST or self.side & (self.side - 1):
            raise InputError(f"slices: side: expected a power of two from 8, found {self.side}; choose one")

    @property
    def epochs(self) -> int:
        """Epochs of the training."""
        return growth.EPOCHS * len(growth.phases(self.side))

    @property
    def batch(self) -> int:
        """Images of a step when fully grown."""
        return growth.at(self.side, self.batches)


class Lesson(loop.Learner):
    """A step updates the discriminator once, and then the generator on the same latent vectors and boxes.

    A generated image has the boxes of a real one of the same step. Optimisers begin anew with each resolution, as in
    the authors' program. ``distance`` is the mean score of real images less that of generated ones.
    """

    streams = ("latents", "mixing", "flips")
    measured = ("loss_d", "loss_g", "distance", "penalty")

    def __init__(
        self, networks: dict[str, nn.Module], images: torch.Tensor, conditions: Sequence[np.ndarray], params: Params
    ):
        super().__init__(networks, images)
        self.params, self.where = params, images.device
        self.generator, self.discriminator = networks["generator"], networks["discriminator"]
        self.boxes = torch.from_numpy(box_masks.padded(conditions)).to(self.where)
        self.plan = growth.epochs(params.side, params.images_per_stage, params.batches, len(images))
        rates = params.learning_rate, params.beta1, params.beta2
        for px in growth.resolutions(params.side):
            for name, network in networks.items():
                self.optimisers[f"{name}-{px}"] = optimisers.Adam(network.trained(px), *rates)
        self.average = ema.Average(self.generator, params.smoothing)
        self.averages["average"], self.tensors["updates"] = self.average.network, self.average.updates
        self.now: growth.Epoch | None = None

    def pace(self, params: Params) -> list[tuple[int, int]]:
        """Return the images of a step and the steps of each epoch."""
        return [(epoch.batch, epoch.steps) for epoch in self.plan]

    def begin(self, epoch: int) -> bool:
        """Let the networks grow to the resolution of ``epoch``; return whether it is another one than before."""
        before, self.now = self.now, self.plan[epoch - 1]
        if before and before.px == self.now.px:
            return False
        px = self.now.px
        self.reals = smaller(self.images, self.params.side // px)
        for name, optimiser in self.optimisers.items():
            if not name.endswith(f"-{px}"):
                optimiser.state = {}
        return True

    def kept(self) -> dict[str, nn.Module]:
        """Return both networks, grown as far as they are at the end of the epoch, the generator averaged."""
        kept = {"generator": self.average.network, "discriminator": self.discriminator}
        now = self.now or self.plan[-1]  # the last one, if all epochs were done before
        for network in kept.values():
            network.grow(now.px, torch.tensor(now.faded, device=self.where))
        return kept

    def draws(self, streams: dict[str, np.random.Generator], steps: int, batch: int) -> tuple[np.ndarray, ...]:
        """Draw latent vectors, where the gradient is measured and which steps are flipped; add how new layers fade."""
        z = streams["latents"].standard_normal((steps, batch, self.params.latent), dtype=np.float32)
        mixing = streams["mixing"].random((steps, batch), dtype=np.float32)
        flipped = streams["flips"].random(steps) < self.params.flipped_labels
        return z, mixing, np.where(flipped, -1, 1).astype(np.float32), self.now.fades

    def step(
        self, index: torch.Tensor, z: torch.Tensor, mixing: torch.Tensor, sign: torch.Tensor, fade: torch.Tensor
    ) -> torch.Tensor:
        """Update both networks; return what is `measured`, float (4,)."""
        px, params = self.now.px, self.params
        self.generator.grow(px, fade)
        self.discriminator.grow(px, fade)
        masks = box_masks.drawn(self.boxes[index], len(params.classes), params.side, px)
        real = faded(family.to_signal(self.reals[index]), fade)
        with device.autocast(self.where, params.precision):
            fake = self.generator.painted(z, masks)
        made = fake.detach().float()
        on_real, on_fake = self._judge(real, masks), self._judge(made, masks)
        penalty = wasserstein.gradient_penalty(
            lambda images: self._judge(images, masks), wasserstein.between(real, made, mixing)
        )
        likely, unlikely = (torch.where(sign > 0, *pair) for pair in ((on_real, on_fake), (on_fake, on_real)))
        loss_d = wasserstein.critic_loss(likely, unlikely, params.drift) + params.gradient_penalty * penalty
        self._update("discriminator", loss_d)

        self.discriminator.requires_grad_(False)
        loss_g = -self._judge(fake.float(), masks).mean()
        self._update("generator", loss_g)
        self.discriminator.requires_grad_(True)
        self.average.update(self.generator)
        return torch.stack([loss_d, loss_g, on_real.mean() - on_fake.mean(), penalty]).detach()

    def _judge(self, images: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        with device.autocast(self.where, self.params.precision):
            return self.discriminator(images, masks).float()

    def _update(self, name: str, loss: torch.Tensor) -> None:
        optimiser = self.optimisers[f"{name}-{self.now.px}"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def smaller(images: torch.Tensor, factor: int) -> torch.Tensor:
    """Return ``images``, uint8 (n, 1, side, side), averaged to a ``factor``-th of their side and rounded, uint8."""
    if factor == 1:
        return images
    parts = (functional.avg_pool2d(part.float(), factor) for part in images.split(CHUNK))
    return torch.cat([part.round_().to(torch.uint8) for part in parts])


def faded(images: torch.Tensor, fade: torch.Tensor) -> torch.Tensor:
    """Return real ``images`` as sharp as generated ones are while new layers are faded in, float (n, 1, px, px)."""
    return pggan_networks.mixed(pggan_networks.doubled(functional.avg_pool2d(images, 2)), images, fade)


class Cpggan(family.Family):
    """The family; its inputs are the latent vector z and the boxes, float32 (n, most, 5)."""

    conditioned_on = family.BOXES
    networks = ("generator", "discriminator")
    Params = Params

    def build(self, params: Params, names: tuple[str | int, ...]) -> dict[str, nn.Module]:
        """Return generator and discriminator, untrained; ``names`` are those of the training's random streams."""
        classes = len(params.classes)
        networks = {
            "generator": pggan_networks.Generator(params.side, classes, params.latent, params.maps),
            "discriminator": pggan_networks.Discriminator(
                params.side, classes, params.maps, spatial_pyramid=params.spatial_pyramid
            ),
        }
        for role, network in networks.items():
            seed = seeding.stream_seed(params.master_seed, *names, "weights", role)
            pggan_networks.initialise(network, device.draws(seed))
        return networks

    def encode(self, conditions: Sequence[np.ndarray]) -> torch.Tensor:
        """Return the boxes of all images as one tensor, float32 (n, most, 5)."""
        return torch.from_numpy(box_masks.padded(conditions))

    def learner(
        self, networks: dict[str, nn.Module], images: torch.Tensor, conditions: Sequence[np.ndarray], params: Params
    ) -> Lesson:
        """Return the lesson of the two networks; the ``conditions`` are boxes."""
        return Lesson(networks, images, conditions, params)

    def preview_inputs(
        self, stream: np.random.Generator, count: int, conditions: Sequence[np.ndarray], params: Params
    ) -> tuple[np.ndarray, ...]:
        """Draw latent vectors, and take the boxes of ``count`` training images, evenly chosen."""
        rows = np.linspace(0, len(conditions) - 1, count).round().astype(int)
        return _latents(stream, count, params), box_masks.padded([conditions[row] for row in rows])

    def sampling_inputs(
        self,
        stream: np.random.Generator,
        count: int,
        conditions: Sequence[np.ndarray],
        trained: Params,
        sampling: family.SamplingParams,
    ) -> tuple[np.ndarray, ...]:
        """Draw latent vectors, float32 (count, latent), and return the boxes beside them."""
        return _latents(stream, count, trained), box_masks.padded(conditions)

    def images(
        self, networks: dict[str, nn.Module], inputs: tuple[np.ndarray, ...], where: torch.device, precision: str
    ) -> np.ndarray:
        """Return the images of ``inputs``, uint8 (n, side, side); those of a network that still grows are enlarged."""
        made = super().images(networks, inputs, where, precision)
        times = networks["generator"].side // made.shape[1]
        return made.repeat(times, axis=1).repeat(times, axis=2)

    def train(
        self,
        networks: dict[str, nn.Module],
        images: np.ndarray,
        conditions: Sequence[np.ndarray],
        params: Params,
        names: tuple[str | int, ...],
        where: torch.device,
        *,
        shown: Collection[int] = (),
        candidates: Mapping[int, nn.Module] | None = None,
        checkpoint: loop_state.Checkpoint | None = None,
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Train the ``networks`` as `family.Family.train` says; the history also has ``images``, ``px`` and ``fade``.

        ``images`` counts the images that the discriminator has seen, ``fade`` says how far the layers of ``px`` are
        faded in; both at the end of the epoch.
        """
        history, samples = super().train(
            networks, images, conditions, params, names, where,
            shown=shown, candidates=candidates, checkpoint=checkpoint,
        )  # fmt: skip
        for network in networks.values():
            network.grow(params.side)
        plan = growth.epochs(params.side, params.images_per_stage, params.batches, len(images))
        rows = [
            (epoch, part.shown, part.px, part.faded, *values)
            for (epoch, *values), part in zip(history.tolist(), plan, strict=True)
        ]
        added = [("images", int), ("px", int), ("fade", float)]
        fields = [("epoch", int), *added, *((name, float) for name in Lesson.measured)]
        return np.array(rows, fields), samples


def _latents(stream: np.random.Generator, count: int, params: Params) -> np.ndarray:
    return stream.standard_normal((count, params.latent), dtype=np.float32)


FAMILY = Cpggan()
