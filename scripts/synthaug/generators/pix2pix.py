"""The network that paints images of label maps in LcGAN: pix2pix (Isola et al. 2017), as its TensorFlow port builds it.

A U-Net paints the image of a label map; its only noise is the dropout of its first decoder layers, so it is drawn when
images are sampled, too. A discriminator that sees the label map beside the image judges patches of 70x70 px. The
generator also minimises the mean absolute difference from the real image.

The port (affinelayer/pix2pix-tensorflow) gives the layers, the number of weights, the batch of 1 and a batch
normalisation that uses the statistics of the batch whenever it runs. With a batch of 1 these are the image's own. Here
they always are, so an image depends on its own label map alone, whatever the batch.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.generators import adversarial, family, loop
from synthaug.training import device, optimisers

WIDEST = 8  # times the maps of the first layer
DROPPED_LAYERS = 3  # of the decoder, whose maps are dropped with a probability of one half: a bit each
SMALLEST_SIDE = 16


@dataclass(frozen=True, kw_only=True)
class Params(family.EpochParams):
    """A generator preset of the config, and the slices that it is for."""

    classes: list[str]
    """Of the label maps: value 1 is the first one."""
    side: int
    """Of the images in px, a power of two."""
    candidates: list[int]
    """Epochs after which the generator is kept as a candidate, ascending; the last is the end of the training."""
    generator_maps: int
    """Feature maps of the generator's first layer."""
    discriminator_maps: int
    """Feature maps of the discriminator's first layer."""
    learning_rate: float
    beta1: float
    beta2: float
    """Adam's decay rates of the first and second moments."""
    l1: float
    """Weight of the mean absolute difference from the real image, beside the adversarial loss of weight 1."""
    init_std: float
    """Standard deviation of the initial weights."""
    leak: float
    """Slope of the leaky ReLU below zero."""

    def __post_init__(self) -> None:
        if self.side < SMALLEST_SIDE or self.side & (self.side - 1):
            raise InputError(
                f"slices: side: expected a power of two from {SMALLEST_SIDE}, found {self.side}; choose one"
            )
        if self.candidates != sorted(set(self.candidates)) or self.candidates[-1:] != [self.epochs]:
            raise InputError(
                f"candidates: expected ascending epochs of which the last is epochs ({self.epochs}), found "
                f"{self.candidates}; correct one of the two"
            )


class ImageNorm(nn.Module):
    """Normalises each map of each image by its own mean and variance; then scale and shift, one of each per map.

    A map of one pixel is scaled and shifted only: normalised by its own mean, it would be zero whatever the image, and
    the layers below it would learn nothing.
    """

    def __init__(self, maps: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(maps))
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the normalised ``maps``, float (n, maps, height, width)."""
        if maps.shape[2:].numel() == 1:
            return maps * self.weight[:, None, None] + self.bias[:, None, None]
        return functional.group_norm(maps, len(self.weight), self.weight, self.bias)


def one_hot(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Return a channel of 0 and 1 for each class but the ground: float (n, classes, side, side).

    Parameters
    ----------
    labels
        uint8 (n, side, side): 0 for the ground, 1 to ``classes``.
    """
    values = torch.arange(1, classes + 1, device=labels.device)
    return (labels[:, None] == values[:, None, None]).float().contiguous(memory_format=torch.channels_last)


