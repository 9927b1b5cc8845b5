"""Every kind of training of the project by its name, in the sizes of the shipped configs and tiny.

Images are noise: the time of a step does not depend on what is seen. A test holds the sizes in step with the configs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from unittest import mock

import numpy as np
import torch

from synthaug.classification import classifier
from synthaug.detection import batches, detector, targets
from synthaug.generators import acgan, cpggan, dcgan, diffusion, family, growth, pix2pix
from synthaug.segmentation import schedule, segmenter
from synthaug.training import device, loop_state

NAMES = ("benchmark",)
CLASSES = ["cyst", "metastasis", "hemangioma"]
SMALL, FULL = "small", "full"  # tiny networks; those of the shipped configs


@dataclass(frozen=True)
class Run:
    """How a training is run.

    Attributes
    ----------
    device, precision
        As in the config.
    size
        `SMALL` or `FULL`.
    images, epochs
        Training images, and how often each is seen. CPGGAN sees as many in each of its phases.
    still
        Whether nothing is learned and all images are the same, so that steps differ by what is drawn for them alone.
    """

    device: str
    precision: str
    size: str
    images: int
    epochs: int
    still: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a training came to: the means of its losses by epoch, and its weights on the CPU."""

    history: np.ndarray
    weights: list[torch.Tensor]


@dataclass(frozen=True)
class Training:
    """A kind of training.

    Attributes
    ----------
    name
        Of the family or the model.
    draws
        Whether a step draws numbers of its own: latent vectors, noise, dropout.
    presented
        Returns the images that a run's steps see.
    train
        Trains, with a checkpoint or without.
    """

    name: str
    draws: bool
    presented: Callable[[Run], int]
    train: Callable[[Run, loop_state.Checkpoint | None], Outcome]


GAN = {
    "architecture": "dcgan", "latent": 100, "batch": 64, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999,
    "init_std": 0.02, "leak": 0.2, "batchnorm_momentum": 0.1, "generator_updates": 1, "loss": "logistic", "r1": 0,
    "spectral_norm": False, "diffaugment": [], "ada": None, "ema": 0, "generator_maps": 128, "discriminator_maps": 64,
}  # fmt: skip
LEAN = {"generator_maps": 4, "discriminator_maps": 4, "batch": 4}
PIX2PIX = {
    "architecture": "pix2pix", "generator_maps": 64, "discriminator_maps": 64, "batch": 1, "learning_rate": 2e-4,
    "beta1": 0.5, "beta2": 0.999, "l1": 100, "init_std": 0.02, "leak": 0.2,
}  # fmt: skip
CPGGAN = {
    "architecture": "cpggan", "maps": 512, "latent": 512, "batches": [16, 16, 16, 16, 16, 16, 8],
    "learning_rate": 0.001, "beta1": 0, "beta2": 0.99, "gradient_penalty": 10, "drift": 0.001, "smoothing": 0.999,
    "flipped_labels": 0, "spatial_pyramid": False,
}  # fmt: skip
DIFFUSION = {
    "architecture": "diffusion", "widths": [128, 256, 256], "batch": 128, "learning_rate": 5e-4, "beta1": 0.9,
    "beta2": 0.999, "ema": 0.9995, "noise_mean": -1.2, "noise_std": 1.2, "turned": 0.12, "without_class": 0.1,
}  # fmt: skip
CNN = {
    "architecture": "cnn", "widths": [32, 64, 128], "kernel": 5, "dense": 128, "dropout": 0.5, "batch": 64,
    "learning_rate": 0.001, "momentum": 0.9, "mean": "value",
}  # fmt: skip
RESNET = {
    "architecture": "resnet", "widths": [16, 32, 64, 128], "blocks": 1, "batch": 64, "learning_rate": 0.02,
    "momentum": 0.9, "mean": "value",
}  # fmt: skip
UNET = {
    "architecture": "unet", "widths": [32, 64, 128, 256, 512], "batch": 8, "optimiser": "adam", "learning_rate": 0.001,
    "momentum": 0.9, "loss": {"cross_entropy": 1, "dice": 1}, "ema": 0.999,
}  # fmt: skip
FCN8S = {
    "architecture": "fcn8s", "widths": [64, 128, 256, 512, 512, 4096], "dropout": 0.5, "batch": 4, "optimiser": "adam",
    "learning_rate": 0.0001, "momentum": 0.9, "loss": {"cross_entropy": 1, "dice": 0}, "ema": 0.999,
}  # fmt: skip
YOLOV3 = {
    "architecture": "yolov3", "maps": 32, "input_px": 416, "batch": 64, "learning_rate": 0.001, "burn_in": 1000,
    "ignore_iou": 0.7, "nms_iou": 0.45, "floor": 0.001, "most_boxes": 300, "ema": 0.999,
}  # fmt: skip
# What is shipped, and what makes it tiny.
PRESETS = {
    "dcgan": (GAN, LEAN),
    "acgan": ({**GAN, "architecture": "acgan"}, LEAN),
    "lcgan": (PIX2PIX, {"generator_maps": 4, "discriminator_maps": 4, "batch": 4}),
    "cpggan": (CPGGAN, {"maps": 8, "latent": 8, "batches": [4]}),
    "diffusion": (DIFFUSION, {"widths": [4, 8], "batch": 4}),
    "frid-adar": (CNN, {"widths": [4, 8], "kernel": 3, "dense": 16, "batch": 4}),
    "resnet": (RESNET, {"widths": [8], "batch": 4}),
    "unet": (UNET, {"widths": [6, 12], "batch": 4}),
    "fcn8s": (FCN8S, {"widths": [2, 2, 2, 2, 2, 64], "batch": 4}),
    "yolov3": (YOLOV3, {"maps": 2, "input_px": None, "batch": 4}),
}
SIDES = {  # px of small and full images; those of the first tasks are 64 px
    "lcgan": (32, 256), "cpggan": (8, 256), "unet": (32, 256), "fcn8s": (32, 256), "yolov3": (32, 256),
}  # fmt: skip


