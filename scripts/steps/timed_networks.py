"""Trainings of every kind of network on noise, as long as is asked, so that they can be timed.

Each kind has a function that takes the parameters of its training script, and what the script reads of its images:
their ``side``, and the chances by which slices are changed in every step (``chances``). It returns a `Timed`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from synthaug import seeding
from synthaug.classification import classifier
from synthaug.detection import batches, detector, yolov3
from synthaug.generators import acgan, cpggan, dcgan, diffusion, family, growth, loop, pix2pix
from synthaug.quality import real_or_fake
from synthaug.segmentation import segmenter, transformations
from synthaug.training import device

NAMES = ("timing",)
ROI_SIDE = 64
PIXELS = 2**20  # of a batch, at most: larger ones take as long an image, and more memory


@dataclass(frozen=True)
class Timed:
    """A training: ``train`` takes how many batches of ``batch`` images it is to learn from."""

    train: Callable[[int], object]
    batch: int


def of_classifier(values: dict) -> Timed:
    """Return the training of a classifier of ROIs."""
    params = classifier.Params(**values)
    where = device.pick(params)
    params = device.settle(replace(params, epochs=1), where, params.batch, min(params.widths))

    def train(steps: int) -> None:
        images, labels = noise(steps * params.batch), np.arange(steps * params.batch) % len(params.classes)
        network = device.place(classifier.build(images, params, NAMES), where)
        classifier.train(network, images, labels, params, NAMES, where)

    return Timed(train, params.batch)


def of_generator(values: dict, kind: family.Family) -> Timed:
    """Return the training of a generator of the family ``kind``, of ROIs or of slices."""
    side = values.get("side", ROI_SIDE)
    last = {"epochs": 1} | ({"candidates": [1]} if "candidates" in values else {})
    params = kind.Params(**{**values, **last, "batch": at_most(values["batch"], side)})
    where = device.pick(params)
    params = device.settle(params, where, params.batch, kind.narrowest(params))

    def train(steps: int) -> None:
        images = noise(steps * params.batch, side)
        labels = np.arange(len(images)) % len(params.classes) if kind.conditioned_on == family.CLASS else None
        conditions = masks(images, params.classes) if kind.conditioned_on == family.MASK else labels
        networks = {name: device.place(one, where) for name, one in kind.build(params, NAMES).items()}
        kind.train(networks, images, conditions, params, NAMES, where, shown=[], checkpoint=None)

    return Timed(train, params.batch)


def of_growing_generator(values: dict) -> Timed:
    """Return the training of a CPGGAN at ``px``, one of its resolutions."""
    px, kind = values["px"], cpggan.FAMILY
    params = kind.Params(**{key: value for key, value in values.items() if key != "px"})
    where, batch = device.pick(params), at_most(growth.at(px, params.batches), px)
    params = device.settle(params, where, batch, kind.narrowest(params))

    def train(steps: int) -> None:
        images = noise(batch, params.side)
        boxes = [np.array([[0, 0, params.side // 4, params.side // 4, 0]], np.float32)] * batch
        networks = {name: device.place(one, where) for name, one in kind.build(params, NAMES).items()}
        lesson = kind.learner(networks, torch.from_numpy(images).unsqueeze(1).to(where), boxes, params)
        lesson.plan = [growth.Epoch(px, batch, np.ones(steps, np.float32), 1.0, 0)]
        loop.train(lesson, params, NAMES)

    return Timed(train, batch)


def of_segmenter(values: dict) -> Timed:
    """Return the training of a segmenter; with ``chances`` its slices are transformed in every epoch."""
    side, chances = values["side"], values["chances"]
    known = {key: value for key, value in values.items() if key not in ("side", "chances")}
    params = segmenter.Params(**{**known, "batch": at_most(values["batch"], side)})
    where = device.pick(params)
    params = device.settle(params, where, params.batch, min(params.widths))

    def train(steps: int) -> None:
        images = noise(steps * params.batch, side)

        def redrawn(epoch: int) -> pd.DataFrame:
            return transformations.draw(seeding.stream(0, *NAMES, epoch), len(images), chances)

        network = device.place(segmenter.build(params, NAMES), where)
        labels = masks(images, params.classes)
        segmenter.train(
            network, images, labels, params, NAMES, where, ends=[steps], transformed=redrawn if chances else None
        )

    return Timed(train, params.batch)


def of_detector(values: dict) -> Timed:
    """Return the training of a detector, whose slices change in every step as ``chances`` say."""
    side, chances = values["side"], values["chances"]
    known = {key: value for key, value in values.items() if key not in ("side", "chances")}
    asked = {"batch": at_most(values["batch"], values["input_px"] or side), "burn_in": 0, "checkpoint": detector.LAST}
    params = detector.Params(**{**known, **asked})
    where = device.pick(params)
    params = device.settle(params, where, params.batch, params.maps)
    sizes = side * np.linspace(0.05, 0.5, yolov3.ANCHORS)

    def train(steps: int) -> None:
        count = steps * params.batch
        boxes = np.tile(np.float32([[side / 4, side / 4, side / 2, side / 2]]), (count, 1, 1))
        examples = batches.Examples(noise(count, side), boxes, np.zeros((count, 1), np.int64))
        network = detector.build(params, NAMES, np.stack([sizes, sizes], axis=1))
        part = replace(params, steps=steps, evaluate_every=steps)
        detector.train(device.place(network, where), examples, part, NAMES, where, chances=chances)

    return Timed(train, params.batch)


def of_judge(values: dict) -> Timed:
    """Return the training of the network that says which synthetic slices look real, by its real images."""
    known = {key: value for key, value in values.items() if key not in ("side", "device", "threads", "precision")}
    params = real_or_fake.Params(**known)
    where = device.pick(device.Compute(**{key: values[key] for key in ("device", "threads", "precision")}))
    images = noise(4 * params.batch, values["side"])

    def train(steps: int) -> None:
        real_or_fake.trained(images, [images], replace(params, steps=steps), 0, NAMES, where)

    return Timed(train, params.batch)


def at_most(batch: int, side: int) -> int:
    """Return the images of a batch, or fewer if their sides are long: an image then takes as long, and less memory."""
    return min(batch, max(1, PIXELS // side**2))


def noise(count: int, side: int = ROI_SIDE) -> np.ndarray:
    """Return images that cost a training as much as any others, uint8 (count, side, side)."""
    return np.random.default_rng(0).integers(0, 256, (count, side, side), np.uint8)


def masks(images: np.ndarray, classes: list[str]) -> np.ndarray:
    """Return a label map for each of the ``images``, uint8 of their shape."""
    return images % np.uint8(len(classes) + 1)


KINDS = {
    "classifier": of_classifier,
    "dcgan": lambda values: of_generator(values, dcgan.FAMILY),
    "acgan": lambda values: of_generator(values, acgan.FAMILY),
    "diffusion": lambda values: of_generator(values, diffusion.FAMILY),
    "pix2pix": lambda values: of_generator(values, pix2pix.FAMILY),
    "cpggan": of_growing_generator,
    "segmenter": of_segmenter,
    "detector": of_detector,
    "real-or-fake": of_judge,
}
