"""The networks have the published sizes and see what they should; images show what their label maps ask for."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
from tests.helpers import family_checks, painted_discs
from torch import nn
from torch.nn import functional

from steps import command, generator_training
from synthaug.errors import InputError, Interrupted
from synthaug.files import artifacts
from synthaug.generators import family, pix2pix
from synthaug.training import checkpoints, device, weights

CPU = torch.device("cpu")
NAMES = ("generator", 0, "12", "1000")
MAPS = painted_discs.label_maps(24, 0)
IMAGES = painted_discs.images(MAPS, 0)
SAMPLING = family.SamplingParams(samples=24, **painted_discs.COMPUTE)


def params(**changes) -> pix2pix.Params:
    return pix2pix.Params(**painted_discs.PRESET | changes)


def built(**changes) -> dict[str, nn.Module]:
    return pix2pix.FAMILY.build(params(**changes), NAMES)


def noise(count: int, **changes) -> torch.Tensor:
    return torch.from_numpy(pix2pix.FAMILY.sampling_inputs(
        np.random.default_rng(0), count, np.zeros(count), params(**changes), SAMPLING
    )[1])  # fmt: skip


@pytest.fixture
def float64(monkeypatch):
    """Compute in float64, so that no order of sums shows."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)


@pytest.mark.parametrize(
    ("classes", "generator", "discriminator"), [(1, 54_414_337, 2_765_505), (6, 54_419_457, 2_770_625)]
)
def test_sizes_of_the_port(classes, generator, discriminator):
    paper = {"side": 256, "generator_maps": 64, "discriminator_maps": 64}
    networks = built(classes=[*"abcdef"][:classes], **paper)
    assert weights.count(networks["generator"]) == generator
    assert weights.count(networks["discriminator"]) == discriminator


@pytest.mark.parametrize(("side", "layers", "innermost"), [(256, 8, 5), (128, 7, 4), (64, 6, 3), (32, 5, 2)])
def test_a_smaller_image_takes_fewer_of_the_innermost_layers(side, layers, innermost):
    generator = built(side=side, generator_maps=2)["generator"]
    widths = [layer.out_channels for layer in generator.encoder.modules() if isinstance(layer, nn.Conv2d)]
    assert widths == [2, 4, 8] + [16] * innermost
    assert len(generator.decoder) == layers
    made = generator(torch.zeros(1, side, side, dtype=torch.uint8), noise(1, side=side, generator_maps=2))
    assert made.shape == (1, 1, side, side)


def test_the_discriminator_judges_30_by_30_patches_of_70_by_70_px(monkeypatch):
    # Normalisation looks at whole maps; what convolutions see is measured without it.
    monkeypatch.setattr(pix2pix.ImageNorm, "forward", lambda self, maps: maps)
    discriminator = built(side=256, discriminator_maps=2)["discriminator"]
    image = torch.zeros(1, 1, 256, 256, requires_grad=True)
    logits = discriminator(torch.zeros(1, 256, 256, dtype=torch.uint8), image)
    assert logits.shape == (1, 30, 30)
    (seen,) = torch.autograd.grad(logits[0, 15, 15], image)
    rows, columns = seen[0, 0].nonzero().unbind(1)
    assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == 70


def test_the_discriminator_sees_the_label_map():
    discriminator = built()["discriminator"]
    image, maps = torch.zeros(1, 1, 32, 32), torch.from_numpy(MAPS)
    assert not torch.equal(discriminator(maps[:1], image), discriminator(torch.zeros_like(maps[:1]), image))
    assert not torch.equal(discriminator(maps[:1], image), discriminator(3 - maps[:1], image))


def test_each_class_has_a_channel_of_its_own():
    coded = pix2pix.one_hot(torch.tensor([[[0, 1], [2, 3]]], dtype=torch.uint8), 3)
    assert coded[0].tolist() == [[[0, 1], [0, 0]], [[0, 0], [1, 0]], [[0, 0], [0, 1]]]


