"""A training stops at the epoch that its validation losses say, and ends with the weights of the best one."""

import copy

import pytest
import torch
from tests.helpers.small_trainings import CLASSIFIER, COMPUTE, RESNET, discs

from synthaug.classification import classifier
from synthaug.errors import InputError
from synthaug.training import device, early_stopping

NAMES = ("model", 0, "12")
IMAGES, LABELS = discs(32, 0)
HELD = classifier.Validation(*discs(10, 1))


@pytest.mark.parametrize(
    ("losses", "patience", "epochs"),
    [
        ([0.9, 0.8, 0.7, 0.6], 1, None),  # it falls to the end
        ([0.9, 0.5, 0.7, 0.6, 0.55, 0.4], 3, 5),  # three epochs after the second one
        ([0.9, 0.5, 0.7, 0.6, 0.4, 0.6, 0.5, 0.5], 3, 8),  # saved by the fifth
        ([0.5, 0.5, 0.5], 2, 3),  # equal is no better
        ([0.1, 0.2], 1, 2),
        ([0.1], 1, None),
        ([], 1, None),
    ],
)
def test_when_it_is_over(losses, patience, epochs):
    over = [number for number in range(len(losses) + 1) if early_stopping.is_over(losses[:number], patience)]
    assert over[:1] == ([] if epochs is None else [epochs])


def trained(settings: dict, monkeypatch=None, losses=()):
    """Train with made-up validation losses, one an epoch, or for the fixed number of epochs without any."""
    params = classifier.Params(**settings, **COMPUTE, precision="float32")
    where = device.pick(params)
    network = device.place(classifier.build(IMAGES, params, NAMES), where)
    if losses:
        made_up = iter(losses)
        monkeypatch.setattr(classifier._Exam, "loss", lambda self: next(made_up))
    validation = HELD if losses else None
    return network, classifier.train(network, IMAGES, LABELS, params, NAMES, where, validation=validation)


@pytest.mark.parametrize("preset", [{**CLASSIFIER, "dropout": 0.5}, RESNET], ids=["cnn", "resnet"])
def test_it_stops_at_the_known_epoch_with_the_weights_of_the_best(preset, monkeypatch):
    losses = [0.9, 0.5, 0.7, 0.6, 0.8, 0.1]
    stopping = {"epochs": 20, "early_stopping": {"share": 0.2, "patience": 3}}
    network, history = trained(preset | stopping, monkeypatch, losses)
    assert history["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert history["validation_loss"].tolist() == losses[:5]
    assert history["used"].tolist() == [0, 1, 0, 0, 0]
    # Whoever trains for two epochs and looks at nothing has the same weights, and lost the same on the way.
    alone, short = trained(preset | {"epochs": 2})
    for found, expected in zip(network.state_dict().values(), alone.state_dict().values(), strict=True):
        assert torch.equal(found, expected)
    assert short["loss"].tolist() == history["loss"][:2].tolist()
    assert short.dtype.names == ("epoch", "loss", "accuracy")


def test_the_largest_number_of_epochs_ends_it_too(monkeypatch):
    _, history = trained({**RESNET, "early_stopping": {"share": 0.2, "patience": 9}}, monkeypatch, [0.9, 0.5, 0.7])
    assert history["epoch"].tolist() == [1, 2, 3]
    assert history["used"].tolist() == [0, 1, 0]


def test_the_validation_loss_is_that_of_the_weights_without_dropout():
    """The last epoch's, which is the best here, beside PyTorch's own loss of the network that came out."""
    settings = {**CLASSIFIER, "dropout": 0.5, "early_stopping": {"share": 0.2, "patience": 9}}
    params = classifier.Params(**settings, **COMPUTE, precision="bfloat16")
    where = device.pick(params)
    network = device.place(classifier.build(IMAGES, params, NAMES), where)
    history = classifier.train(network, IMAGES, LABELS, params, NAMES, where, validation=HELD)
    used = history["used"].argmax()
    logits = copy.deepcopy(network).eval()(torch.from_numpy(HELD.images)[:, None])
    expected = -logits.log_softmax(1)[range(10), HELD.labels].mean().item()
    assert history["validation_loss"][used] == pytest.approx(expected, rel=1e-5)
    assert history["validation_loss"].argmin() == used


def test_a_loss_that_is_no_number_names_the_key_to_lower(monkeypatch):
    with pytest.raises(InputError, match="found nan in epoch 2; lower learning_rate"):
        trained({**RESNET, "early_stopping": {"share": 0.2, "patience": 9}}, monkeypatch, [0.9, float("nan"), 0.7])
