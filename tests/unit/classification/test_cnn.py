import pytest
import torch

from synthaug.classification import cnn
from synthaug.errors import InputError
from synthaug.training import weights


def build(*, widths=(4, 8), kernel=5, dense=16, dropout=0.5, classes=3, mean=0.0) -> cnn.Cnn:
    network = cnn.Cnn(classes, widths, kernel, dense, dropout, torch.full((1, 1), mean))
    cnn.initialise(network, seed=3)
    return network


def images(count: int) -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 1, 64, 64), dtype=torch.uint8, generator=draws)


def test_published_size():
    """About 1.3 M parameters (section 2.2), layer by layer."""
    layers = [832, 51_264, 204_928, 1_048_704, 387]
    network = build(widths=(32, 64, 128), dense=128)
    assert weights.count(network) == sum(layers) == 1_306_115


@pytest.mark.parametrize(("widths", "kernel"), [((4,), 3), ((4, 8), 5), ((2, 4, 8), 7)])
def test_size_of_any_width(widths, kernel):
    expected, before = 0, 1
    for width in widths:
        expected += before * width * kernel**2 + width
        before = width
    expected += before * (64 // 2 ** len(widths)) ** 2 * 16 + 16 + 16 * 3 + 3
    assert weights.count(build(widths=widths, kernel=kernel)) == expected


def test_initial_weights_have_glorots_limit():
    layer = build().convolutions[3]
    limit = (6 / (25 * (4 + 8))) ** 0.5
    assert limit * 0.95 < layer.weight.abs().max().item() <= limit
    assert layer.weight.mean().item() == pytest.approx(0, abs=limit / 10)
    assert not layer.bias.any()
    assert torch.equal(build().classify.weight, build().classify.weight)


def test_mean_is_subtracted_from_intensities_between_0_and_1():
    """Without biases and with ReLU, the network of a constant image c is linear in |c - mean|."""
    grey = torch.full((1, 1, 64, 64), 102, dtype=torch.uint8)  # 0.4
    assert build(mean=0.4).eval()(grey).abs().max() < 1e-6
    near, far = (build(mean=mean).eval()(grey) for mean in (0.3, 0.2))
    torch.testing.assert_close(far, 2 * near)


def test_dropout_acts_in_training_only():
    network, batch = build(), images(2)
    assert not torch.equal(network(batch), network(batch))
    network.eval()
    assert torch.equal(network(batch), network(batch))
    assert torch.equal(network(batch), network.classify(network.features(batch)))


def test_weights_survive_a_file(tmp_path):
    network, batch = build(mean=0.25).eval(), images(2)
    weights.save(network, tmp_path / "weights.safetensors")
    restored = build(mean=0.5).eval()
    weights.load(restored, tmp_path / "weights.safetensors")
    assert torch.equal(restored(batch), network(batch))
    channels_last = network.to(memory_format=torch.channels_last)
    weights.save(channels_last, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "weights.safetensors").read_bytes()


def test_other_weights_are_an_error(tmp_path):
    weights.save(build(), tmp_path / "weights.safetensors")
    with pytest.raises(InputError, match="expected weights of a Cnn"):
        weights.load(build(dense=8), tmp_path / "weights.safetensors")
    (tmp_path / "weights.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match="expected weights of a Cnn"):
        weights.load(build(), tmp_path / "weights.safetensors")