def test_normalisation_is_that_of_a_batch_of_one():
    draws = torch.Generator().manual_seed(0)
    maps = torch.randn(5, 7, 6, 6, generator=draws) * 3 + 2
    ours, theirs = pix2pix.ImageNorm(7), nn.BatchNorm2d(7)
    for layer in (ours, theirs):
        nn.init.normal_(layer.weight, generator=draws.manual_seed(1))
        nn.init.normal_(layer.bias, generator=draws)
    alone = torch.cat([theirs(each[None]) for each in maps])
    torch.testing.assert_close(ours(maps), alone, rtol=1e-4, atol=1e-5)
    # A map of one pixel would be the shift alone, whatever the pixel.
    pixel = torch.randn(5, 7, 1, 1, generator=draws)
    expected = pixel * ours.weight[:, None, None] + ours.bias[:, None, None]
    torch.testing.assert_close(ours(pixel), expected)


@pytest.mark.usefixtures("float64")
def test_an_image_does_not_depend_on_its_batch():
    generator = built()["generator"].double()
    label_maps, bits = torch.from_numpy(MAPS[:6]), noise(6)
    with torch.no_grad():
        together = generator(label_maps, bits)
        alone = torch.cat([generator(label_maps[n : n + 1], bits[n : n + 1]) for n in range(6)])
    torch.testing.assert_close(together, alone)


def test_dropout_is_half_of_three_layers_and_the_only_noise():
    generator = built()["generator"]
    label_map = torch.from_numpy(MAPS[:1])
    assert pix2pix.noise_bytes(params()) * 8 == 64 * 2 * 2 + 32 * 4 * 4 + 16 * 8 * 8
    dropped = []
    for layer in list(generator.decoder)[1:]:
        layer.register_forward_pre_hook(lambda layer, given: dropped.append(given[0]))
    made = [generator(label_map, bits[None]) for bits in noise(2)]
    assert not torch.equal(*made)
    assert torch.equal(generator(label_map, noise(1)), made[0])
    for signal, width in zip(dropped[:3], (64, 32, 16), strict=True):
        assert (signal[:, :width] == 0).float().mean().item() == pytest.approx(0.5, abs=0.12)
    assert (dropped[3][:, :8] != 0).all()
    everything = torch.full_like(noise(1), 255)
    whole = []
    generator.decoder[0].register_forward_hook(lambda layer, given, output: whole.append(output))
    del dropped[:]
    generator(label_map, everything)
    assert torch.equal(dropped[0][:, :64], 2 * whole[0])


@pytest.mark.usefixtures("float64")
def test_a_step_minimises_the_losses_of_the_paper():
    networks = {name: network.double() for name, network in built().items()}
    before = copy.deepcopy(networks)
    lesson = pix2pix.FAMILY.learner(networks, torch.from_numpy(IMAGES[:, None]), MAPS, params())
    bits, maps = noise(8), torch.from_numpy(MAPS[:8])
    found = lesson.step(torch.arange(8), bits)

    real, likely = torch.from_numpy(IMAGES[:8, None]).double() / 127.5 - 1, functional.binary_cross_entropy_with_logits
    fake = before["generator"](maps, bits)
    of_real, of_fake = (before["discriminator"](maps, each) for each in (real, fake.detach()))
    loss_d = likely(of_real, torch.ones_like(of_real)) + likely(of_fake, torch.zeros_like(of_fake))
    fooled = networks["discriminator"](maps, fake)  # after its own step
    loss_g, l1 = likely(fooled, torch.ones_like(fooled)), (fake - real).abs().mean()
    expected = torch.stack([loss_d, loss_g, l1, of_real.sigmoid().mean(), of_fake.sigmoid().mean()])
    torch.testing.assert_close(found, expected.detach())
    for name, loss in {"generator": loss_g + 100 * l1, "discriminator": loss_d}.items():
        gradients = torch.autograd.grad(loss, [*before[name].parameters()])
        for ours, theirs in zip(networks[name].parameters(), gradients, strict=True):
            torch.testing.assert_close(ours.grad, theirs)


