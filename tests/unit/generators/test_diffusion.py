import dataclasses

import numpy as np
import pytest
import torch
from tests.helpers import family_checks
from tests.helpers.small_trainings import COMPUTE, discs
from torch.nn import functional

from synthaug.generators import denoising_network, diffusion, turns
from synthaug.training import device, weights

CPU = torch.device("cpu")
NAMES = ("generator", 0, "12", "all")
PARAMS = diffusion.Params(
    architecture="diffusion", classes=["dark", "bright"], widths=[8, 16, 32], epochs=3, batch=16, learning_rate=3e-3,
    beta1=0.9, beta2=0.999, ema=0.98, noise_mean=-1.2, noise_std=1.2, turned=0.1, without_class=0.1,
    precision="float32", **COMPUTE,
)  # fmt: skip
SAMPLING = diffusion.SamplingParams(samples=16, steps=3, guidance=1.0, precision="float32", **COMPUTE)


def trained(images: np.ndarray, classes: np.ndarray, **changes):
    params = dataclasses.replace(PARAMS, **changes)
    where = device.pick(params)
    networks = {name: device.place(each, where) for name, each in diffusion.FAMILY.build(params, NAMES).items()}
    history, _ = diffusion.FAMILY.train(networks, images, classes, params, NAMES, where)
    return networks, params, history


def draw(networks, params, classes: np.ndarray, **changes) -> np.ndarray:
    sampling = dataclasses.replace(SAMPLING, samples=len(classes), **changes)
    return diffusion.FAMILY.sample(networks, classes, np.random.default_rng(5), params, sampling, CPU)


@pytest.mark.parametrize(("precision", "guidance"), [("float32", 1.0), ("bfloat16", 2.0)])
def test_the_family_keeps_its_promises(tmp_path, precision, guidance):
    images, classes = discs(32, 0)
    params = dataclasses.replace(PARAMS, widths=[4, 8], precision=precision)
    sampling = dataclasses.replace(SAMPLING, guidance=guidance, precision=precision)
    family_checks.check(diffusion.FAMILY, params, sampling, images, classes, tmp_path)


def test_the_small_preset_has_as_many_weights_as_said():
    """By hand, of the smallest network: two levels of 4 and 8 maps, and 16 numbers that tell it what it sees."""
    labels = 1 + 2 + turns.LABELS
    network = denoising_network.Network([4, 8], labels)

    def convolution(before, after, kernel):
        return before * after * kernel**2 + after

    def block(before, after):
        shortcut = convolution(before, after, 1) if before != after else 0
        inner = 2 * before + convolution(before, after, 3) + 2 * after + convolution(after, after, 3)
        return inner + 16 * 2 * after + 2 * after + shortcut

    told = 8 * 16 + 16 + labels * 16 + 16 * 16 + 16
    attention = 2 * 8 + convolution(8, 24, 1) + convolution(8, 8, 1)
    blocks = block(4, 4) + block(4, 8) + 2 * block(8, 8) + block(16, 8) + block(12, 4)
    ends = convolution(4, 4, 3) + 2 * 4 + convolution(4, 4, 3)
    assert weights.count(network) == told + blocks + attention + ends


def test_an_untrained_network_predicts_nothing():
    (network,) = diffusion.FAMILY.build(PARAMS, NAMES).values()
    labels = torch.zeros(2, 1 + 2 + turns.LABELS)
    assert network(torch.randn(2, 1, 64, 64), torch.zeros(2), labels).abs().max() == 0


def test_attention_is_that_of_pytorch():
    layer = denoising_network.Attention(8)
    maps = torch.randn(2, 8, 4, 4)
    query, key, value = layer.queries_keys_values(layer.norm(maps)).flatten(2).transpose(1, 2).chunk(3, dim=2)
    read = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).unflatten(2, (4, 4))
    torch.testing.assert_close(layer(maps), maps + layer.out(read))


def test_doubling_is_nearest_neighbour_interpolation():
    maps = torch.randn(2, 3, 4, 5)
    torch.testing.assert_close(denoising_network.doubled(maps), functional.interpolate(maps, scale_factor=2))


def test_the_network_is_told_class_and_turn():
    bits = torch.tensor([[0.0, 0, 0], [1, 0, 1]])
    told = diffusion.labels(torch.tensor([1, -1]), 2, bits)
    assert told.tolist() == [[0, 0, 1, 0, 0, 0], [1, 0, 0, 1, 0, 1]]


def stripes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Horizontal stripes of 4 px, faint for class 0 and strong for class 1, at any height, with noise."""
    draws = np.random.default_rng(3)
    classes = np.arange(count) % 2
    rows = (np.arange(64) + draws.integers(0, 8, (count, 1))) // 4 % 2 * 2 - 1
    images = 128 + np.where(classes, 70, 20)[:, None, None] * rows[:, :, None] + draws.normal(0, 5, (count, 64, 64))
    return images.clip(0, 255).astype(np.uint8), classes


def steepness(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean difference of neighbours along the columns and along the rows of each image."""
    values = images.astype(float)
    return tuple(np.abs(np.diff(values, axis=axis)).mean((1, 2)) for axis in (1, 2))


@pytest.fixture(scope="module")
def of_stripes():
    """A model that saw a quarter of its images with vertical stripes, and a fifth without their class."""
    images, classes = stripes(64)
    return trained(images, classes, widths=[8, 16], epochs=30, turned=0.5, without_class=0.2, learning_rate=0.01)


def test_no_image_is_drawn_turned_and_each_shows_its_class(of_stripes):
    networks, params, history = of_stripes
    assert history["loss_denoising"][-1] < 0.5 * history["loss_denoising"][0]
    classes = np.arange(32) % 2
    down, across = steepness(draw(networks, params, classes, steps=8))
    assert (down > across).mean() > 0.9
    assert down[classes == 1].mean() > 1.5 * down[classes == 0].mean()


def test_guidance_moves_images_away_from_those_of_no_class(of_stripes):
    networks, params, _ = of_stripes
    none, one, three = (
        steepness(draw(networks, params, np.ones(16, int), steps=8, guidance=weight))[0].mean() for weight in (0, 1, 3)
    )
    assert none < 0.95 * one
    assert three > 1.05 * one


def test_the_average_of_the_weights_is_what_is_kept():
    images, classes = stripes(32)
    last, _, history = trained(images, classes, widths=[4, 8], ema=0.0)
    averaged, _, same = trained(images, classes, widths=[4, 8], ema=0.9)
    assert np.array_equal(history, same)
    one, two = (networks["generator"].enter.weight for networks in (last, averaged))
    assert not torch.equal(one, two)
    torch.testing.assert_close(one, two, rtol=0, atol=0.1)