def _preset(name: str, run: Run) -> dict:
    full, small = PRESETS[name]
    still = {"learning_rate": 0.0} if run.still else {}
    compute = {"master_seed": 1, "device": run.device, "threads": 1, "precision": run.precision}
    return {**full, **(small if run.size == SMALL else {}), **still, **compute}


def _side(name: str, run: Run) -> int:
    return SIDES.get(name, (64, 64))[run.size == FULL]


def _images(name: str, run: Run) -> np.ndarray:
    side = _side(name, run)
    images = np.random.default_rng(0).integers(0, 256, (run.images, side, side), np.uint8)
    images[run.still :] = images[0] if run.still else images[run.still :]
    return images


def _classes(run: Run) -> np.ndarray:
    return np.zeros(run.images, int) if run.still else np.arange(run.images) % len(CLASSES)


def _label_maps(name: str, run: Run) -> np.ndarray:
    """Return a square of a class in each, uint8 (n, side, side)."""
    side = _side(name, run)
    maps = np.zeros((run.images, side, side), np.uint8)
    for number, each in enumerate(maps):
        corner = 0 if run.still else number % 8
        each[corner * side // 16 :][: side // 2, side // 4 : side // 2] = 1 if run.still else 1 + number % len(CLASSES)
    return maps


def _boxes(name: str, run: Run) -> np.ndarray:
    """Return one box an image, float32 (n, 1, 5): x0, y0, x1, y1 in px, and the class."""
    side = _side(name, run)
    corner = np.zeros(run.images) if run.still else np.arange(run.images) % 8 * side / 16
    label = np.zeros(run.images) if run.still else np.arange(run.images) % len(CLASSES)
    return np.stack([corner, corner, corner + side / 4, corner + side / 3, label], 1).astype(np.float32)[:, None]


def _settled(params: device.Params, narrowest: int, batch: int) -> tuple[device.Params, torch.device]:
    where = device.pick(params)
    return device.settle(params, where, batch, narrowest), where


def _on_cpu(*named: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    return [value.detach().to("cpu", copy=True) for each in named for value in each.values()]


# The generators


def _family_params(name: str, run: Run) -> family.Params:
    given = _preset(name, run)
    if name in ("lcgan", "cpggan"):
        given |= {"classes": CLASSES, "side": _side(name, run)}
    if name in ("acgan", "diffusion"):
        given |= {"classes": CLASSES}
    if name == "cpggan":
        return cpggan.Params(images_per_stage=[run.images * run.epochs], **given)
    if name == "lcgan":
        return pix2pix.Params(epochs=run.epochs, candidates=[run.epochs], **given)
    return FAMILIES[name].Params(epochs=run.epochs, **given)


def _conditions(name: str, run: Run) -> family.Conditions:
    of = FAMILIES[name].conditioned_on
    if of == family.BOXES:
        return list(_boxes(name, run))
    if of == family.MASK:
        return _label_maps(name, run)
    return _classes(run) if of == family.CLASS else None


def _train_family(name: str, run: Run, checkpoint: loop_state.Checkpoint | None) -> Outcome:
    kind, params = FAMILIES[name], _family_params(name, run)
    params, where = _settled(params, kind.narrowest(params), params.batch)
    networks = {key: device.place(network, where) for key, network in kind.build(params, NAMES).items()}
    history, _ = kind.train(
        networks, _images(name, run), _conditions(name, run), params, NAMES, where, checkpoint=checkpoint
    )
    return Outcome(history, _on_cpu(*(network.state_dict() for network in networks.values())))


def _presented_to_family(name: str, run: Run) -> int:
    params = _family_params(name, run)
    if name == "cpggan":
        plan = growth.epochs(params.side, params.images_per_stage, params.batches, run.images)
        return sum(epoch.batch * epoch.steps for epoch in plan)
    batch = min(params.batch, run.images)
    return run.epochs * (run.images // batch) * batch


# The models


def _train_classifier(name: str, run: Run, checkpoint: loop_state.Checkpoint | None) -> Outcome:
    params = classifier.Params(classes=CLASSES, epochs=run.epochs, **_preset(name, run))
    params, where = _settled(params, min(params.widths), params.batch)
    images = _images(name, run)
    network = device.place(classifier.build(images, params, NAMES), where)
    history = classifier.train(network, images, _classes(run), params, NAMES, where, checkpoint=checkpoint)
    return Outcome(history, _on_cpu(network.state_dict()))


def _train_segmenter(name: str, run: Run, checkpoint: loop_state.Checkpoint | None) -> Outcome:
    params = segmenter.Params(classes=CLASSES, epochs=run.epochs, **_preset(name, run))
    params, where = _settled(params, min(params.widths), params.batch)
    network = device.place(segmenter.build(params, NAMES), where)
    ends = [schedule.steps(run.epochs, run.images, params.batch)]
    (ending,) = segmenter.train(
        network, _images(name, run), _label_maps(name, run), params, NAMES, where, ends=ends, checkpoint=checkpoint
    )
    return Outcome(ending.history, _on_cpu(ending.weights))


class _Untransformed(batches.Batches):
    """Slices as they are: transformations are drawn as tables, which would need pandas."""

    def batch(self, step: int) -> tuple[torch.Tensor, ...]:
        rows = np.concatenate([part for _, part in self.orders.parts(step)])
        boxes, labels = self.examples.boxes[rows], self.examples.labels[rows]
        truth = targets.targets(boxes, labels, self.where)
        arrays = (boxes, labels, truth.position, truth.values, truth.weight)
        return self.images[torch.from_numpy(rows)], *(torch.from_numpy(each).to(self.images.device) for each in arrays)


def _train_detector(name: str, run: Run, checkpoint: loop_state.Checkpoint | None) -> Outcome:
    preset = _preset(name, run)
    steps = schedule.steps(run.epochs, run.images, preset["batch"])
    params = detector.Params(classes=CLASSES, steps=steps, evaluate_every=steps, checkpoint="last", **preset)
    params, where = _settled(params, params.maps, params.batch)
    anchors = np.repeat(_side(name, run) * np.arange(1.0, 10.0)[:, None] / 10, 2, axis=1)
    network = device.place(detector.build(params, NAMES, anchors), where)
    boxes = _boxes(name, run)
    examples = batches.Examples(_images(name, run), boxes[..., :4], boxes[..., 4].astype(np.int64))
    with mock.patch.object(batches, "Batches", _Untransformed):
        history = detector.train(network, examples, params, NAMES, where, chances={}, checkpoint=checkpoint)
    return Outcome(history, _on_cpu(network.state_dict()))


def _presented_to_model(name: str, run: Run) -> int:
    batch = min(_preset(name, run)["batch"], run.images)
    if name in ("frid-adar", "resnet"):  # their last batch is filled up
        return run.epochs * run.images
    return schedule.steps(run.epochs, run.images, batch) * batch


FAMILIES = {
    "dcgan": dcgan.FAMILY, "acgan": acgan.FAMILY, "lcgan": pix2pix.FAMILY, "cpggan": cpggan.FAMILY,
    "diffusion": diffusion.FAMILY,
}  # fmt: skip
MODELS = {  # and whether they draw dropout
    "frid-adar": (_train_classifier, True), "resnet": (_train_classifier, False), "unet": (_train_segmenter, False),
    "fcn8s": (_train_segmenter, True), "yolov3": (_train_detector, False),
}  # fmt: skip


def _named(name: str) -> Training:
    train, draws = MODELS.get(name, (_train_family, True))
    presented = _presented_to_model if name in MODELS else _presented_to_family
    return Training(
        name, draws, lambda run: presented(name, run), lambda run, checkpoint=None: train(name, run, checkpoint)
    )


ALL = {name: _named(name) for name in PRESETS}


def tiny(kind: str, **changes: object) -> Run:
    """Return a run of a few steps of a tiny network: on a GPU in bfloat16, enough steps to replay a graph often."""
    return replace(Run(kind, "bfloat16" if kind == "cuda" else "float32", SMALL, 8, 4), **changes)