class Generator(nn.Module):
    """Label maps, uint8 (n, side, side), and bits of dropout -> images, float (n, 1, side, side) in (-1, 1).

    The encoder halves the side until one pixel is left, the decoder doubles it again. Each decoder layer after the
    first also sees the encoder layer of its size. The bits are uint8 (n, `noise_bytes`), eight a value; a bit of 1
    keeps its value and doubles it.
    """

    def __init__(self, classes: int, side: int, maps: int, leak: float):
        super().__init__()
        self.classes = classes
        widths = _widths(side, maps)
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        for number, width in enumerate(widths):
            before = widths[number - 1] if number else classes
            layers = [nn.LeakyReLU(leak), nn.Conv2d(before, width, 4, 2, 1), ImageNorm(width)]
            self.encoder.append(nn.Sequential(*layers) if number else layers[1])
        for number, width in reversed([*enumerate((1, *widths[:-1]))]):
            innermost = number == len(widths) - 1
            layers = [nn.ReLU(), nn.ConvTranspose2d(widths[number] * (1 if innermost else 2), width, 4, 2, 1)]
            self.decoder.append(nn.Sequential(*layers, *([ImageNorm(width)] if number else [])))

    def forward(self, labels: torch.Tensor, bits: torch.Tensor) -> torch.Tensor:
        """Return the images of ``labels``."""
        signal, skips = one_hot(labels, self.classes), []
        for layer in self.encoder:
            signal = layer(signal)
            skips.append(signal)
        kept = _unpacked(bits)
        signal = skips.pop()
        for number, layer in enumerate(self.decoder):
            signal = layer(signal if number == 0 else torch.cat([signal, skips.pop()], dim=1))
            if number < DROPPED_LAYERS:
                here, kept = kept.split([signal[0].numel(), kept.shape[1] - signal[0].numel()], dim=1)
                signal = signal * (2 * here.view(signal.shape))
        return signal.float().tanh()


class Discriminator(nn.Module):
    """Label maps, uint8 (n, side, side), and images, float (n, 1, side, side) -> logits of "real", one a patch.

    A logit sees 70x70 px; there are 30x30 of them at 256 px, float (n, 30, 30).
    """

    def __init__(self, classes: int, maps: int, leak: float):
        super().__init__()
        self.classes = classes
        self.layers = nn.Sequential(
            nn.Conv2d(classes + 1, maps, 4, 2, 1),
            *(nn.LeakyReLU(leak), nn.Conv2d(maps, 2 * maps, 4, 2, 1), ImageNorm(2 * maps)),
            *(nn.LeakyReLU(leak), nn.Conv2d(2 * maps, 4 * maps, 4, 2, 1), ImageNorm(4 * maps)),
            *(nn.LeakyReLU(leak), nn.Conv2d(4 * maps, 8 * maps, 4, 1, 1), ImageNorm(8 * maps)),
            *(nn.LeakyReLU(leak), nn.Conv2d(8 * maps, 1, 4, 1, 1)),
        )

    def forward(self, labels: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        """Return the logits of ``images`` as images of ``labels``."""
        return self.layers(torch.cat([one_hot(labels, self.classes), images], dim=1))[:, 0]


def _widths(side: int, maps: int) -> list[int]:
    """Return the maps of each encoder layer: 64, 128, 256 and five times 512 at 256 px and 64 ``maps``."""
    return [maps * min(2**number, WIDEST) for number in range(side.bit_length() - 1)]


def _unpacked(packed: torch.Tensor) -> torch.Tensor:
    """Return the bits of ``packed``, uint8 (n, bytes), as uint8 (n, 8 bytes)."""
    return (packed[:, :, None] >> torch.arange(8, dtype=torch.uint8, device=packed.device) & 1).flatten(1)


def noise_bytes(params: Params) -> int:
    """Return how many bytes of dropout an image takes: a bit for each value of the layers with dropout."""
    outputs = [*reversed(_widths(params.side, params.generator_maps)[:-1])][:DROPPED_LAYERS]
    return sum(width * (2 << number) ** 2 for number, width in enumerate(outputs)) // 8


def _noise(stream: np.random.Generator, count: int, params: Params) -> np.ndarray:
    return stream.integers(256, size=(count, noise_bytes(params)), dtype=np.uint8)


def _initialise(network: nn.Module, std: float, seed: int) -> None:
    """Draw the weights from N(0, std), the scales of normalisation from N(1, std), as the port does; biases are 0."""
    generator = device.draws(seed)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, ImageNorm)):
            nn.init.normal_(module.weight, float(isinstance(module, ImageNorm)), std, generator=generator)
            nn.init.zeros_(module.bias)


