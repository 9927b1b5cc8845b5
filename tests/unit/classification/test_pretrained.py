"""A file of weights is taken over whole, or refused in one line that says which tensor and what to do."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.helpers.small_trainings import CLASSIFIER, COMPUTE, RESNET, discs

from synthaug.classification import classifier, pretrained
from synthaug.errors import InputError
from synthaug.training import weights

IMAGES, _ = discs(12, 0)


def build(preset, number=0, **changes):
    params = classifier.Params(**{**preset, **changes}, **COMPUTE, precision="float32")
    return classifier.build(IMAGES, params, ("model", number, "12"))


@pytest.fixture
def file(tmp_path):
    """The weights of another training: of other random numbers, and of images with another mean."""
    network = build(RESNET, 1)
    network.mean.fill_(0.77)
    weights.save(network, tmp_path / "other.safetensors")
    return tmp_path / "other.safetensors"


def changed(file, change) -> None:
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file)


@pytest.mark.parametrize("preset", [CLASSIFIER, RESNET], ids=["cnn", "resnet"])
def test_all_weights_of_the_file_are_taken_but_the_mean(preset, tmp_path):
    other = build(preset, 1)
    other.mean.fill_(0.77)
    weights.save(other, tmp_path / "other.safetensors")
    network = build(preset)
    mean = network.mean.clone()
    pretrained.load(network, tmp_path / "other.safetensors")
    for (name, found), expected in zip(network.named_parameters(), other.parameters(), strict=True):
        assert torch.equal(found, expected), name
    assert torch.equal(network.mean, mean)


def test_without_its_last_layer_a_file_fits_other_classes(file):
    network = build(RESNET, classes=["a", "b", "c"])
    last = network.classify.weight.detach().clone()
    with pytest.raises(InputError, match=r"classify.*: expected the shape 3.*leave out both tensors of the last layer"):
        pretrained.load(network, file)
    assert torch.equal(network.classify.weight, last)

    def without(tensors):
        del tensors["classify.weight"], tensors["classify.bias"]

    changed(file, without)
    pretrained.load(network, file)
    assert torch.equal(network.stem.weight, load_file(file)["stem.weight"])
    assert torch.equal(network.classify.weight, last)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t.pop("stem.weight"), "expected the 17 tensors of a Resnet, found no stem.weight; give weights of"),
        (lambda t: t.pop("classify.bias"), "found no classify.bias; give"),
        (lambda t: t.update(layer1=torch.zeros(2)), "found also layer1; give weights of this network, or null"),
        (
            lambda t: [t.pop("stem.weight"), t.update(conv1=torch.zeros(2))],
            "found no stem.weight and 1 more differences; give",
        ),
        (
            lambda t: t.update({"stem.weight": torch.zeros(8, 3, 3, 3)}),
            "stem.weight: expected the shape 8x1x3x3, found 8x3x3x3; give weights of this network, or null",
        ),
        (
            lambda t: t.update({"stem.weight": torch.full((8, 1, 3, 3), np.nan)}),
            "stem.weight: expected finite numbers, found others",
        ),
        (lambda t: t.update({"stem.weight": torch.zeros(8, 1, 3, 3, dtype=torch.int32)}), "expected finite numbers"),
    ],
)
def test_other_tensors_are_one_line_and_change_nothing(file, change, expected):
    changed(file, change)
    network = build(RESNET)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(InputError) as error:
        pretrained.load(network, file)
    text = str(error.value)
    assert text.startswith("classifier: weights: ")
    assert expected in text
    assert "\n" not in text
    assert file.name not in text
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_no_file_and_no_safetensors_are_one_line(tmp_path):
    with pytest.raises(InputError, match=r"^classifier: weights: expected a file that can be read, found: No such"):
        pretrained.load(build(RESNET), tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("weights")
    with pytest.raises(InputError, match=r"^classifier: weights: expected a safetensors file, found: [^\n]*; give"):
        pretrained.load(build(RESNET), tmp_path / "text.safetensors")
