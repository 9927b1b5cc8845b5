"""What YOLOv3 minimises: errors of boxes, of objectness and of classes."""

import torch
from torch.nn import functional

from synthaug.detection import box_lists, yolov3
from synthaug.detection.positions import Positions

INSIDE = 0.5  # a prediction with more of its area in an ignored box is not false


def losses(
    predictions: torch.Tensor,
    boxes: torch.Tensor,
    labels: torch.Tensor,
    position: torch.Tensor,
    values: torch.Tensor,
    weight: torch.Tensor,
    where: Positions,
    ignore_iou: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the losses of boxes, of objectness and of classes: sums over a slice, means over the slices.

    The gradient of each of a box's four numbers is the prediction less the truth (of the sigmoids of the centre's two),
    times the box's weight. Objectness and each class are independent logistic regressions; classes count where there is
    a box. A position without a box is no error if its prediction overlaps a true box by more than ``ignore_iou``, or
    lies in an ignored box.

    Parameters
    ----------
    predictions
        float (n, positions, 1 + 4 + classes).
    boxes, labels
        float (n, k, 4) and int64 (n, k), see `box_lists`.
    position, values, weight
        See `targets.Targets`.
    where
        Of the slices.
    ignore_iou
        0 to 1.
    """
    count, most = len(predictions), len(where)
    slices = torch.arange(count, device=predictions.device)[:, None]
    chosen = predictions[slices, position.clamp(max=most - 1)]
    learned = (weight > 0).to(predictions.dtype)
    centre = functional.binary_cross_entropy_with_logits(chosen[..., yolov3.CENTRE], values[..., :2], reduction="none")
    size = (chosen[..., yolov3.SIZE] - values[..., 2:]) ** 2 / 2
    box = (weight[..., None] * (centre + size)).sum()
    numbers = torch.arange(chosen[..., yolov3.CLASSES].shape[-1], device=predictions.device)
    truth = (labels[..., None] == numbers).to(predictions.dtype)
    of_class = functional.binary_cross_entropy_with_logits(chosen[..., yolov3.CLASSES], truth, reduction="none")
    of_class = (learned[..., None] * of_class).sum()
    present = predictions.new_zeros(count, most + 1).scatter_(1, position, 1.0)[:, :most]
    with torch.no_grad():
        counted = present.bool() | ~_excused(where.boxes(predictions), boxes, labels, ignore_iou)
    objectness = functional.binary_cross_entropy_with_logits(
        predictions[..., yolov3.OBJECTNESS], present, reduction="none"
    )
    return box / count, (counted * objectness).sum() / count, of_class / count


def _excused(predicted: torch.Tensor, boxes: torch.Tensor, labels: torch.Tensor, ignore_iou: float) -> torch.Tensor:
    """Return which predicted boxes, (n, positions, 4), are no error where there is no box: bool (n, positions)."""
    excused = torch.zeros(predicted.shape[:2], dtype=torch.bool, device=predicted.device)
    area = (predicted[..., 2:] - predicted[..., :2]).prod(-1)
    for place in range(boxes.shape[1]):  # one at a time: all pairs at once would be large
        box, label = boxes[:, place, None], labels[:, place, None]
        corner, end = torch.maximum(predicted[..., :2], box[..., :2]), torch.minimum(predicted[..., 2:], box[..., 2:])
        shared = (end - corner).clamp(min=0).prod(-1)
        together = area + (box[..., 2:] - box[..., :2]).prod(-1) - shared
        excused |= (label > box_lists.EMPTY) & (shared > ignore_iou * together)
        excused |= (label == box_lists.IGNORED_LABEL) & (shared > INSIDE * area)
    return excused