class Lesson(loop.Learner):
    """A step updates the discriminator once on real and painted images of the same label maps, then the generator.

    ``loss_l1`` is the mean absolute difference from the real images on the scale from -1 to 1, not weighted. The
    scores are the means of D of real and of painted patches.
    """

    streams = ("dropout",)
    measured = ("loss_d", "loss_g", "loss_l1", "score_real", "score_fake")

    def __init__(self, networks: dict[str, nn.Module], images: torch.Tensor, labels: torch.Tensor, params: Params):
        super().__init__(networks, images)
        self.labels, self.params, self.where = labels.to(images.device), params, images.device
        self.generator, self.discriminator = networks["generator"], networks["discriminator"]
        rates = params.learning_rate, params.beta1, params.beta2
        for name, network in networks.items():
            self.optimisers[name] = optimisers.Adam(network.parameters(), *rates)

    def draws(self, streams: dict[str, np.random.Generator], steps: int, batch: int) -> tuple[np.ndarray, ...]:
        """Draw the bits of dropout: uint8 (steps, batch, `noise_bytes`)."""
        return (_noise(streams["dropout"], steps * batch, self.params).reshape(steps, batch, -1),)

    def step(self, index: torch.Tensor, bits: torch.Tensor) -> torch.Tensor:
        """Update both networks; return what is `measured`, float (5,)."""
        labels, real = self.labels[index], family.to_signal(self.images[index])
        with device.autocast(self.where, self.params.precision):
            fake = self.generator(labels, bits)
        pairs = torch.cat([labels, labels]), torch.cat([real, fake.detach()])
        on_real, on_fake = self._judge(*pairs).chunk(2)  # at once: an image's logits do not depend on the others
        loss_d = adversarial.discriminator_loss(on_real, on_fake)
        self._update("discriminator", loss_d)

        self.discriminator.requires_grad_(False)
        loss_g = adversarial.generator_loss(self._judge(labels, fake))
        loss_l1 = functional.l1_loss(fake, real)
        self._update("generator", loss_g + self.params.l1 * loss_l1)
        self.discriminator.requires_grad_(True)
        with torch.no_grad():
            scores = [output.sigmoid().mean() for output in (on_real, on_fake)]
            return torch.stack([loss_d, loss_g, loss_l1, *scores])

    def _judge(self, labels: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        with device.autocast(self.where, self.params.precision):
            return self.discriminator(labels, images).float()

    def _update(self, name: str, loss: torch.Tensor) -> None:
        self.optimisers[name].zero_grad()
        loss.backward()
        self.optimisers[name].step()


class Pix2pix(family.Family):
    """The family; its inputs are a label map and the bits of dropout."""

    conditioned_on = family.MASK
    networks = ("generator", "discriminator")
    Params = Params

    def build(self, params: Params, names: tuple[str | int, ...]) -> dict[str, nn.Module]:
        """Return generator and discriminator, untrained; ``names`` are those of the training's random streams."""
        classes = len(params.classes)
        networks = {
            "generator": Generator(classes, params.side, params.generator_maps, params.leak),
            "discriminator": Discriminator(classes, params.discriminator_maps, params.leak),
        }
        for role, network in networks.items():
            _initialise(network, params.init_std, seeding.stream_seed(params.master_seed, *names, "weights", role))
        return networks

    def narrowest(self, params: Params) -> int:
        """Return the maps of the narrower one's narrowest convolution."""
        return min(params.generator_maps, params.discriminator_maps)

    def learner(
        self, networks: dict[str, nn.Module], images: torch.Tensor, conditions: np.ndarray, params: Params
    ) -> Lesson:
        """Return the lesson of the two networks; the ``conditions`` are label maps, uint8 (n, side, side)."""
        return Lesson(networks, images, self.encode(conditions), params)

    def preview_inputs(
        self, stream: np.random.Generator, count: int, conditions: np.ndarray, params: Params
    ) -> tuple[np.ndarray, ...]:
        """Return ``count`` label maps of the training, evenly chosen and repeated if there are fewer, and bits."""
        rows = np.linspace(0, len(conditions) - 1, count).round().astype(int)
        return np.asarray(conditions)[rows], _noise(stream, count, params)

    def sampling_inputs(
        self,
        stream: np.random.Generator,
        count: int,
        conditions: np.ndarray,
        trained: Params,
        sampling: family.SamplingParams,
    ) -> tuple[np.ndarray, ...]:
        """Return the label maps, uint8 (count, side, side), and draw bits for each."""
        return np.asarray(conditions), _noise(stream, count, trained)


FAMILY = Pix2pix()
