"""The ways in which a training takes its images, against counts by hand, replayed streams and closed forms."""

import functools

import numpy as np
import pytest
import torch
from tests.helpers.small_trainings import CLASSIFIER, COMPUTE, discs

from synthaug import seeding
from synthaug.classification import classifier
from synthaug.classification.uses import genmix, mixup, pretrain, use, weight
from synthaug.errors import Interrupted
from synthaug.training import checkpoints, device

CPU = torch.device("cpu")
NAMES = ("classifier", 0, "12")
LABELS = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])  # ten images, the last four synthetic
SYNTHETIC = np.arange(10) >= 6


def held(**changes) -> use.Images:
    values = {"labels": LABELS, "synthetic": SYNTHETIC, "batch": 4, "epochs": 5, "where": CPU}
    return use.Images(**values | changes)


def streams(kind: type[use.Use]) -> dict[str, np.random.Generator]:
    return {name: seeding.stream(1, *NAMES, name) for name in kind.streams}


KINDS = {
    "plain": use.Use,
    "mixup": functools.partial(mixup.Mixup, params=mixup.Params(0.2)),
    "pretrain": functools.partial(pretrain.Pretrain, params=pretrain.Params(0.4)),
    "genmix": functools.partial(genmix.Genmix, params=genmix.Params(1.0)),
    "weight": functools.partial(weight.Weight, params=weight.Params(0.5)),
}


@pytest.mark.parametrize("name", list(KINDS))
def test_every_way_takes_as_many_steps_of_as_many_images(name):
    taken = KINDS[name](held())
    drawn = streams(taken)
    for epoch in range(1, 6):
        assert [len(index) for index, *_ in taken.steps(epoch, drawn)] == [4, 4, 4]


def test_pretraining_sees_synthetic_images_first_then_real_ones_alone():
    """Of five epochs two are 0.4. The twelve places of one hold four synthetic images thrice or six real ones twice."""
    taken = pretrain.Pretrain(held(), pretrain.Params(0.4))
    drawn = streams(taken)
    epochs = [torch.cat([index for (index,) in taken.steps(epoch, drawn)]).tolist() for epoch in range(1, 6)]
    random = seeding.stream(1, *NAMES, "order")
    for seen in epochs[:2]:
        assert seen == [row for _ in range(3) for row in random.permutation([6, 7, 8, 9])]
    for seen in epochs[2:]:
        assert seen == [row for _ in range(2) for row in random.permutation(6)]
    assert taken.judged_from == 3
    assert taken.last.tolist() == [True] * 6 + [False] * 4


@pytest.mark.parametrize(("share", "epochs", "expected"), [(0.5, 150, 75), (0.01, 20, 1), (0.99, 20, 19), (0.25, 6, 2)])
def test_pretraining_is_whole_epochs_and_leaves_one(share, epochs, expected):
    assert pretrain.pretraining_epochs(share, epochs) == expected


def test_mixtures_of_genmix_are_those_of_its_formula():
    data = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (10, 1, 8, 8), np.uint8))
    taken = genmix.Genmix(held(), genmix.Params(0.7))
    drawn = streams(taken)
    random = {name: seeding.stream(1, *NAMES, name) for name in ("order", "partner", "share")}
    for epoch in (1, 2):
        found = [taken.images(data, *inputs).numpy() for inputs in taken.steps(epoch, drawn)]
        firsts = np.concatenate([random["order"].permutation(6) for _ in range(2)])
        partners = random["partner"].random(12)
        shares = random["share"].beta(0.7, 0.7, 12)
        pixels = data.numpy().astype(float)
        for mixture, first, partner, share in zip(np.concatenate(found), firsts, partners, shares, strict=True):
            of_class = [6, 8] if LABELS[first] == 0 else [7, 9]
            second = of_class[int(2 * partner)]
            np.testing.assert_allclose(mixture, share * pixels[first] + (1 - share) * pixels[second], rtol=1e-5)


def test_genmix_draws_each_partner_of_the_class_as_often():
    taken = genmix.Genmix(held(), genmix.Params(1.0))
    drawn = streams(taken)
    pairs = [(index, partner) for epoch in range(400) for index, partner, _ in taken.steps(epoch, drawn)]
    first, second = (torch.cat(each).numpy() for each in zip(*pairs, strict=True))
    assert (LABELS[first] == LABELS[second]).all()
    counts = np.bincount(second, minlength=10)[6:]
    assert abs(counts - 1200).max() < 4 * np.sqrt(4800 / 4 * 3 / 4)


