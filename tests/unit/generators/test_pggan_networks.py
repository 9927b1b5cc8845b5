"""The networks have the published sizes and layers; new layers fade in from the images that there were."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from synthaug.generators import growth, pggan_networks, wasserstein

SIDE, CLASSES = 16, 2
DRAWS = torch.Generator().manual_seed(0)
BOXES = torch.tensor([[[2.0, 3.0, 9.5, 8.0, 0.0]], [[5.0, 5.0, 12.0, 15.0, 1.0]], [[0.0, 0.0, 0.0, 0.0, 0.0]]])
Z = torch.randn(3, 6, generator=DRAWS)


@pytest.fixture
def generator():
    return filled(pggan_networks.Generator(SIDE, CLASSES, 6, 8))


@pytest.fixture
def discriminator():
    return filled(pggan_networks.Discriminator(SIDE, CLASSES, 8, spatial_pyramid=False))


def filled(network: nn.Module) -> nn.Module:
    pggan_networks.initialise(network, torch.Generator().manual_seed(1))
    return network


def size(network: nn.Module) -> int:
    """Return the number of weights that run once the network is fully grown and nothing fades in."""
    needed = [f"images.{px}." for px in growth.resolutions(network.side)[:-1]]
    return sum(each.numel() for name, each in network.named_parameters() if not name.startswith(tuple(needed)))


def test_sizes_of_the_paper():
    generators = [pggan_networks.Generator(256, classes, 512, 512) for classes in (0, 1)]
    discriminators = [pggan_networks.Discriminator(256, classes, 512, spatial_pyramid=False) for classes in (0, 1)]
    assert [size(each) for each in generators] == [23_036_865, 23_036_865 + 22_464]
    assert [size(each) for each in discriminators] == [23_042_497, 23_042_497 + 64]
    maps = [generators[0].blocks[str(px)][-1].weight.shape[0] for px in growth.resolutions(256)]
    assert maps == [512, 512, 512, 512, 256, 128, 64]
    assert [discriminators[0].images[str(px)].weight.shape[0] for px in growth.resolutions(256)] == maps


def test_an_eighth_of_the_width_is_so_everywhere():
    assert [pggan_networks.maps_at(px, 64) for px in growth.resolutions(256)] == [64, 64, 64, 64, 32, 16, 8]


def test_pixels_are_normalised_over_their_maps():
    found = pggan_networks.pixel_norm(torch.tensor([[[[3.0]], [[4.0]]]]))
    torch.testing.assert_close(found.flatten(), torch.tensor([3.0, 4.0]) / 12.5**0.5)
    many = pggan_networks.pixel_norm(torch.randn(4, 7, 3, 3, generator=DRAWS))
    torch.testing.assert_close(many.square().mean(1), torch.ones(4, 3, 3))


def test_the_added_map_is_the_standard_deviation_over_the_batch():
    maps = torch.randn(6, 5, 4, 4, generator=DRAWS)
    found = pggan_networks.minibatch_deviation(maps)
    assert torch.equal(found[:, :5], maps)
    assert found.shape == (6, 6, 4, 4)
    torch.testing.assert_close(found[:, 5], torch.full((6, 4, 4), float(maps.numpy().std(axis=0).mean())))
    assert pggan_networks.minibatch_deviation(maps[:1].repeat(6, 1, 1, 1))[:, 5].max() < 1e-3  # all the same


def test_weights_learn_at_the_same_pace():
    layers = [pggan_networks.Convolution(20, 400), pggan_networks.Dense(800, 300)]
    for layer, inputs in zip(layers, (20 * 9, 800), strict=True):
        filled(layer)
        assert layer.weight.std().item() == pytest.approx(1, abs=0.02)
        assert layer.scale == pytest.approx((2 / inputs) ** 0.5)  # He et al. 2015
    maps = torch.randn(2, 20, 8, 8, generator=DRAWS)
    nn.init.normal_(layers[0].bias, generator=DRAWS)
    expected = functional.conv2d(maps, layers[0].weight * (2 / 180) ** 0.5, layers[0].bias, padding=1)
    torch.testing.assert_close(layers[0](maps), expected)


@pytest.mark.parametrize("px", [8, 16])
def test_images_fade_from_those_of_half_the_side(generator, px):
    generator.grow(px // 2)
    before = generator(Z, BOXES)
    generator.grow(px)
    after = generator(Z, BOXES)
    assert before.shape[-1] == px // 2
    faded = []
    for fade in (0.0, 0.3, 1.0):
        generator.grow(px, torch.tensor(fade))
        faded.append(generator(Z, BOXES))
    large = before.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(faded[0], large, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(faded[1], 0.7 * large + 0.3 * after, rtol=1e-4, atol=1e-5)
    assert torch.equal(faded[2], after)
    assert not torch.allclose(large, after, atol=0.05)


def test_scores_fade_from_those_of_half_the_side(discriminator):
    images, masks = torch.randn(3, 1, 16, 16, generator=DRAWS), torch.rand(3, CLASSES, 16, 16, generator=DRAWS)
    discriminator.grow(8)
    before = discriminator(*(functional.avg_pool2d(each, 2) for each in (images, masks)))
    discriminator.grow(16, torch.tensor(0.0))
    torch.testing.assert_close(discriminator(images, masks), before, rtol=1e-4, atol=1e-5)
    discriminator.grow(16, torch.tensor(1.0))
    at_the_end = discriminator(images, masks)
    discriminator.grow(16)
    assert torch.equal(discriminator(images, masks), at_the_end)
    assert not torch.allclose(before, at_the_end, atol=0.01)


@pytest.mark.parametrize("px", [4, 8, 16])
def test_trained_weights_are_those_that_images_depend_on(generator, discriminator, px):
    for network in (generator, discriminator):
        network.grow(px, torch.tensor(0.5))
    images = generator(Z, BOXES)
    discriminator(images, torch.zeros(3, CLASSES, px, px)).sum().backward()
    for network in (generator, discriminator):
        reached = [each for each in network.parameters() if each.grad is not None]
        assert [id(each) for each in reached] == [id(each) for each in network.trained(px)]


def test_every_resolution_sees_the_boxes(generator, discriminator):
    for px in (4, 8, 16):
        generator.grow(px)
        assert not torch.allclose(generator(Z, BOXES), generator(Z, BOXES.flip(0)))
        discriminator.grow(px)
        images, masks = torch.zeros(3, 1, px, px), torch.zeros(3, CLASSES, px, px)
        with_box = masks.clone()
        with_box[:, 0, 1:3, 1:3] = 1
        assert not torch.allclose(discriminator(images, masks), discriminator(images, with_box))
        assert not torch.allclose(discriminator(images, with_box), discriminator(images, with_box.flip(1)))


def test_an_image_does_not_depend_on_its_batch(generator):
    generator = generator.double()
    together = generator(Z.double(), BOXES.double())
    alone = torch.cat([generator(Z[n : n + 1].double(), BOXES[n : n + 1].double()) for n in range(3)])
    torch.testing.assert_close(together, alone)


def test_the_pyramid_has_the_maxima_of_cells():
    maps = torch.randn(2, 3, 4, 4, generator=DRAWS)
    found = pggan_networks.pyramid(maps)
    expected = [functional.adaptive_max_pool2d(maps, grid).flatten(1) for grid in (4, 2, 1)]
    assert torch.equal(found, torch.cat(expected, dim=1))
    plain, pooling = (
        size(pggan_networks.Discriminator(SIDE, CLASSES, 8, spatial_pyramid=each)) for each in (False, True)
    )
    assert pooling - plain == (4 + 1) * 8 * 8


def test_the_gradient_penalty_can_be_minimised_through_the_pyramid():
    network = filled(pggan_networks.Discriminator(SIDE, CLASSES, 8, spatial_pyramid=True)).double()
    images, masks = (torch.rand(3, maps, SIDE, SIDE, generator=DRAWS, dtype=torch.float64) for maps in (1, CLASSES))
    weight = network.images[str(SIDE)].weight

    def penalty(change: float) -> torch.Tensor:
        with torch.no_grad():
            weight[2, 0] += change
        return wasserstein.gradient_penalty(lambda points: network(points, masks), images)

    (slope,) = torch.autograd.grad(penalty(0.0), weight)
    above, below = penalty(1e-5).item(), penalty(-2e-5).item()
    assert slope[2, 0].item() == pytest.approx((above - below) / 2e-5, rel=1e-4)
    assert abs(slope[2, 0].item()) > 1e-3
