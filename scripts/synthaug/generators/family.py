"""What a family of generators says of itself. Loops, scripts and tasks know no more of it than this.

A family is a subclass of `Family` in a module of its own, and the constant ``FAMILY``, an instance of it. The page
``docs/add-a-generator.md`` shows how one is added.
"""

import abc
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from synthaug import seeding
from synthaug.generators import loop
from synthaug.training import device, loop_state

NOTHING, CLASS, MASK, BOXES = "nothing", "class", "mask", "boxes"  # what a family may be conditioned on
Conditions = np.ndarray | Sequence[np.ndarray] | None
"""What each image shall show: None (nothing); int64 (n,), a position in the list of classes (class); uint8
(n, side, side), 0 for the ground (mask); n arrays, float32 (k, 5), of left, top, right and bottom in px, and a position
in the list of classes (boxes)."""

SAMPLING_BATCH = 64
PREVIEWS = 16  # images shown of each snapshot


@dataclass(frozen=True, kw_only=True)
class Params(loop.Params):
    """The keys that every preset of a generator has. A family that is conditioned on a class adds ``classes``."""

    architecture: str


@dataclass(frozen=True, kw_only=True)
class EpochParams(Params):
    """The keys of a preset that trains for so many epochs, all with one size of batch."""

    epochs: int
    batch: int


@dataclass(frozen=True, kw_only=True)
class SamplingParams(device.Compute):
    """The keys of sampling that every preset has."""

    master_seed: int
    samples: int
    """Images of each pool."""


def to_signal(images: torch.Tensor) -> torch.Tensor:
    """Scale uint8 images to float32 in [-1, 1], the range of tanh (Frid-Adar et al. 2018, section 3.2)."""
    return images.float().div_(127.5).sub_(1)


def to_bytes(signal: torch.Tensor) -> torch.Tensor:
    """Scale images in [-1, 1] to uint8, rounding; the inverse of `to_signal`. Values beyond are cut off."""
    return signal.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