def test_the_gradient_of_weighted_images_is_the_closed_form_of_a_linear_model():
    """Of the mean of w_i CE(x_i A, y_i): the gradient is X^T W (softmax(XA) - Y) / n."""
    draws = np.random.default_rng(3)
    x, a = draws.normal(size=(10, 5)), draws.normal(size=(5, 2))
    index = torch.tensor([0, 7, 3, 9, 5])
    taken = weight.Weight(held(), weight.Params(0.3))
    parameters = torch.tensor(a, requires_grad=True)
    taken.loss(torch.tensor(x)[index] @ parameters, torch.from_numpy(LABELS), index).backward()
    rows, weights = x[index], np.diag([1, 0.3, 1, 0.3, 1])
    scores = np.exp(rows @ a)
    probabilities = scores / scores.sum(axis=1, keepdims=True)
    expected = rows.T @ weights @ (probabilities - np.eye(2)[LABELS[index]]) / 5
    np.testing.assert_allclose(parameters.grad.numpy(), expected, rtol=1e-6)


def test_synthetic_images_of_a_small_weight_teach_little():
    """Synthetic images with the labels exchanged: mixed in as many as the real ones, they undo these; weighed, not."""
    images, labels = discs(60, 0)
    made, wrong = discs(60, 1)
    everything, truth = np.concatenate([images, made]), np.concatenate([labels, 1 - wrong])
    synthetic = np.arange(120) >= 60
    right = {}
    for name, kind in {
        "plain": use.Use,
        "weight": functools.partial(weight.Weight, params=weight.Params(0.05)),
    }.items():
        network, _ = train(kind, everything, truth, synthetic, epochs=6)
        unseen, expected = discs(100, 2)
        right[name] = (classifier.predict(network, unseen, CPU)[0].argmax(1) == expected).mean()
    assert right["weight"] > 0.9 > right["plain"]


def train(kind, images, labels, synthetic, checkpoint=None, validation=None, **changes):
    params = classifier.Params(**CLASSIFIER | changes, **COMPUTE, precision="float32")
    network = device.place(classifier.build(images, params, NAMES), device.pick(params))
    taken = kind(use.Images(labels, synthetic, params.batch, params.epochs, CPU))
    history = classifier.train(
        network, images, labels, params, NAMES, CPU, taken=taken, checkpoint=checkpoint, validation=validation
    )
    return network, history


class StopAfter:
    def __init__(self, steps: int):
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


# Four epochs of three steps; of pretraining the first two: stopped within it, at its end, after it.
@pytest.mark.parametrize("steps", [2, 6, 7])
@pytest.mark.parametrize("name", ["pretrain", "genmix", "weight"])
def test_a_training_that_was_stopped_ends_with_the_same_bytes(tmp_path, name, steps):
    images, labels = discs(40, 0)
    kind = functools.partial(pretrain.Pretrain, params=pretrain.Params(0.5)) if name == "pretrain" else KINDS[name]
    synthetic = np.arange(40) % 4 > 1
    whole, history = train(kind, images, labels, synthetic, epochs=4)
    kept = checkpoints.Checkpoint(tmp_path, {}, StopAfter(steps))
    with pytest.raises(Interrupted):
        train(kind, images, labels, synthetic, kept, epochs=4)
    kept = checkpoints.Checkpoint(tmp_path, {}, StopAfter(0))
    resumed, again = train(kind, images, labels, synthetic, kept, epochs=4)
    assert np.array_equal(history, again)
    for one, other in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_early_stopping_looks_at_epochs_of_real_images_alone():
    """Synthetic images are right here and real ones wrong, so the validation loss is the smallest while pretraining."""
    images, labels = discs(40, 0)
    synthetic = np.arange(40) % 4 > 1
    labels = np.where(synthetic, labels, 1 - labels)
    validation = classifier.Validation(*discs(20, 1))
    kind = functools.partial(pretrain.Pretrain, params=pretrain.Params(0.5))
    stopping = {"share": 0.2, "patience": 2}
    changes = {"epochs": 12, "learning_rate": 0.05, "early_stopping": stopping}
    _, history = train(kind, images, labels, synthetic, validation=validation, **changes)
    assert history["validation_loss"].argmin() < 6
    assert history["used"].tolist().index(1) == 6 + history["validation_loss"][6:].argmin()
    assert len(history) > 6
