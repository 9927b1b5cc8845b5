"""Two small families of generators, for the tests: one network that paints masks or boxes, and no discriminator."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from synthaug import seeding
from synthaug.generators import family, loop
from synthaug.training import device, optimisers

SIDE = 32
COMPUTE = {"master_seed": 1, "device": "cpu", "threads": 1, "precision": "float32"}
PRESET = {"architecture": "painter", "epochs": 4, "batch": 8, "learning_rate": 0.02, "maps": 8, **COMPUTE}


@dataclass(frozen=True, kw_only=True)
class Params(family.EpochParams):
    learning_rate: float
    maps: int


class Painter(nn.Module):
    """Masks and noise, float (n, 1, side, side) -> images, float (n, 1, side, side) in (-1, 1)."""

    def __init__(self, maps: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, maps, 3, padding=1), nn.ReLU(), nn.Conv2d(maps, 1, 3, padding=1), nn.Tanh()
        )

    def forward(self, masks: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        return self.layers(torch.cat([masks, noise], dim=1))


class Lesson(loop.Learner):
    """Each image is painted from its own mask; the loss is the mean absolute difference."""

    streams = ("noise",)
    measured = ("loss_painter",)

    def __init__(self, networks, images, masks, params):
        super().__init__(networks, images)
        self.masks = masks.to(images.device)
        self.optimisers["painter"] = optimisers.Adam(networks["painter"].parameters(), params.learning_rate, 0.9, 0.999)

    def draws(self, streams, steps, batch):
        return (noise(streams["noise"], steps * batch).reshape(steps, batch, 1, SIDE, SIDE),)

    def step(self, index, noise):
        painted = self.networks["painter"](self.masks[index], noise)
        loss = functional.l1_loss(painted, family.to_signal(self.images[index]))
        self.optimisers["painter"].zero_grad()
        loss.backward()
        self.optimisers["painter"].step()
        return loss.detach()[None]


def noise(stream: np.random.Generator, count: int) -> np.ndarray:
    return stream.uniform(-0.1, 0.1, (count, 1, SIDE, SIDE)).astype(np.float32)


class OfMasks(family.Family):
    conditioned_on = family.MASK
    networks = ("painter",)
    Params = Params

    def build(self, params, names):
        painter = Painter(params.maps)
        draws = device.draws(seeding.stream_seed(params.master_seed, *names, "weights", "painter"))
        for weights in painter.parameters():
            nn.init.normal_(weights, 0, 0.2, generator=draws)
        return {"painter": painter}

    def encode(self, conditions):
        """Masks, uint8 (n, side, side) -> float (n, 1, side, side), 0 and 1."""
        return torch.from_numpy(conditions)[:, None].gt(0).float()

    def learner(self, networks, images, conditions, params):
        return Lesson(networks, images, self.encode(conditions), params)

    def preview_inputs(self, stream, count, conditions, params):
        shown = [conditions[row % len(conditions)] for row in range(count)]
        return self.encode(np.array(shown)).numpy(), noise(stream, count)

    def sampling_inputs(self, stream, count, conditions, trained, sampling):
        return self.encode(conditions).numpy(), noise(stream, count)


class OfBoxes(OfMasks):
    """The same network; each image has boxes, as many as there are."""

    conditioned_on = family.BOXES

    def encode(self, conditions):
        """Boxes, n arrays (k, 5) of left, top, right, bottom and class -> float (n, 1, side, side), 1 in a box."""
        drawn = torch.zeros(len(conditions), 1, SIDE, SIDE)
        for image, boxes in zip(drawn, conditions, strict=True):
            for left, top, right, bottom, _ in boxes.round().astype(int):
                image[0, top:bottom, left:right] = 1
        return drawn

    def preview_inputs(self, stream, count, conditions, params):
        shown = [conditions[row % len(conditions)] for row in range(count)]
        return self.encode(shown).numpy(), noise(stream, count)


def boxes(count: int, seed: int) -> list[np.ndarray]:
    """One or two boxes an image, of one class, float32 (k, 5)."""
    draws = np.random.default_rng(seed)
    found = []
    for number in range(count):
        corners = draws.integers(2, 20, (1 + number % 2, 2))
        ends = corners + draws.integers(6, 10, (len(corners), 1))
        found.append(np.column_stack([corners, ends, np.zeros(len(corners))]).astype(np.float32))
    return found


def masks(of: list[np.ndarray]) -> np.ndarray:
    """The boxes as masks, uint8 (n, side, side), 0 and 255."""
    return (OfBoxes().encode(of)[:, 0].numpy() * 255).astype(np.uint8)


def paintings(of: list[np.ndarray], seed: int) -> np.ndarray:
    """Images, uint8 (n, side, side): bright boxes on a dark ground, with some noise."""
    values = np.where(masks(of) > 0, 210.0, 60.0) + np.random.default_rng(seed).normal(0, 4, (len(of), SIDE, SIDE))
    return values.clip(0, 255).astype(np.uint8)
