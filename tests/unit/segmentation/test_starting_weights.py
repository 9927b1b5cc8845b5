"""VGG-16's weights are taken over under the names of both libraries, or refused in one line."""

import pytest
import torch
from safetensors.torch import save_file

from synthaug.errors import InputError
from synthaug.segmentation import fcn8s, starting_weights, unet

WIDTHS = [2, 3, 4, 5, 6, 7]
NUMBERS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)  # of the convolutions in torchvision's VGG-16
BEFORE_AND_AFTER = [
    (3, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4), (4, 4), (4, 5), (5, 5), (5, 5), (5, 6), (6, 6), (6, 6),
]  # fmt: skip


def vgg16() -> dict[str, torch.Tensor]:
    tensors = {}
    for number, (before, after) in zip(NUMBERS, BEFORE_AND_AFTER, strict=True):
        tensors |= {f"features.{number}.weight": torch.randn(after, before, 3, 3)}
        tensors |= {f"features.{number}.bias": torch.randn(after)}
    return tensors


TORCHVISION = {
    "classifier.0.weight": torch.randn(7, 6 * 49), "classifier.0.bias": torch.randn(7),
    "classifier.3.weight": torch.randn(7, 7), "classifier.3.bias": torch.randn(7),
    "classifier.6.weight": torch.randn(10, 7), "classifier.6.bias": torch.randn(10),
}  # fmt: skip
TIMM = {
    "pre_logits.fc1.weight": torch.randn(7, 6, 7, 7), "pre_logits.fc1.bias": torch.randn(7),
    "pre_logits.fc2.weight": torch.randn(7, 7, 1, 1), "pre_logits.fc2.bias": torch.randn(7),
    "head.fc.weight": torch.randn(10, 7), "head.fc.bias": torch.randn(10),
}  # fmt: skip


def loaded(tensors, path) -> fcn8s.Fcn8s:
    network = fcn8s.Fcn8s(2, WIDTHS, 0.5)
    fcn8s.initialise(network, 1)
    save_file(tensors, path)
    starting_weights.load(network, path)
    return network


@pytest.mark.parametrize("dense", [TORCHVISION, TIMM, {}], ids=["torchvision", "timm", "none"])
def test_a_published_file_is_taken_over(dense, tmp_path):
    """On an image of 7x7 px of the last pooling, the dense layers answer as they did when fully connected."""
    tensors = vgg16() | dense
    network = loaded(tensors, tmp_path / "vgg16.safetensors")
    for name, value in tensors.items():
        if name.startswith("features"):
            assert torch.equal(network.get_parameter(name), value)
    assert not network.score.weight.any()
    pooled = torch.randn(1, 6, 7, 7)
    found = network.fc6(pooled)[0, :, 0, 0]
    if dense is TORCHVISION:
        expected = dense["classifier.0.weight"] @ pooled.flatten() + dense["classifier.0.bias"]
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    elif dense is TIMM:
        assert torch.equal(network.fc7.weight, dense["pre_logits.fc2.weight"])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t.pop("features.28.bias"), "expected the convolutions of VGG-16, found no features.28.bias; give"),
        (lambda t: t.update({"score.weight": torch.zeros(3, 7, 1, 1)}), "found also score.weight; give"),
        (lambda t: t.update({"layer1.weight": torch.zeros(3)}), "found also layer1.weight; give"),
        (
            lambda t: t.update({"features.0.weight": torch.zeros(2, 1, 3, 3)}),
            "the shape 2x3x3x3, found 2x1x3x3",
        ),
        (lambda t: t.update({"features.0.bias": torch.full((2,), torch.nan)}), "expected finite numbers, found others"),
    ],
)
def test_other_files_are_one_line(change, expected, tmp_path):
    tensors = vgg16()
    change(tensors)
    with pytest.raises(InputError) as error:
        loaded(tensors, tmp_path / "named-after-a-patient.safetensors")
    text = str(error.value)
    assert text.startswith("segmenter: weights: ")
    assert expected in text
    assert "\n" not in text
    assert "patient" not in text


def test_a_unet_takes_none(tmp_path):
    with pytest.raises(InputError, match="expected the architecture fcn8s, found Unet; give null"):
        starting_weights.load(unet.Unet(1, [2, 4]), tmp_path / "any")
