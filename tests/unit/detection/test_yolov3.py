"""The network has the layers of the paper, and as many weights as the published one."""

import numpy as np
import pytest
import torch
from torch import nn

from synthaug.detection import darknet, yolov3
from synthaug.training import weights

WITHOUT_MEMORY = torch.device("meta")  # shapes alone


@pytest.mark.parametrize(
    ("classes", "channels", "parameters"),
    [(1, 1, 61_523_158), (1, 3, 61_523_734), (80, 3, 61_949_149)],  # the last one is that of the authors' own network
)
def test_number_of_weights(classes, channels, parameters):
    with WITHOUT_MEMORY:
        assert weights.count(yolov3.Yolov3(classes, darknet.MAPS, channels=channels)) == parameters


def test_body_is_that_of_table_1():
    """53 layers with the classifier's, 23 residual connections, and 256, 512 and 1024 maps at strides 8, 16 and 32."""
    with WITHOUT_MEMORY:
        body = darknet.Darknet53(darknet.MAPS)
    convolutions = [module for module in body.modules() if isinstance(module, nn.Conv2d)]
    assert len(convolutions) == 53 - 1
    assert sum(isinstance(module, darknet.Residual) for module in body.modules()) == 1 + 2 + 8 + 8 + 4
    assert sum(convolution.stride == (2, 2) for convolution in convolutions) == 5
    last = [module for module in convolutions if module.kernel_size == (3, 3)]
    assert [last[place].out_channels for place in (1 + 1 + 1 + 2 + 1 + 8, -1 - 1 - 4, -1)] == [256, 512, 1024]
    with torch.inference_mode():  # an eighth as wide
        found = darknet.Darknet53(darknet.MAPS // 8).eval()(torch.zeros(1, 1, 64, 64))
    assert [tuple(maps.shape) for maps in found] == [(1, 32, 8, 8), (1, 64, 4, 4), (1, 128, 2, 2)]


@pytest.mark.parametrize(("side", "positions"), [(32, 63), (64, 252), (416, 10_647)])  # 10,647: published for 416 px
def test_predictions_of_every_side(side, positions):
    network = yolov3.Yolov3(2, 4).eval()
    with torch.inference_mode():
        found = network(torch.zeros(1, 1, side, side, dtype=torch.uint8))
    assert found.shape == (1, positions, 5 + 2)


def test_a_cell_is_predicted_where_it_lies():
    """With one weight of each head's last layer, what is predicted is one map of the layer before, cell by cell."""
    network = yolov3.Yolov3(1, 4)
    yolov3.initialise(network, 0)
    shown = []
    for neck_width, (_, predicting) in zip((32, 16, 8), [list(head) for head in network.heads], strict=True):
        nn.init.zeros_(predicting.weight)
        nn.init.ones_(predicting.weight[6 + 3, 0])  # the second anchor's height
        assert predicting.in_channels == 4 * neck_width
        predicting.register_forward_hook(lambda module, given, made: shown.append(given[0][0, 0]))
    side = 64
    with torch.no_grad():
        found = network.eval()(torch.randint(0, 256, (1, 1, side, side), dtype=torch.uint8))[0]
    first = 0
    for maps in reversed(shown):
        cells = len(maps)
        part = found[first : first + 3 * cells**2].reshape(cells, cells, 3, 6)
        torch.testing.assert_close(part[:, :, 1, 3], maps, rtol=1e-4, atol=1e-5)
        first += 3 * cells**2
    assert [len(maps) for maps in shown] == [2, 4, 8]


def test_an_untrained_network_finds_little_and_its_draws_are_its_seeds():
    networks = [yolov3.Yolov3(1, 4) for _ in range(3)]
    for network, seed in zip(networks, (0, 0, 1), strict=True):
        yolov3.initialise(network, seed)
    images = torch.randint(0, 256, (4, 1, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        one, same, other = (network(images) for network in networks)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    objectness = one[..., yolov3.OBJECTNESS].sigmoid()
    assert 0.0009 < objectness.mean() < 0.0011  # one box in a thousand positions, 1,008 of 128 px
    assert abs(one[..., yolov3.SIZE]).max() < 0.5


def test_slices_are_resized_for_the_network():
    """Blocks of four equal pixels, halved, are what the network sees without resizing."""
    small, whole = yolov3.Yolov3(1, 4, input_px=32), yolov3.Yolov3(1, 4)
    yolov3.initialise(small, 3)
    whole.load_state_dict(small.state_dict())
    images = np.random.default_rng(0).integers(0, 256, (2, 1, 32, 32), np.uint8)
    with torch.no_grad():
        found = small.eval()(torch.from_numpy(images.repeat(2, axis=2).repeat(2, axis=3)))
        torch.testing.assert_close(found, whole.eval()(torch.from_numpy(images)))
