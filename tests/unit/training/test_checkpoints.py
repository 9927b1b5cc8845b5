"""A training that is stopped anywhere and goes on ends with the bytes of one that was never stopped."""

import errno
import os
import resource

import numpy as np
import pandas as pd
import pytest
import torch
from tests.helpers.small_trainings import CLASSIFIER, COMPUTE, GAN, RESNET, discs

from synthaug.classification import classifier
from synthaug.classification.uses import mixup, use
from synthaug.errors import Interrupted
from synthaug.generators import dcgan
from synthaug.training import checkpoints, device

NAMES = ("model", 0, "12")
IMAGES, LABELS = discs(40, 0)
# Whatever holds state: averaged weights, augmentations, several generator updates, dropout, mixing, fresh images.
DCGAN = {
    **GAN,
    "ema": 0.9,
    "diffaugment": ["translation"],
    "ada": {"target": 0.6, "images": 99},
    "r1": 0.1,
    "spectral_norm": True,
    "loss": "hinge",
    "generator_updates": 2,
    "generator_maps": 4,
}
NETWORK = {**CLASSIFIER, "dropout": 0.5}
STOPPING = {"early_stopping": {"share": 0.2, "patience": 2}, "epochs": 9}
STEPS = {"dcgan": 2, "classifier": 3, "stopped early": 3}  # of an epoch


class StopAfter:
    """Asks to stop after some steps."""

    def __init__(self, steps: int):
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


def train_dcgan(checkpoint, precision="float32"):
    params = dcgan.Params(**DCGAN, **COMPUTE, precision=precision)
    where = device.pick(params)
    networks = {name: device.place(network, where) for name, network in dcgan.FAMILY.build(params, NAMES).items()}
    history, samples = dcgan.FAMILY.train(
        networks, IMAGES, None, params, NAMES, where, shown=[1, 3], checkpoint=checkpoint
    )
    return [network.state_dict() for network in networks.values()], history, samples


def train_classifier(checkpoint, precision="float32"):
    params = classifier.Params(**NETWORK, **COMPUTE, precision=precision)
    where = device.pick(params)
    network = device.place(classifier.build(IMAGES, params, NAMES), where)

    def redraw(epoch: int) -> np.ndarray:
        return discs(40, epoch)[0]

    seen = use.Images(LABELS, np.zeros(40, bool), params.batch, params.epochs, where)
    mixing = mixup.Mixup(seen, mixup.Params(0.2))
    history = classifier.train(
        network, IMAGES, LABELS, params, NAMES, where, redraw=redraw, taken=mixing, checkpoint=checkpoint
    )
    return [network.state_dict()], history, []


def train_until_it_stops(checkpoint):
    """Train a residual network with a loss on images that are labelled against the training's, and so rises soon."""
    params = classifier.Params(**{**RESNET, **STOPPING}, **COMPUTE, precision="float32")
    where = device.pick(params)
    network = device.place(classifier.build(IMAGES, params, NAMES), where)
    held = classifier.Validation(discs(20, 1)[0], 1 - discs(20, 1)[1])
    history = classifier.train(network, IMAGES, LABELS, params, NAMES, where, validation=held, checkpoint=checkpoint)
    assert len(history) < STOPPING["epochs"]
    assert history["used"].tolist()[-3:] == [1, 0, 0]
    return [network.state_dict()], pd.DataFrame(history).to_numpy(), []


TRAININGS = {"dcgan": train_dcgan, "classifier": train_classifier, "stopped early": train_until_it_stops}


def checkpoint(folder, steps=0, **identity):
    return checkpoints.Checkpoint(folder, identity, StopAfter(steps))


def assert_same(first, second):
    for states in zip(first[0], second[0], strict=True):
        for (name, value), (_, other) in zip(*(state.items() for state in states), strict=True):
            assert torch.equal(value, other), name
    np.testing.assert_array_equal(first[1], second[1])
    assert len(first[2]) == len(second[2])
    for images, others in zip(first[2], second[2], strict=True):
        np.testing.assert_array_equal(images, others)


@pytest.fixture(scope="module", params=TRAININGS)
def training(request):
    return request.param, TRAININGS[request.param], TRAININGS[request.param](None)


