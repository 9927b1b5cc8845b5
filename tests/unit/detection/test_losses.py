"""The losses are those that the paper describes, written out one position at a time; and their gradients as it says."""

import math

import numpy as np
import torch
from tests.helpers.random_boxes import ANCHORS, random_boxes
from torch.nn import functional

from synthaug.detection import box_lists, boxes, losses, targets
from synthaug.detection.positions import Positions

SIDE, IGNORE = 64, 0.3
WHERE = Positions(SIDE, ANCHORS)


def case(seed: int, count: int = 4):
    """Predictions near the truth here and there, so that some are excused, and boxes of two classes."""
    given, labels = random_boxes(count, 3, SIDE, seed)
    found = targets.targets(given, labels, WHERE)
    predictions = torch.randn(count, len(WHERE), 7, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    truth = [torch.from_numpy(array) for array in (given, labels, found.position, found.values, found.weight)]
    return predictions.requires_grad_(), truth


def entropy(logit: float, truth: float) -> float:
    return math.log1p(math.exp(-logit)) * truth + math.log1p(math.exp(logit)) * (1 - truth)


def written_out(predictions, given, labels, position, values, weight):
    """Return the three losses by loops over slices, boxes and positions."""
    of_box = objectness = of_class = 0.0
    predicted = WHERE.boxes(predictions).detach().numpy()
    for row in range(len(predictions)):
        learned = {}
        for place in range(labels.shape[1]):
            if weight[row, place] == 0:
                continue
            _, tx, ty, tw, th, *classes = predictions[row, position[row, place]].tolist()
            x, y, w, h = values[row, place].tolist()
            size = entropy(tx, x) + entropy(ty, y) + ((tw - w) ** 2 + (th - h) ** 2) / 2
            of_box += weight[row, place].item() * size
            of_class += sum(entropy(logit, float(labels[row, place] == cls)) for cls, logit in enumerate(classes))
            learned[position[row, place].item()] = True
        for place, box in enumerate(predicted[row]):
            true, ignored = (
                given[row][chosen].numpy() for chosen in (labels[row] >= 0, labels[row] == box_lists.IGNORED_LABEL)
            )
            excused = (boxes.iou(box, true) > IGNORE).any()
            for other in ignored:
                corner, end = np.maximum(box[:2], other[:2]), np.minimum(box[2:], other[2:])
                excused |= np.clip(end - corner, 0, None).prod() > boxes.areas(box)[0] / 2
            if place in learned or not excused:
                objectness += entropy(predictions[row, place, 0].item(), float(place in learned))
    return np.array([of_box, objectness, of_class]) / len(predictions)


def test_losses_are_the_ones_written_out():
    predictions, truth = case(0)
    found = torch.stack(losses.losses(predictions, *truth, WHERE, IGNORE)).tolist()
    np.testing.assert_allclose(found, written_out(predictions, *truth), rtol=1e-6)


def test_ignoring_matters():
    """Without the threshold, and without ignored boxes, the loss of objectness is larger."""
    predictions, truth = case(1)
    plain = losses.losses(predictions, *truth, WHERE, 1.0)[1]
    assert losses.losses(predictions, *truth, WHERE, IGNORE)[1] < plain
    labels = truth[1].clone()
    labels[labels == box_lists.IGNORED_LABEL] = box_lists.EMPTY
    assert losses.losses(predictions, truth[0], labels, *truth[2:], WHERE, 1.0)[1] > plain


def test_gradients_are_predictions_less_the_truth():
    """The ground truth value minus the prediction is the step (section 2.1), which goes against the gradient."""
    predictions, truth = case(2, 1)
    _, labels, position, values, weight = truth
    sum(losses.losses(predictions, *truth, WHERE, IGNORE)).backward()
    place = int(weight[0].argmax())
    at, gradient = predictions[0, position[0, place]].detach(), predictions.grad[0, position[0, place]]
    expected = torch.cat([at[1:3].sigmoid() - values[0, place, :2], at[3:5] - values[0, place, 2:]]) * weight[0, place]
    torch.testing.assert_close(gradient[1:5], expected)
    assert gradient[0] == at[0].sigmoid() - 1
    one_hot = functional.one_hot(labels[0, place], 2)
    torch.testing.assert_close(gradient[5:], at[5:].sigmoid() - one_hot)


def test_a_slice_without_a_box_has_a_loss_of_objectness_alone():
    predictions, truth = case(3)
    truth[1].fill_(box_lists.EMPTY)
    found = targets.targets(truth[0].numpy(), truth[1].numpy(), WHERE)
    truth[2:] = [torch.from_numpy(array) for array in (found.position, found.values, found.weight)]
    box, objectness, of_class = losses.losses(predictions, *truth, WHERE, IGNORE)
    assert (box, of_class) == (0, 0)
    expected = functional.softplus(predictions[..., 0]).sum() / len(predictions)
    torch.testing.assert_close(objectness, expected)