class Family(abc.ABC):
    """A kind of generator.

    Attributes
    ----------
    conditioned_on : str
        `NOTHING`, `CLASS`, `MASK` or `BOXES`.
    networks : tuple of str
        The names of its networks, which are those of their weights' files. The first one makes the images.
    Params, SamplingParams : type
        The keys of its presets for training and for sampling: dataclasses that extend those of this module.
    """

    conditioned_on: str
    networks: tuple[str, ...]
    Params: type[Params] = Params
    SamplingParams: type[SamplingParams] = SamplingParams

    @property
    def sampled_with(self) -> tuple[str, ...]:
        """The networks that are needed to draw images; by default the first one."""
        return self.networks[:1]

    @abc.abstractmethod
    def build(self, params: Params, names: tuple[str | int, ...]) -> dict[str, nn.Module]:
        """Return the untrained networks by name, in the order of `networks`, on the CPU.

        Parameters
        ----------
        names
            The names of the training's random streams. Initial weights come from
            ``seeding.stream_seed(params.master_seed, *names, "weights", <network>)``.
        """

    @abc.abstractmethod
    def learner(
        self, networks: dict[str, nn.Module], images: torch.Tensor, conditions: Conditions, params: Params
    ) -> loop.Learner:
        """Return how the ``networks`` learn from ``images``, uint8 (n, 1, side, side), all on one device."""

    @abc.abstractmethod
    def preview_inputs(
        self, stream: np.random.Generator, count: int, conditions: Conditions, params: Params
    ) -> tuple[np.ndarray, ...]:
        """Draw the inputs of the ``count`` images that are shown of each snapshot of a training.

        Parameters
        ----------
        conditions
            Those of the training images.

        Returns
        -------
        tuple of numpy.ndarray
            The inputs of the network that makes the images, ``count`` rows each.
        """

    @abc.abstractmethod
    def sampling_inputs(
        self,
        stream: np.random.Generator,
        count: int,
        conditions: Conditions,
        trained: Params,
        sampling: SamplingParams,
    ) -> tuple[np.ndarray, ...]:
        """Draw the inputs of ``count`` images that show the ``conditions``, as `preview_inputs` returns them.

        The stream is read in order, so that the first n inputs are the same however many follow.
        """

    def narrowest(self, params: Params) -> int:
        """Return the maps of the narrowest convolution, by which ``precision: auto`` is settled (`device.settle`).

        By default 1: float32 on any processor.
        """
        return 1

    def encode(self, conditions: np.ndarray | Sequence[np.ndarray]) -> torch.Tensor:
        """Return the conditions of images as one tensor with a row an image, for the steps of the training.

        By default as they are. Boxes, of which images have different numbers, need a method of the family's own.
        """
        return torch.from_numpy(np.array(conditions))  # a copy, since arrays of tables cannot be written to

    def images(
        self, networks: dict[str, nn.Module], inputs: tuple[np.ndarray, ...], where: torch.device, precision: str
    ) -> np.ndarray:
        """Return the images that the networks `sampled_with` make of ``inputs``: uint8 (n, side, side).

        By default by one pass of the first network, which returns float (n, 1, side, side) in (-1, 1). Batch
        normalisation uses its running statistics and batches are padded to one fixed size, so an image depends on its
        own input only. The network is left in the mode (training or not) it was in.
        """
        network = networks[self.networks[0]]
        training = network.training
        network.eval()
        with torch.inference_mode(), device.autocast(where, precision):
            batches = zip(*(device.padded_batches(each, SAMPLING_BATCH, where) for each in inputs), strict=True)
            made = torch.cat([to_bytes(network(*batch)) for batch in batches])
        network.train(training)
        return made[: len(inputs[0]), 0].cpu().numpy()

    def train(
        self,
        networks: dict[str, nn.Module],
        images: np.ndarray,
        conditions: Conditions,
        params: Params,
        names: tuple[str | int, ...],
        where: torch.device,
        *,
        shown: Collection[int] = (),
        candidates: Mapping[int, nn.Module] | None = None,
        checkpoint: loop_state.Checkpoint | None = None,
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Train the ``networks``, which must be on the device ``where``, in place.

        Parameters
        ----------
        images
            uint8 (n, side, side).
        conditions
            What each of them shows, of the kind that the family is conditioned on.
        names
            The names of this training's random streams.
        shown
            The epochs (from 1) after which `PREVIEWS` images of the same inputs are taken.
        candidates
            By epoch (from 1), copies of the first network, on the same device, that take over its weights after it.
        checkpoint
            Where the training is saved and resumed from; not at all without it.

        Returns
        -------
        tuple
            The history, see `loop.train`, and the images of each epoch of ``shown``, uint8 (`PREVIEWS`, side, side).

        Raises
        ------
        InputError
            If there are fewer than two images or a loss is no longer finite.
        Interrupted
            If the training was asked to stop; it is saved.
        ValueError
            If the conditions are not one for each image, or are there although the family asks for none.
        """
        self._check(conditions, len(images))
        data = torch.from_numpy(images).unsqueeze(1).to(where)
        stream = seeding.stream(params.master_seed, *names, "snapshots")
        inputs = self.preview_inputs(stream, PREVIEWS, conditions, params)

        def show(kept: dict[str, nn.Module]) -> np.ndarray:
            return self.images(kept, inputs, where, params.precision)

        learner = self.learner(networks, data, conditions, params)
        return loop.train(learner, params, names, show=show, shown=shown, candidates=candidates, checkpoint=checkpoint)

    def sample(
        self,
        networks: dict[str, nn.Module],
        conditions: Conditions,
        stream: np.random.Generator,
        trained: Params,
        sampling: SamplingParams,
        where: torch.device,
    ) -> np.ndarray:
        """Draw ``sampling.samples`` images that show the ``conditions``: uint8 (samples, side, side).

        Parameters
        ----------
        networks
            Those that it is `sampled_with`, trained, on the device ``where``.
        trained
            The parameters of their training.

        Raises
        ------
        ValueError
            If the conditions are not one for each image, or are there although the family asks for none.
        """
        self._check(conditions, sampling.samples)
        inputs = self.sampling_inputs(stream, sampling.samples, conditions, trained, sampling)
        return self.images(networks, inputs, where, trained.precision)

    def _check(self, conditions: Conditions, count: int) -> None:
        expected = None if self.conditioned_on == NOTHING else count
        found = None if conditions is None else len(conditions)
        if found != expected:
            raise ValueError(f"conditioned on {self.conditioned_on}: expected {expected} conditions, found {found}")