@pytest.mark.parametrize("share", [0.1, 0.35, 0.5, 0.7, 1])
def test_stopped_anywhere_it_goes_on_to_the_same_bytes(training, share, tmp_path):
    name, train, whole = training
    steps = max(1, round(share * STEPS[name] * len(whole[1])))
    with pytest.raises(Interrupted, match="saved; run the same command again"):
        train(checkpoint(tmp_path, steps))
    torch.manual_seed(123)  # another process starts with another state
    assert_same(train(checkpoint(tmp_path)), whole)


@pytest.mark.parametrize("name", ["dcgan", "classifier"])
def test_stopped_in_bfloat16_it_goes_on_to_the_same_bytes(name, tmp_path):
    """A processor that does not compute in it takes eight times as long, so this is tried once."""

    def train(kept):
        return TRAININGS[name](kept, precision="bfloat16")

    with pytest.raises(Interrupted, match="saved; run the same command again"):
        train(checkpoint(tmp_path, 2 * STEPS[name] - 1))  # within the second of several epochs
    torch.manual_seed(123)
    assert_same(train(checkpoint(tmp_path)), train(None))


def test_stopped_again_and_again(training, tmp_path):
    name, train, whole = training
    for _ in range(STEPS[name] * len(whole[1])):
        with pytest.raises(Interrupted):
            train(checkpoint(tmp_path, 1))
    assert_same(train(checkpoint(tmp_path)), whole)
    assert [path.name for path in tmp_path.iterdir()] == [checkpoints.NAME]


def test_a_finished_training_is_read_back_without_a_step(training, tmp_path):
    _, train, whole = training
    train(checkpoint(tmp_path))
    assert_same(train(checkpoint(tmp_path, 1)), whole)  # a step would be interrupted


def damage_a_byte(data: bytes) -> bytes:
    return data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]


@pytest.mark.parametrize(
    "damage",
    [damage_a_byte, lambda data: data[:-1], lambda data: data[:100], lambda data: b"", lambda data: b"\x80\x04N."],
    ids=["a flipped bit", "the last byte missing", "the first bytes only", "empty", "a pickle"],
)
def test_a_torn_checkpoint_is_set_aside(damage, tmp_path, caplog):
    whole = train_classifier(None)
    with pytest.raises(Interrupted):
        train_classifier(checkpoint(tmp_path, 4))
    path = tmp_path / checkpoints.NAME
    path.write_bytes(damage(path.read_bytes()))
    kept = checkpoint(tmp_path)
    assert_same(train_classifier(kept), whole)
    assert "expected a whole checkpoint, found a damaged one; set aside as .training.refused" in caplog.text
    assert (tmp_path / ".training.refused").exists()
    kept.remove()
    assert list(tmp_path.iterdir()) == []


def test_another_trainings_checkpoint_is_set_aside(tmp_path, caplog):
    with pytest.raises(Interrupted):
        train_classifier(checkpoint(tmp_path, 4, params={"epochs": 3}, images="a"), precision="bfloat16")
    whole = train_classifier(None)
    assert_same(train_classifier(checkpoint(tmp_path, params={"epochs": 4}, images="a", code="b")), whole)
    assert "expected this training's checkpoint, found one with other code, params" in caplog.text


def test_a_digest_tells_images_apart():
    digest = checkpoints.images_digest(IMAGES, LABELS)
    assert digest == checkpoints.images_digest(IMAGES.copy(), LABELS.copy())
    changed = IMAGES.copy()
    changed[7, 3, 3] ^= 1
    assert digest != checkpoints.images_digest(changed, LABELS)
    assert checkpoints.images_digest(IMAGES) != checkpoints.images_digest(IMAGES.reshape(-1, 64))


def test_a_full_disk_is_a_warning_and_leaves_nothing(tmp_path, caplog):
    whole = train_classifier(None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # no file may be larger
    try:
        found = train_classifier(checkpoint(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_same(found, whole)
    assert f"training could not be saved ({os.strerror(errno.EFBIG)})" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_saves_are_as_far_apart_as_they_are_slow(tmp_path, monkeypatch):
    """A fiftieth of the time, and at least a second between two."""
    clock = [0.0]
    monkeypatch.setattr(checkpoints.time, "perf_counter", lambda: clock[0])
    saved = []

    class Slow:
        def pack(self):
            saved.append(clock[0])
            clock[0] += 0.5
            return {"weights": torch.zeros(1)}, {}

    kept = checkpoint(tmp_path)
    for _ in range(1000):
        clock[0] += 0.1
        kept.offer(Slow())
    assert saved[0] == pytest.approx(1.0, abs=0.11)
    assert np.diff(saved) == pytest.approx(25.5, abs=0.11)
