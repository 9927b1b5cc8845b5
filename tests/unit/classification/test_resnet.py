import copy

import numpy as np
import pytest
import torch
from tests.helpers.small_trainings import COMPUTE, RESNET, discs
from torch.nn import functional

from synthaug.classification import classifier, network_sizes, resnet
from synthaug.training import device, weights

NAMES = ("model", 0, "12")


def build(*, widths=(8, 16), blocks=1, classes=3, mean=0.0) -> resnet.Resnet:
    network = resnet.Resnet(classes, widths, blocks, torch.full((1, 1), mean))
    resnet.initialise(network, seed=3)
    return network


def images(count: int) -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 1, 64, 64), dtype=torch.uint8, generator=draws)


def test_published_size():
    """He et al. (2016), Table 6: 0.27 M in 20 layers, 0.46 M in 32, 0.85 M in 56, for ten classes and three colours."""
    for blocks, millions in ((3, 0.27), (5, 0.46), (9, 0.85)):
        colours = 2 * 9 * 16  # ours has one
        assert weights.count(build(widths=(16, 32, 64), blocks=blocks, classes=10)) + colours == pytest.approx(
            millions * 1e6, abs=0.005e6
        )


@pytest.mark.parametrize(
    ("widths", "blocks"), [((16, 32, 64, 128), 1), ((16, 32, 64, 128), 2), ((8,), 3), ((8, 24), 1)]
)
def test_size_of_any_shape(widths, blocks):
    """Stage by stage: 18 w^2 + 4 w of a block; the first of a later stage has 9 v w + 9 w^2 + 4 w, v maps before it."""
    expected, before = 9 * widths[0] + 2 * widths[0], widths[0]
    for width in widths:
        expected += 9 * before * width + 9 * width**2 + 4 * width + (blocks - 1) * (18 * width**2 + 4 * width)
        before = width
    expected += before * 3 + 3
    assert weights.count(build(widths=widths, blocks=blocks)) == expected
    shape = {"architecture": "resnet", "widths": list(widths), "blocks": blocks}
    assert network_sizes.parameters(shape, 3) == expected


def test_every_block_begins_as_its_shortcut():
    network = build(widths=(8, 16, 24), blocks=2)
    maps = torch.rand(2, 8, 64, 64)
    for block in network.blocks:
        shortcut = maps[:, :, :: block.stride, :: block.stride]
        after = block(maps)
        assert torch.equal(after[:, : maps.shape[1]], shortcut)
        assert not after[:, maps.shape[1] :].any()
        maps = after
    assert maps.shape == (2, 24, 16, 16)
    block = network.blocks[0]
    torch.nn.init.ones_(block.norm_second.weight)  # as it would without that beginning
    assert not torch.equal(block(maps[:, :8]), maps[:, :8])


def test_a_block_is_what_the_paper_draws():
    """y = relu(x + F(x)), F of two convolutions with a normalisation each; written with PyTorch's functions alone."""
    block = resnet.Block(8, 16)
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(1))
    maps = torch.rand(2, 8, 8, 8)

    def normalised(values, norm):
        groups = values.reshape(2, resnet.GROUPS, -1)
        mean, variance = groups.mean(2, keepdim=True), groups.var(2, unbiased=False, keepdim=True)
        values = ((groups - mean) / (variance + 1e-5).sqrt()).reshape(values.shape)
        return values * norm.weight[:, None, None] + norm.bias[:, None, None]

    inner = normalised(functional.conv2d(maps, block.first.weight, stride=2, padding=1), block.norm_first).relu()
    inner = normalised(functional.conv2d(inner, block.second.weight, padding=1), block.norm_second)
    shortcut = torch.cat([maps[:, :, ::2, ::2], torch.zeros(2, 8, 4, 4)], dim=1)
    torch.testing.assert_close(block(maps), (shortcut + inner).relu(), rtol=1e-4, atol=1e-5)


def test_an_image_is_normalised_by_itself_in_training_too():
    """With batch normalisation an image's logits would follow from its neighbours, and differ from those of a test."""
    network, batch = build(), images(6)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(1))
    alone = torch.cat([network.train()(batch[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(network(batch), alone, rtol=1e-4, atol=1e-5)
    assert torch.equal(network.eval()(batch), network.train()(batch))
    assert [name for name, _ in network.named_buffers()] == ["mean"]


def test_mean_is_subtracted_from_intensities_between_0_and_1():
    grey = torch.full((1, 1, 64, 64), 102, dtype=torch.uint8)  # 0.4
    network = build(mean=0.4).eval()
    torch.testing.assert_close(network.stem(grey.float() / 255 - network.mean), torch.zeros(1, 8, 64, 64))
    assert torch.equal(network(grey), network.classify(network.features(grey)))
    assert not torch.equal(build(mean=0.4)(images(1)), build(mean=0.2)(images(1)))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_gradients_are_finite_and_reach_every_weight(precision):
    network, batch = build(widths=(8, 16, 24), blocks=2), images(4)
    device.place(network, torch.device("cpu"))
    for block in network.blocks:  # at their beginning nothing reaches the convolutions of a block, as is meant
        torch.nn.init.ones_(block.norm_second.weight)
    with device.autocast(torch.device("cpu"), precision):
        logits = network(batch).float()
    functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0])).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_learns_twenty_images_by_heart():
    pixels, labels = discs(20, 0)
    labels = np.random.default_rng(1).permutation(labels)  # by chance, so there is nothing but each image to learn
    changes = {"widths": [8, 16, 32], "epochs": 80, "batch": 10, "learning_rate": 0.15}
    params = classifier.Params(**{**RESNET, **COMPUTE, "precision": "float32", **changes})
    where = device.pick(params)
    network = device.place(classifier.build(pixels, params, NAMES), where)
    begun = copy.deepcopy(network)
    history = classifier.train(network, pixels, labels, params, NAMES, where)
    probabilities, features = classifier.predict(network, pixels, where)
    assert (probabilities.argmax(1) == labels).all()
    assert (classifier.predict(begun, pixels, where)[0].argmax(1) == labels).mean() < 0.8
    assert history["loss"][0] > 0.6 > 0.1 > history["loss"][-1]
    assert features.shape == (20, 32)


def test_weights_survive_a_file(tmp_path):
    network, batch = build(mean=0.25).eval(), images(2)
    weights.save(network, tmp_path / "weights.safetensors")
    restored = build(mean=0.5).eval()
    weights.load(restored, tmp_path / "weights.safetensors")
    assert torch.equal(restored(batch), network(batch))
