"""The networks have the published sizes and geometry."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from synthaug.segmentation import fcn8s, networks, unet
from synthaug.training import weights

VGG16 = [64, 128, 256, 512, 512, 4096]
NARROW = [2, 3, 4, 5, 6, 7]


def test_fcn8s_has_the_published_number_of_weights():
    """At five classes and the ground: VGG-16's convolutions, the two dense layers and the three scores."""
    with torch.device("meta"):
        network = fcn8s.Fcn8s(5, VGG16, 0.5)
    assert weights.count(network.features) == 14_714_688
    assert weights.count(network) == 134_289_746


def test_unet_has_the_number_of_weights_that_its_shape_says():
    """Widths 8 and 16: 3x3 convolutions without bias, two values a map for each of eight norms, and the rest."""
    convolutions = 9 * (1 * 8 + 8 * 8 + 8 * 16 + 16 * 16 + 16 * 8 + 8 * 8)
    norms, raised, score = 2 * (4 * 8 + 2 * 16), 4 * 16 * 8 + 8, 8 * 4 + 4
    assert weights.count(unet.Unet(3, [8, 16])) == convolutions + norms + raised + score


@pytest.mark.parametrize("side", [64, 128, 256])
@pytest.mark.parametrize("shape", [{"architecture": "fcn8s", "widths": NARROW, "dropout": 0.5}, {"widths": [2, 3, 4]}])
def test_scores_are_as_large_as_the_image(shape, side):
    network = networks.network({"architecture": "unet", "classes": ["a", "b"], **shape})
    networks.initialise(network, 1)
    with torch.inference_mode():
        scores = network(torch.zeros(2, 1, side, side, dtype=torch.uint8))
    assert scores.shape == (2, 3, side, side)


@pytest.mark.parametrize("factor", [2, 8])
def test_transposed_convolution_is_linear_interpolation(factor):
    """Away from the border, where zeros lie beyond, it is PyTorch's bilinear interpolation."""
    scores = torch.rand(2, 3, 7, 6)
    found = fcn8s.raised(scores, fcn8s.bilinear(factor))
    assert found.shape[2:] == (8 * factor, 7 * factor)
    expected = functional.interpolate(scores, scale_factor=factor, mode="bilinear", align_corners=False)
    edge = factor // 2
    inner = expected[:, :, edge:-edge, edge:-edge]
    rows, columns = inner.shape[2:]
    torch.testing.assert_close(found[:, :, factor : factor + rows, factor : factor + columns], inner)


@pytest.mark.parametrize("level", ["score_pool3", "score_pool4", "score"])
def test_fcn8s_scores_lie_where_the_image_has_them(level):
    """With convolutions that hand on their central pixel, each of the three scores of a bright square is centred on
    it: no cut is off by a pixel of any grid."""
    network = fcn8s.Fcn8s(1, [1, 1, 1, 1, 1, 1], 0.0).eval()
    with torch.no_grad():
        for name, module in network.named_modules():
            if isinstance(module, nn.Conv2d):
                nn.init.zeros_(module.bias)
                nn.init.zeros_(module.weight)
                middle = module.kernel_size[0] // 2
                learned = not name.startswith("score") or name == level
                module.weight[..., middle, middle] = learned / module.in_channels
        network.mean.zero_()
    side = 160
    image = torch.zeros(1, 1, side, side, dtype=torch.uint8)
    image[0, 0, 61:93, 61:93] = 255  # a pixel of the fifth pooling, four of the fourth: 32 * 5 - 99 = 61
    scores = network(image)[0, 0]
    centre = [(scores.sum(1 - axis) * torch.arange(side)).sum() / scores.sum() for axis in (0, 1)]
    torch.testing.assert_close(torch.stack(centre), torch.full((2,), 76.5))


def test_unet_norm_is_instance_normalisation():
    stage = unet.Unet(1, [4, 8]).down[0]
    instance = nn.InstanceNorm2d(4, affine=True)
    maps = torch.randn(3, 4, 9, 9)
    torch.testing.assert_close(stage[1](maps), instance(maps))


def test_initial_weights_are_those_of_their_seed():
    for shape in ({"architecture": "unet", "widths": [4, 8]}, {"architecture": "fcn8s", "widths": NARROW}):
        made = [networks.network({"classes": ["a"], "dropout": 0.5, **shape}) for _ in range(3)]
        for network, seed in zip(made, (1, 1, 2), strict=True):
            networks.initialise(network, seed)
        first, same, other = (nn.utils.parameters_to_vector(network.parameters()) for network in made)
        assert torch.equal(first, same)
        assert not torch.equal(first, other)
