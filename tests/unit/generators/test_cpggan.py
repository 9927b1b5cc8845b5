"""Spots appear where the boxes are; training stopped in any stage or fade goes on to the same bytes."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
from tests.helpers import family_checks, planted_spots

from steps import command, generator_training
from synthaug.errors import InputError, Interrupted
from synthaug.files import artifacts
from synthaug.generators import cpggan, family, growth, loop
from synthaug.training import checkpoints, device, weights

CPU = torch.device("cpu")
NAMES = ("generator", 0, "12")
BOXES = planted_spots.boxes(48, 0)
IMAGES = planted_spots.images(BOXES, 0)
SAMPLING = family.SamplingParams(samples=32, **planted_spots.COMPUTE)


def params(**changes) -> cpggan.Params:
    return cpggan.Params(**planted_spots.PRESET | changes)


def built(settings: cpggan.Params) -> dict[str, torch.nn.Module]:
    return cpggan.FAMILY.build(settings, NAMES)


def lesson(settings: cpggan.Params, networks: dict[str, torch.nn.Module]) -> cpggan.Lesson:
    return cpggan.FAMILY.learner(networks, torch.from_numpy(IMAGES[:, None]), BOXES, settings)


def test_it_keeps_the_promises_of_every_family(tmp_path):
    short = params(side=8, images_per_stage=[32])
    of_half = [each * [0.5, 0.5, 0.5, 0.5, 1] for each in BOXES]
    family_checks.check(cpggan.FAMILY, short, SAMPLING, IMAGES[:, ::2, ::2].copy(), of_half, tmp_path)


def test_moving_the_box_moves_the_spot():
    settings = params(images_per_stage=[160], learning_rate=0.02)
    networks = {name: device.place(network, CPU) for name, network in built(settings).items()}
    cpggan.FAMILY.train(networks, IMAGES, BOXES, settings, NAMES, device.pick(settings))
    wanted = planted_spots.boxes(32, 9)  # none of the training
    made = cpggan.FAMILY.sample(networks, wanted, np.random.default_rng(5), settings, SAMPLING, CPU).astype(float)
    inside = np.zeros(made.shape, bool)
    for mask, each in zip(inside, wanted, strict=True):
        left, top, right, bottom, _ = each[0].astype(int)
        mask[top:bottom, left:right] = True
    for cls, level in enumerate(planted_spots.LEVELS[1:]):
        of_class = made[cls::2], inside[cls::2]
        assert of_class[0][of_class[1]].mean() == pytest.approx(level, abs=45)
        assert of_class[0][~of_class[1]].mean() == pytest.approx(planted_spots.LEVELS[0], abs=20)
        # The same noise with the box of another image: the spot is there, and no longer here.
    swapped = [wanted[(number + 2) % len(wanted)] for number in range(len(wanted))]
    moved = cpggan.FAMILY.sample(networks, swapped, np.random.default_rng(5), settings, SAMPLING, CPU).astype(float)
    left_behind = inside & ~np.roll(inside, -2, axis=0)
    assert (made - moved)[::2][left_behind[::2]].mean() > 60


def test_a_step_minimises_the_losses_of_the_paper(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)  # so that no order of sums shows
    settings = params()
    networks = {name: network.double() for name, network in built(settings).items()}
    before = copy.deepcopy(networks)
    playing = lesson(settings, networks)
    playing.begin(growth.EPOCHS + 1)  # 8 px fade in
    index, mixing, fade = torch.arange(4), torch.tensor([0.1, 0.9, 0.4, 0.6]).double(), torch.tensor(0.25).double()
    z = torch.randn(4, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = playing.step(index, z, mixing, torch.tensor(1.0), fade)

    half = IMAGES[:4].reshape(4, 8, 2, 8, 2).mean((2, 4)).round()
    quarter = half.reshape(4, 4, 2, 4, 2).mean((2, 4)).repeat(2, 1).repeat(2, 2)
    real = torch.from_numpy(0.25 * half + 0.75 * quarter)[:, None] / 127.5 - 1
    boxes = torch.from_numpy(np.stack(BOXES[:4])).double()
    for network in before.values():
        network.grow(8, fade)
    masks = torch.zeros(4, 2, 16, 16, dtype=torch.float64)
    for mask, (left, top, right, bottom, position) in zip(masks, boxes[:, 0].int().tolist(), strict=True):
        mask[position, top:bottom, left:right] = 1
    masks = torch.nn.functional.avg_pool2d(masks, 2)
    fake = before["generator"](z, boxes)
    on_real, on_fake = (before["discriminator"](each, masks) for each in (real, fake.detach()))
    points = (fake + mixing[:, None, None, None] * (real - fake)).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(before["discriminator"](points, masks).sum(), points, create_graph=True)
    penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
    loss_d = on_fake.mean() - on_real.mean() + 10 * penalty + 0.001 * on_real.square().mean()
    loss_g = -networks["discriminator"](fake, masks).mean()  # after its own step
    expected = torch.stack([loss_d, loss_g, on_real.mean() - on_fake.mean(), penalty])
    torch.testing.assert_close(found, expected.detach())
    for name, loss in {"generator": loss_g, "discriminator": loss_d}.items():
        gradients = torch.autograd.grad(loss, before[name].trained(8))
        for ours, theirs in zip(networks[name].trained(8), gradients, strict=True):
            torch.testing.assert_close(ours.grad, theirs)


def test_flipped_steps_take_real_images_for_generated_ones():
    settings = params(drift=0.0, gradient_penalty=0.0)
    losses = []
    for sign in (1.0, -1.0):
        playing = lesson(settings, built(settings))
        playing.begin(1)
        z = torch.ones(4, 8)
        losses.append(playing.step(torch.arange(4), z, torch.ones(4), torch.tensor(sign), torch.tensor(1.0))[0].item())
    assert losses[0] == pytest.approx(-losses[1])
    assert losses[0] != 0
    playing = lesson(params(flipped_labels=0.3), built(settings))
    playing.begin(1)
    streams = {name: np.random.default_rng(0) for name in playing.streams}
    assert (playing.draws(streams, 2000, 1)[2] < 0).mean() == pytest.approx(0.3, abs=0.03)


def test_real_images_are_averaged_to_a_resolution():
    found = cpggan.smaller(torch.from_numpy(IMAGES[:, None]), 4)
    expected = IMAGES.reshape(len(IMAGES), 4, 4, 4, 4).mean((2, 4))
    assert found.dtype == torch.uint8
    assert np.abs(found[:, 0].numpy() - expected).max() <= 0.5


@pytest.fixture
def train(monkeypatch):
    """Train by the path of all scripts, into a folder; stop after some steps, if any are given."""
    examples = generator_training.Examples(pd.DataFrame({"slice": range(len(BOXES))}), IMAGES, BOXES)

    def run(folder, steps: int = 0) -> dict[str, bytes]:
        monkeypatch.setattr(command, "stop_requests", lambda: family_checks.stopping_after(steps))
        generator_training.run(cpggan.FAMILY, params(images_per_stage=[40]), examples, NAMES, folder)
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != checkpoints.NAME}

    return run


def test_stopped_in_any_stage_or_fade_it_ends_in_the_same_bytes(train, tmp_path):
    whole = train(tmp_path / "whole")
    # Ten steps a phase: within an epoch of 4 px, at its end, in two fades, at the end of one, after it, at the end.
    for steps in (3, 10, 13, 20, 25, 35, 50):
        folder = tmp_path / str(steps)
        with pytest.raises(Interrupted):
            train(folder, steps)
        torch.manual_seed(steps)
        assert train(folder) == whole, f"stopped after {steps} steps"
    history = artifacts.read_csv(tmp_path / "whole/history.csv")
    assert history.columns.tolist() == ["epoch", "images", "px", "fade", *cpggan.Lesson.measured]
    assert history["px"].tolist() == [4] * 8 + [8] * 16 + [16] * 16
    assert history["images"].tolist()[7::8] == [40, 80, 120, 160, 200]
    assert history["fade"][8:16].tolist() == pytest.approx([0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert (history["fade"][16:24] == 1).all()
    shown = artifacts.read_array(tmp_path / "whole/samples.npy")
    assert shown.shape[1:] == (family.PREVIEWS, 16, 16)
    assert (shown[0, :, ::4, ::4].repeat(4, 1).repeat(4, 2) == shown[0]).all()  # four pixels a side, enlarged


def test_the_stored_generator_is_the_average(train, tmp_path):
    train(tmp_path)
    settings = params(images_per_stage=[40])
    plain = {name: device.place(network, CPU) for name, network in built(settings).items()}
    playing = lesson(settings, plain)
    kept = []
    playing.average.update = lambda generator: kept.append(
        torch.cat([weight.detach().flatten() for weight in generator.parameters()])
    )
    loop.train(playing, settings, NAMES)
    average = kept[0]
    for number, each in enumerate(kept[1:], 1):
        decay = min(settings.smoothing, (1 + number) / (10 + number))
        average = decay * average + (1 - decay) * each
    stored = built(settings)["generator"]
    weights.load(stored, tmp_path / "generator.safetensors")
    found = torch.cat([weight.detach().flatten() for weight in stored.parameters()])
    torch.testing.assert_close(found, average, rtol=1e-3, atol=1e-4)
    assert not torch.allclose(found, kept[-1], atol=1e-2)


def test_what_a_side_cannot_be_is_one_line():
    for side in (4, 48):
        with pytest.raises(
            InputError, match=rf"^slices: side: expected a power of two from 8, found {side}; choose one$"
        ):
            params(side=side)
