"""Train a detector on slices of any origin, and find boxes on others.

All arms train for as many steps, whatever the number of their slices. The learning rate rises for the first of them,
the burn-in, and is constant then; the network that is used has the average of the weights along the way.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from synthaug import seeding
from synthaug.detection import batches, losses, nms, yolov3
from synthaug.detection import boxes as boxes_on_slices
from synthaug.detection.boxes import BOX
from synthaug.detection.positions import Positions
from synthaug.errors import InputError
from synthaug.training import cuda_graph, device, early_stopping, ema, loop_state, optimisers

log = logging.getLogger(__name__)

PREDICTION_BATCH = 16
BETAS = (0.9, 0.999)  # of Adam
BURN_IN_POWER = 4  # of the share of the burn-in that is over, which the learning rate follows
LAST, BEST = "last", "best"
HISTORY = [("steps", int), ("box", float), ("objectness", float), ("class", float), ("sensitivity", float)]
DETECTIONS = ["slice", "class", *BOX, "score"]
DECIMALS = {"box": 3, "score": 6}  # of what is detected


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """The detector of the config."""

    master_seed: int
    classes: list[str]
    architecture: str
    """``yolov3``, see `yolov3.Yolov3`."""
    maps: int
    """Feature maps of the first convolution."""
    input_px: int | None
    """Side to which slices are resized for the network; None for their own."""
    steps: int
    batch: int
    learning_rate: float
    burn_in: int
    """Steps in which the learning rate rises, with the fourth power of their number."""
    ignore_iou: float
    """See `losses.losses`."""
    nms_iou: float
    """See `nms.kept`."""
    floor: float
    """Detections of a lower score are left out."""
    most_boxes: int
    """On a slice; those of lower scores are left out."""
    ema: float
    """Decay of the average of the weights, see `ema.Average`; 0 takes the weights of the last step."""
    checkpoint: str
    """`LAST`, or `BEST`: the network that was judged best on the validation slices."""
    evaluate_every: int
    """Steps from one judgement, and from one row of the history, to the next."""


@dataclass(frozen=True)
class Detector:
    """A network, and which of its predictions are detections."""

    network: yolov3.Yolov3
    classes: list[str]
    nms_iou: float
    floor: float
    most_boxes: int


def build(params: Params, names: tuple[str | int, ...], anchors: np.ndarray) -> yolov3.Yolov3:
    """Return the untrained network on the CPU.

    Parameters
    ----------
    names
        Those of the training's random streams.
    anchors
        float (9, 2), see `anchors.clustered`.
    """
    network = yolov3.network(vars(params))
    yolov3.initialise(network, seeding.stream_seed(params.master_seed, *names, "weights"))
    network.anchors.copy_(torch.from_numpy(anchors))
    return network


def train(
    network: yolov3.Yolov3,
    examples: batches.Examples,
    params: Params,
    names: tuple[str | int, ...],
    where: torch.device,
    *,
    chances: dict,
    judged: Callable[[yolov3.Yolov3], float] | None = None,
    checkpoint: loop_state.Checkpoint | None = None,
) -> np.ndarray:
    """Train ``network``, which must be on the device ``where``, in place, and leave it with the weights to be used.

    Parameters
    ----------
    examples
        The slices, with their boxes.
    names
        The names of this training's random streams.
    chances
        How slices are transformed, see `transformations.draw`.
    judged
        Returns how good a network is, larger is better; needed for the checkpoint `BEST`, and else not called.
    checkpoint
        Where the training is saved and resumed from; not at all without it.

    Returns
    -------
    numpy.ndarray
        Each ``evaluate_every`` steps, and at the end, an element with the fields `HISTORY`: the steps until then, the
        means of the losses over the steps since the element before (see `losses.losses`), and the judgement, which is
        not a number for the checkpoint `LAST`.

    Raises
    ------
    InputError
        If a loss is no longer finite.
    Interrupted
        If the training was asked to stop; it is saved.
    """
    lesson = _Lesson(network, params, where, examples.images.shape[-1])

    def stream(what: str, epoch: int) -> np.random.Generator:
        return seeding.stream(params.master_seed, *names, what, epoch)

    source = batches.Batches(examples, params.batch, chances, stream, lesson.positions)
    best = early_stopping.Snapshot(lesson.result) if params.checkpoint == BEST else None
    state = lesson.state(checkpoint, best.tensors if best else {})
    run = cuda_graph.captured(lesson.step, where)
    borders = [*range(0, params.steps, params.evaluate_every), params.steps]
    began, before = time.perf_counter(), borders[min(state.epoch, len(borders) - 1) - 1] + state.step
    for part in state.epochs(len(borders) - 1):
        first, last = borders[part - 1 : part + 1]
        network.train()
        if state.step == 0:
            lesson.totals.zero_()
        for step in state.steps(range(first, last)):
            lesson.rate.fill_(learning_rate(params, step))
            run(*source.batch(step))
        found = (lesson.totals / (last - first)).tolist()
        score = judged(lesson.result) if best else float("nan")
        _report(last, params, found, score, (last - before) * params.batch / (time.perf_counter() - began))
        if best and score > max((row[-1] for row in state.history), default=-np.inf):
            best.take()
        state.history.append((last, *found, score))
    network.load_state_dict(lesson.result.state_dict())
    if best:
        network.load_state_dict(dict(zip(network.state_dict(), best.tensors.values(), strict=True)))
    return np.array(state.history, HISTORY)


def learning_rate(params: Params, step: int) -> float:
    """Return the learning rate of a step, counted from 0."""
    return params.learning_rate * min(1.0, (step + 1) / max(1, params.burn_in)) ** BURN_IN_POWER


class _Lesson:
    """The steps of one training. All tensors stay the same ones, as a checkpoint and a GPU's graph ask."""

    def __init__(self, network: yolov3.Yolov3, params: Params, where: torch.device, side: int):
        self.network, self.params, self.where = network, params, where
        self.positions = Positions(side, network.anchors, params.input_px)
        self.rate = torch.zeros((), device=where)
        self.update = optimisers.Adam(network.parameters(), params.learning_rate, *BETAS)
        self.update.rates["lr"] = self.rate
        self.average = ema.Average(network, params.ema) if params.ema else None
        self.totals = torch.zeros(3, device=where)  # stays there: reading it each step would make the GPU wait

    @property
    def result(self) -> yolov3.Yolov3:
        """The network that is used: the average, where there is one."""
        return self.average.network if self.average else self.network

    def state(self, checkpoint: loop_state.Checkpoint | None, best: dict[str, torch.Tensor]) -> loop_state.State:
        """Return what changes in this training, with the ``best`` weights: at its start, or resumed."""
        average = {"average": self.average.network} if self.average else {}
        updates = {"updates": self.average.updates} if self.average else {}
        return loop_state.State(
            networks={"detector": self.network, **average},
            optimisers={"detector": self.update},
            streams={},
            tensors={"totals": self.totals, **updates, **best},
            checkpoint=checkpoint,
        )

    def step(self, images: torch.Tensor, *truth: torch.Tensor) -> None:
        """Learn from a batch, see `batches.Batches`."""
        with device.autocast(self.where, self.params.precision):
            predictions = self.network(images[:, None]).float()
        parts = torch.stack(losses.losses(predictions, *truth, self.positions, self.params.ignore_iou))
        self.update.zero_grad()
        parts.sum().backward()
        self.update.step()
        if self.average:
            self.average.update(self.network)
        with torch.no_grad():
            self.totals.add_(parts)