def test_initial_weights_are_normal():
    networks = built(generator_maps=32)
    drawn = torch.cat([layer.weight.flatten() for layer in networks["generator"].modules() if hasattr(layer, "stride")])
    assert drawn.mean().item() == pytest.approx(0, abs=1e-4)
    assert drawn.std().item() == pytest.approx(0.02, rel=1e-2)


def test_it_keeps_the_promises_of_every_family(tmp_path):
    family_checks.check(pix2pix.FAMILY, params(), SAMPLING, IMAGES, MAPS, tmp_path)


def test_images_show_what_their_label_maps_ask_for():
    trained = params(epochs=20, candidates=[20], batch=4, learning_rate=2e-3)
    networks = {name: device.place(network, CPU) for name, network in built().items()}
    pix2pix.FAMILY.train(networks, IMAGES, MAPS, trained, NAMES, device.pick(trained))
    wanted = painted_discs.label_maps(24, 9)  # none of the training
    made = pix2pix.FAMILY.sample(networks, wanted, np.random.default_rng(5), trained, SAMPLING, CPU).astype(float)
    for number, wanted_map in enumerate(wanted):
        cls = wanted_map.max()
        assert made[number][wanted_map == cls].mean() == pytest.approx(painted_discs.LEVELS[cls], abs=30)
        assert made[number][wanted_map == 0].mean() == pytest.approx(painted_discs.LEVELS[0], abs=20)


@pytest.fixture
def train(monkeypatch):
    """Train by the path of all scripts, into a folder; stop after some steps, if any are given."""
    examples = generator_training.Examples(pd.DataFrame({"slice": range(len(MAPS))}), IMAGES, MAPS)

    def run(folder, steps: int = 0, **changes) -> dict[str, bytes]:
        monkeypatch.setattr(command, "stop_requests", lambda: family_checks.stopping_after(steps))
        preset = params(**changes)
        generator_training.run(pix2pix.FAMILY, preset, examples, NAMES, folder, preset.candidates)
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != checkpoints.NAME}

    return run


def test_candidates_are_generators_of_shorter_trainings(train, tmp_path):
    whole = train(tmp_path / "whole")
    kept = [f"generator-{epochs}.safetensors" for epochs in (1, 3, 4)]
    assert [name for name in whole if name.startswith("generator")] == [*kept, "generator.safetensors"]
    assert whole["generator-4.safetensors"] == whole["generator.safetensors"]
    shorter = train(tmp_path / "shorter", epochs=3, candidates=[3])
    assert whole["generator-3.safetensors"] == shorter["generator.safetensors"]
    assert whole["generator-1.safetensors"] != whole["generator-3.safetensors"]
    model = artifacts.read_json(tmp_path / "whole/model.json")
    assert set(model) >= {"parameters", "discriminator_parameters"}
    assert not [key for key in model if "generator-" in key]


@pytest.mark.parametrize("steps", [2, 3, 5, 9, 10, 12])  # three steps an epoch: before, at and after a candidate
def test_stopped_anywhere_candidates_are_the_same_bytes(train, tmp_path, steps):
    whole = train(tmp_path / "whole")
    with pytest.raises(Interrupted):
        train(tmp_path / "cut", steps)
    torch.manual_seed(7)
    assert train(tmp_path / "cut") == whole


def test_what_a_preset_cannot_be_is_one_line():
    for side in (8, 48):
        with pytest.raises(
            InputError, match=rf"^slices: side: expected a power of two from 16, found {side}; choose one$"
        ):
            params(side=side)
    for wrong in ([], [1, 3], [3, 1, 4], [1, 1, 4], [4, 5]):
        with pytest.raises(InputError, match=r"^candidates: expected ascending epochs .*; correct one of the two$"):
            params(candidates=wrong)
