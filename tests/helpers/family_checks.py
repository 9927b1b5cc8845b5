"""What every family of generators promises; the test of a new one calls `check`."""

from pathlib import Path

import numpy as np
import torch

from synthaug import seeding
from synthaug.errors import Interrupted
from synthaug.generators import family
from synthaug.training import checkpoints, device

NAMES = ("generator", 0, "12")


def check(
    kind: family.Family,
    params: family.Params,
    sampling: family.SamplingParams,
    images: np.ndarray,
    conditions: family.Conditions,
    folder: Path,
) -> None:
    """Fail if ``kind`` breaks a promise: names, same bytes, resuming, samples that do not depend on one another.

    Parameters
    ----------
    params
        Of a short training of at least five steps on the CPU.
    sampling
        With 4 or more samples, and no more than there are images.
    images, conditions
        What it trains on, and what the samples are to show.
    folder
        An empty one, for checkpoints.
    """
    where = device.pick(params)
    assert kind.conditioned_on in (family.NOTHING, family.CLASS, family.MASK, family.BOXES)
    assert set(kind.sampled_with) <= set(kind.networks)

    def train(checkpoint: checkpoints.Checkpoint | None = None) -> tuple[dict, np.ndarray, np.ndarray]:
        torch.rand(3)  # somebody else's draw changes nothing
        networks = {name: device.place(network, where) for name, network in kind.build(params, NAMES).items()}
        assert tuple(networks) == kind.networks
        history, shown = kind.train(
            networks, images, conditions, params, NAMES, where, shown=[1, params.epochs], checkpoint=checkpoint
        )
        return networks, history, np.stack(shown)

    whole = train()
    assert_same(train(), whole)
    assert whole[1]["epoch"].tolist() == list(range(1, params.epochs + 1))
    assert whole[2].dtype == np.uint8
    assert whole[2].shape[1:] == (family.PREVIEWS, *images.shape[1:])
    for steps in (1, 4):
        try:
            train(checkpoints.Checkpoint(folder, {}, stopping_after(steps)))
        except Interrupted:
            assert_same(train(checkpoints.Checkpoint(folder, {}, bool)), whole)
        else:
            raise AssertionError(f"expected an interruption after {steps} steps, found none; train longer")
        (folder / checkpoints.NAME).unlink()
    check_samples(kind, params, sampling, whole[0], conditions, images.shape[1:])


def check_samples(
    kind: family.Family,
    params: family.Params,
    sampling: family.SamplingParams,
    networks: dict[str, torch.nn.Module],
    conditions: family.Conditions,
    shape: tuple[int, int],
) -> None:
    """Fail if samples are no images, are not the same twice, or depend on how many there are."""
    needed = {name: networks[name] for name in kind.sampled_with}

    def draw(count: int) -> np.ndarray:
        wanted = None if conditions is None else conditions[:count]
        fewer = type(sampling)(**{**vars(sampling), "samples": count})
        return kind.sample(needed, wanted, seeding.stream(1, "samples"), params, fewer, torch.device("cpu"))

    samples = draw(sampling.samples)
    assert samples.dtype == np.uint8
    assert samples.shape == (sampling.samples, *shape)
    assert np.array_equal(draw(sampling.samples), samples)
    assert np.array_equal(draw(3), samples[:3])
    assert (samples != samples[0]).any()


def stopping_after(steps: int):
    """Return a function that asks to stop at its call number ``steps``."""
    left = iter(range(steps - 1, -10_000, -1))
    return lambda: next(left) == 0


def assert_same(found: tuple, expected: tuple) -> None:
    """Compare networks, history and images, to the last bit."""
    for name, network in found[0].items():
        for key, value in network.state_dict().items():
            assert torch.equal(value, expected[0][name].state_dict()[key]), f"{name}: {key}"
    assert np.array_equal(found[1], expected[1])
    assert np.array_equal(found[2], expected[2])
