"""A detector learns what is easy, to the same bytes however often it is stopped, and detects each slice by itself."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.helpers import made_boxes

from synthaug.detection import box_lists, boxes, detector, losses, stored_detector, targets
from synthaug.detection.batches import Batches, Examples
from synthaug.detection.boxes import BOX
from synthaug.detection.positions import Positions
from synthaug.errors import InputError, Interrupted
from synthaug.files import artifacts
from synthaug.training import checkpoints, device, weights

CPU = torch.device("cpu")
NAMES = ("detector", 0, "12")
ANCHORS = np.repeat(np.arange(4.0, 13.0)[:, None], 2, axis=1)


IMAGES, TABLE = made_boxes.slices(9, 0, 32)
FEW = Examples(IMAGES, *box_lists.packed(TABLE, range(9), "slice", made_boxes.CLASSES))


def train(given, changes, *, chances=made_boxes.REAL, judged=None, saved=None):
    params = detector.Params(**made_boxes.DETECTOR | changes)
    where = device.pick(params)
    network = device.place(detector.build(params, NAMES, ANCHORS), where)
    history = detector.train(network, given, params, NAMES, where, chances=chances, judged=judged, checkpoint=saved)
    return network, history


def detecting(network, **changes) -> detector.Detector:
    rules = {name: made_boxes.DETECTOR[name] for name in stored_detector.RULES}
    return detector.Detector(network, **rules | changes)


@pytest.fixture(scope="module")
def trained():
    """Nine slices, learned by heart."""
    changes = {"maps": 4, "steps": 100, "burn_in": 10, "batch": 9, "learning_rate": 3e-3, "evaluate_every": 50}
    return train(FEW, changes, chances={})


def test_learns_what_it_is_shown(trained):
    """Of the slices that it has learned it finds every square, with its class and its box, and nothing else."""
    found, truth = detector.detect(detecting(trained[0], floor=0.3), IMAGES, CPU), TABLE
    assert found.columns.tolist() == detector.DETECTIONS
    assert len(found) == len(truth) == 8
    for (number, cls), rows in truth.groupby(["slice", "class"]):
        mine = found[(found["slice"] == number) & (found["class"] == cls)]
        assert (boxes.iou(rows[BOX], mine[BOX]).max(1) > 0.5).all()
    history = trained[1]
    assert history["steps"].tolist() == [50, 100]
    assert history["objectness"][1] < 0.5 * history["objectness"][0]


def test_detections_are_in_order_within_the_slice_and_above_the_floor(trained):
    images, _ = made_boxes.slices(20, 2, 32)
    found = detector.detect(detecting(trained[0]), images, CPU)
    assert found["score"].between(0.001, 1).all()
    assert found[BOX].to_numpy().min() >= 0
    assert found[BOX].to_numpy().max() <= 32
    assert (found["x1"] > found["x0"]).all()
    assert found["slice"].is_monotonic_increasing
    assert all(rows["score"].is_monotonic_decreasing for _, rows in found.groupby("slice"))
    first = detector.detect(detecting(trained[0], most_boxes=1), images, CPU)
    assert first["slice"].is_unique
    np.testing.assert_array_equal(first, found.groupby("slice", as_index=False).head(1))
    surer = detector.detect(detecting(trained[0], floor=0.2), images, CPU)
    assert 0 < len(surer) < len(found)
    assert surer["score"].min() >= 0.2
    assert detector.detect(detecting(trained[0], floor=1.1), images, CPU).shape == (0, len(detector.DETECTIONS))


def test_a_detection_depends_on_its_own_slice_only(trained):
    images, _ = made_boxes.slices(19, 3, 32)
    together = detector.detect(detecting(trained[0]), images, CPU)
    last = together["slice"].max()  # which slices have detections depends on the processor
    alone = detector.detect(detecting(trained[0]), images[last : last + 1], CPU)
    mine = together[together["slice"] == last].assign(slice=0).reset_index(drop=True)
    assert len(mine)
    assert mine.equals(alone)


def test_a_stored_detector_returns(trained, tmp_path):
    weights.save(trained[0], tmp_path / "weights.safetensors")
    artifacts.write_json({"params": made_boxes.DETECTOR | {"maps": 4}}, tmp_path / "model.json")
    images, _ = made_boxes.slices(5, 4, 32)
    found = stored_detector.load(tmp_path, CPU)
    np.testing.assert_array_equal(found.network.anchors, ANCHORS)
    assert detector.detect(found, images, CPU).equals(detector.detect(detecting(trained[0]), images, CPU))
    artifacts.write_json({"params": {"maps": 4}}, tmp_path / "model.json")
    with pytest.raises(InputError, match="expected the params of a detector, found no 'classes'"):
        stored_detector.load(tmp_path, CPU)


def seen(network) -> float:
    """A judgement that depends on every weight that is learned, and not always grows."""
    return float(sum(parameter.detach().double().sum() for parameter in network.parameters()) * 1e4 % 1)


CASES = {
    "averaged weights, mosaics": ({}, {"chances": made_boxes.FRESH}),
    "last weights": ({"ema": 0.0, "batch": 5}, {}),
    "the best weights": ({"checkpoint": "best", "evaluate_every": 2}, {"judged": seen}),
    "in bfloat16": ({"precision": "bfloat16", "steps": 3, "evaluate_every": 2}, {}),
}


class StopAfter:
    def __init__(self, steps: int):
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


@pytest.mark.parametrize("name", CASES)
def test_same_training_gives_the_same_bits_stopped_or_not(name, tmp_path):
    changes, others = CASES[name]
    whole, history = train(FEW, changes, **others)
    for stop in range(changes.get("steps", made_boxes.DETECTOR["steps"])):  # after each step in turn
        torch.manual_seed(stop)
        with pytest.raises(Interrupted, match="saved; run the same command again"):
            train(FEW, changes, **others, saved=checkpoints.Checkpoint(tmp_path, {}, StopAfter(1)))
    resumed, again = train(FEW, changes, **others, saved=checkpoints.Checkpoint(tmp_path, {}, StopAfter(0)))
    assert history.tobytes() == again.tobytes()
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_the_best_weights_are_those_of_a_training_that_ended_there():
    judgements = iter([0.2, 0.9, 0.9, 0.4])
    judging = {"steps": 7, "evaluate_every": 2, "checkpoint": "best"}
    best, history = train(FEW, judging, judged=lambda network: next(judgements))
    assert history["steps"].tolist() == [2, 4, 6, 7]
    assert history["sensitivity"].tolist() == [0.2, 0.9, 0.9, 0.4]
    ended, last = train(FEW, {"steps": 4, "evaluate_every": 2})
    assert np.isnan(last["sensitivity"]).all()
    for key, value in ended.state_dict().items():
        assert torch.equal(value, best.state_dict()[key]), key


def test_steps_follow_the_formulas(float64):
    """Two steps of Adam, at a 16th and all of the learning rate, on the sum of the losses; and the average."""
    changes = {"steps": 2, "burn_in": 2, "batch": 9, "evaluate_every": 2}
    found, history = train(FEW, changes, chances={})
    params = detector.Params(**made_boxes.DETECTOR | changes)
    expected = detector.build(params, NAMES, ANCHORS).train()
    where = Positions(32, expected.anchors)
    truth = targets.targets(FEW.boxes, FEW.labels, where)
    given = [torch.from_numpy(a) for a in (FEW.boxes, FEW.labels, truth.position, truth.values, truth.weight)]
    update, kept, means = torch.optim.Adam(expected.parameters()), [], []
    for share in (0.5, 1.0):  # nine slices are one batch, so the order does not matter
        update.param_groups[0]["lr"] = params.learning_rate * share**4
        parts = losses.losses(expected(torch.from_numpy(FEW.images)[:, None]), *given, where, params.ignore_iou)
        update.zero_grad()
        sum(parts).backward()
        update.step()
        kept.append({name: value.clone() for name, value in expected.state_dict().items()})
        means.append([part.item() for part in parts])
    np.testing.assert_allclose([*history[0]][1:4], np.mean(means, 0), rtol=1e-5)
    for name, value in found.state_dict().items():
        # After the first update the average is these weights; at the second one it keeps 2 / 11 of them.
        wanted = kept[0][name] * 2 / 11 + kept[1][name] * 9 / 11 if value.is_floating_point() else kept[1][name]
        torch.testing.assert_close(value, wanted, rtol=1e-5, atol=1e-6)


def test_batches_see_every_slice_once_an_epoch_changed_anew():
    params = detector.Params(**made_boxes.DETECTOR)
    where = Positions(32, detector.build(params, NAMES, ANCHORS).anchors)

    def source(chances):
        return Batches(FEW, 4, chances, lambda what, epoch: np.random.default_rng([len(what), epoch]), where)

    plain = source({})
    sequence = torch.cat([plain.batch(step)[0] for step in range(9)]).numpy()  # 36 slices: four epochs of nine
    for epoch in range(4):
        order = np.random.default_rng([len("order"), epoch + 1]).permutation(9)
        np.testing.assert_array_equal(sequence[9 * epoch : 9 * epoch + 9], FEW.images[order])
    changed = source(made_boxes.FRESH)
    one, other = changed.batch(5), source(made_boxes.FRESH).batch(5)
    assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))
    assert one[1].shape == (4, 4 * FEW.labels.shape[1], 4)
    assert not torch.equal(one[0], plain.batch(5)[0])


def test_the_learning_rate_rises_and_stays():
    params = detector.Params(**made_boxes.DETECTOR | {"burn_in": 10, "learning_rate": 0.5})
    assert [detector.learning_rate(params, step) for step in (0, 4, 9, 10, 5000)] == pytest.approx(
        [5e-5, 0.03125, 0.5, 0.5, 0.5]
    )
    without = dataclasses.replace(params, burn_in=0)
    assert detector.learning_rate(without, 0) == 0.5


def test_a_loss_without_bounds_is_one_line():
    with pytest.raises(
        InputError, match=r"expected finite losses, found .* before step 4; lower learning_rate"
    ) as error:
        train(FEW, {"learning_rate": 1e30, "burn_in": 0, "evaluate_every": 4, "ema": 0.0})
    assert "\n" not in str(error.value)