def _report(step: int, params: Params, found: list[float], score: float, speed: float) -> None:
    """Log the end of a part, with its speed in images/s, or stop with an `InputError` if a loss is not finite."""
    if not np.isfinite(found).all():
        raise InputError(
            f"detector: expected finite losses, found {sum(found)} before step {step}; "
            f"lower learning_rate (now {params.learning_rate:g}) or raise burn_in (now {params.burn_in})"
        )
    text = "step %d/%d: losses of boxes %.3f, objectness %.3f, classes %.3f; %.0f images/s"
    log.info(text, step, params.steps, *found, speed)
    if np.isfinite(score):
        log.info("step %d/%d: sensitivity on the validation slices %.3f", step, params.steps, score)


def detect(found: Detector, images: np.ndarray, where: torch.device) -> pd.DataFrame:
    """Return the boxes that a detector finds on slices.

    Float32 whatever the precision of the training, in batches padded to one fixed size, so a detection depends on its
    own slice only.

    Parameters
    ----------
    images
        uint8 (n, side, side).

    Returns
    -------
    DataFrame `DETECTIONS`: the slice's place in ``images``, the name of the class, the box in px of the slice, clipped
    to it, and the score, the product of objectness and class; sorted by slice, then descending score, then position.
    """
    network = found.network.eval()
    side = images.shape[-1]
    positions = Positions(side, network.anchors, network.input_px)
    parts = []
    with torch.inference_mode():
        for first in range(0, len(images), PREDICTION_BATCH):
            part = np.ascontiguousarray(images[first : first + PREDICTION_BATCH, None])
            (batch,) = device.padded_batches(part, PREDICTION_BATCH, where)
            predictions = network(batch)[: len(part)].double()
            logits = predictions[..., yolov3.CLASSES]
            scores = (predictions[..., yolov3.OBJECTNESS, None].sigmoid() * logits.sigmoid()).cpu().numpy()
            boxes = positions.boxes(predictions).cpu().numpy()
            parts += [_on_slice(found, first + place, boxes[place], scores[place], side) for place in range(len(part))]
    return pd.concat(parts, ignore_index=True) if parts else _table(found, 0, np.zeros((0, 4)), np.zeros(0), [])


def _on_slice(found: Detector, place: int, boxes: np.ndarray, scores: np.ndarray, side: int) -> pd.DataFrame:
    """Return the detections on one slice from boxes, (positions, 4), and scores, (positions, classes)."""
    boxes = boxes_on_slices.clip(boxes, side)
    scores = np.where(boxes_on_slices.areas(boxes)[:, None] > 0, scores, 0)
    rows, classes = np.nonzero(scores >= found.floor)
    boxes, scores = boxes[rows], scores[rows, classes]
    stay = nms.kept(boxes, scores, classes, found.nms_iou, found.most_boxes)
    return _table(found, place, boxes[stay], scores[stay], classes[stay])


def _table(
    found: Detector, place: int, boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray | list
) -> pd.DataFrame:
    table = pd.DataFrame(boxes.round(DECIMALS["box"]), columns=BOX)
    table.insert(0, "slice", place)
    table.insert(1, "class", [found.classes[label] for label in classes])
    return table.assign(score=scores.round(DECIMALS["score"])).astype({"class": object, "slice": int})
