"""A segmenter learns what is easy, to the same bytes however often it is stopped, and wherever else it may end."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.helpers import made_slices

from synthaug import seeding
from synthaug.errors import InputError, Interrupted
from synthaug.files import artifacts
from synthaug.segmentation import schedule, segmenter, stored_segmenter, transformations
from synthaug.training import checkpoints, device, weights

CPU = torch.device("cpu")
NAMES = ("segmenter", 0, "12")
IMAGES, LABELS = made_slices.discs(48, 0)
FEW = (IMAGES[:5], LABELS[:5])
FRESH = {**made_slices.FRESH, "bend_px": {"probability": 0.5, "range": [1, 4]}}


def train(preset, images, labels, ends, fresh=None, checkpoint=None):
    params = segmenter.Params(**preset)
    where = device.pick(params)
    network = device.place(segmenter.build(params, NAMES), where)

    def transformed(epoch: int):
        return transformations.draw(seeding.stream(1, "fresh", epoch), len(images), fresh)

    endings = segmenter.train(
        network, images, labels, params, NAMES, where, ends=ends, transformed=transformed if fresh else None,
        checkpoint=checkpoint,
    )  # fmt: skip
    return network, endings


def assert_same(one, other):
    assert len(one) == len(other)
    for first, second in zip(one, other, strict=True):
        assert first.steps == second.steps
        np.testing.assert_array_equal(first.history, second.history)
        for name, value in first.weights.items():
            assert torch.equal(value, second.weights[name]), name


@pytest.fixture(scope="module")
def trained():
    steps = schedule.steps(18, len(IMAGES), 8)
    network, (ending,) = train(made_slices.UNET, IMAGES, LABELS, [steps])
    network.load_state_dict(ending.weights)
    return network, ending


def test_learns_what_is_easy(trained):
    images, labels = made_slices.discs(40, 1)
    masks = segmenter.predict(trained[0], images, CPU)
    assert masks.dtype == np.uint8
    assert masks.shape == labels.shape
    assert [made_slices.dice(labels, masks, label) > 0.9 for label in (1, 2)] == [True, True]
    history = trained[1].history
    assert history["steps"].tolist() == [6 * epoch for epoch in range(1, 19)]
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["dice"][-1] > 0.8


def test_prediction_depends_on_its_own_image_only(trained):
    images, _ = made_slices.discs(35, 2)
    together = segmenter.predict(trained[0], images, CPU)
    assert np.array_equal(together[33:34], segmenter.predict(trained[0], images[33:34], CPU))


def test_a_stored_segmenter_returns(trained, tmp_path):
    weights.save(trained[0], tmp_path / "weights.safetensors")
    artifacts.write_json({"params": made_slices.UNET}, tmp_path / "model.json")
    found = segmenter.predict(stored_segmenter.load(tmp_path, CPU), IMAGES, CPU)
    assert np.array_equal(found, segmenter.predict(trained[0], IMAGES, CPU))
    artifacts.write_json({"params": {"widths": [4]}}, tmp_path / "model.json")
    with pytest.raises(InputError, match="expected the params of a segmenter, found no 'classes'"):
        stored_segmenter.load(tmp_path, CPU)


CASES = {
    "averaged weights, fresh images": (made_slices.UNET, (IMAGES[:12], LABELS[:12]), [3, 5], FRESH),
    "last weights, dropout, momentum": ({**made_slices.FCN8S, "ema": 0.0}, FEW, [2, 4], None),
    "in bfloat16": ({**made_slices.FCN8S, "precision": "bfloat16"}, FEW, [3], None),
}


class StopAfter:
    def __init__(self, steps: int):
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


@pytest.fixture(scope="module", params=CASES)
def case(request):
    preset, images, ends, fresh = CASES[request.param]
    return preset, images, ends, fresh, train(preset, *images, ends, fresh)[1]


def test_same_training_gives_the_same_bits_stopped_or_not(case, tmp_path):
    preset, images, ends, fresh, whole = case
    for stop in range(max(ends)):  # after each step in turn, and each time in another process's random state
        torch.manual_seed(stop)
        with pytest.raises(Interrupted, match="saved; run the same command again"):
            train(preset, *images, ends, fresh, checkpoints.Checkpoint(tmp_path, {}, StopAfter(1)))
    assert_same(train(preset, *images, ends, fresh, checkpoints.Checkpoint(tmp_path, {}, StopAfter(0)))[1], whole)


def test_every_ending_is_that_of_a_training_that_ends_there(case):
    preset, images, ends, fresh, whole = case
    assert [ending.steps for ending in whole] == ends
    alone = [ending for end in ends for ending in train(preset, *images, [end], fresh)[1]]
    assert_same(alone, whole)
    if len(ends) == 2:
        assert any(not torch.equal(value, whole[1].weights[name]) for name, value in whole[0].weights.items())


def test_fresh_images_and_dropout_are_used():
    """The same trainings without them end elsewhere."""
    preset, images, ends, fresh = CASES["averaged weights, fresh images"]
    with_fresh, without = (train(preset, *images, ends, each)[1][0].history["loss"] for each in (fresh, None))
    assert (with_fresh != without).all()
    dropping = dataclasses.asdict(segmenter.Params(**made_slices.FCN8S))
    first, second = (train({**dropping, "dropout": share}, *FEW, [5])[1][0].weights["fc7.weight"] for share in (0, 0.5))
    assert not torch.equal(first, second)


def test_steps_follow_the_formulas(float64):
    """Two steps of SGD with Nesterov's momentum on cross-entropy and Dice, and the average of the weights."""
    preset = {**made_slices.UNET, "optimiser": "sgd", "learning_rate": 0.1, "widths": [4, 6], "batch": 4}
    params = segmenter.Params(
        **preset,
    )
    images, labels = IMAGES[:4], LABELS[:4]
    _, (ending,) = train(preset, images, labels, [2])
    expected = segmenter.build(params, NAMES)
    update = torch.optim.SGD(expected.parameters(), 0.1, 0.9, nesterov=True)
    one_hot = torch.nn.functional.one_hot(torch.from_numpy(labels).long(), 3).permute(0, 3, 1, 2).double()
    kept = []
    for _ in range(2):  # four images are one batch, so the order does not matter
        probabilities = expected(torch.from_numpy(images)[:, None]).softmax(1)
        cross_entropy = -(probabilities.log() * one_hot).sum(1).mean()
        overlap, areas = ((probabilities * one_hot).sum((0, 2, 3)), (probabilities + one_hot).sum((0, 2, 3)))
        dice = ((2 * overlap[1:] + 1) / (areas[1:] + 1)).mean()
        update.zero_grad()
        (cross_entropy + 1 - dice).backward()
        update.step()
        kept.append({name: value.clone() for name, value in expected.state_dict().items()})
    for name, value in ending.weights.items():
        # After the first update the average is these weights; at the second one it keeps 2 / 11 of them.
        torch.testing.assert_close(value, kept[0][name] * 2 / 11 + kept[1][name] * 9 / 11, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "ends", "expected"),
    [
        ({"learning_rate": 1e18, "optimiser": "sgd"}, [12], "lower learning_rate"),
        ({}, [0], "expected at least one step, found none: .* raise epochs, or lower batch"),
    ],
)
def test_what_cannot_be_trained_is_one_line(changes, ends, expected):
    with pytest.raises(InputError, match=expected) as error:
        train({**made_slices.UNET, **changes}, IMAGES, LABELS, ends)
    assert "\n" not in str(error.value)
