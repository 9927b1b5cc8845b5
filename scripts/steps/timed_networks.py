"""How many images a second networks of each kind train on, on this machine: a few steps of a training on noise."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from synthaug.classification import classifier
from synthaug.detection import batches, detector, yolov3
from synthaug.generators import acgan, cpggan, dcgan, family, growth, pix2pix
from synthaug.segmentation import segmenter
from synthaug.training import device

SIDE = 64  # px, of the ROIs of lesions
SECONDS = 0.6  # that are timed of each network
MOST = 200  # steps that are timed
NAMES = ("timing",)


def timed(train: Callable[[int], None], images: int) -> float:
    """Return the images a second of ``train``, which takes how many times it is to go through so many ``images``.

    A training of one time is taken off one of several, because the networks are built and the results kept only once.
    """
    train(1)  # the first one also chooses kernels
    one = seconds(train, 1)
    times = int(np.clip(SECONDS / one, 1, MOST))
    return times * images / max(seconds(train, 1 + times) - one, 0.1 * one * times)


def seconds(train: Callable[[int], None], times: int) -> float:
    """Return how long ``train(times)`` takes."""
    began = time.perf_counter()
    train(times)
    return time.perf_counter() - began


def noise(count: int, side: int = SIDE) -> np.ndarray:
    """Return images, uint8 (count, side, side), that cost a training as much as any others."""
    return np.random.default_rng(0).integers(0, 256, (count, side, side), np.uint8)


def of_classifier(params: classifier.Params) -> float:
    """Return the images a second of a classifier's training."""
    where = device.pick(params)
    params = device.settle(replace(params, epochs=1), where, params.batch, min(params.widths))

    def train(steps: int) -> None:
        images, labels = noise(steps * params.batch), np.arange(steps * params.batch) % len(params.classes)
        network = device.place(classifier.build(images, params, NAMES), where)
        classifier.train(network, images, labels, params, NAMES, where)

    return timed(train, params.batch)


def of_segmenter(params: segmenter.Params, side: int) -> float:
    """Return the images a second of a segmenter's training on slices of ``side`` px."""
    where = device.pick(params)
    params = device.settle(params, where, params.batch, min(params.widths))
    images, labels = noise(params.batch, side), noise(params.batch, side) % (1 + len(params.classes))

    def train(steps: int) -> None:
        network = device.place(segmenter.build(params, NAMES), where)
        segmenter.train(network, images, labels, params, NAMES, where, ends=[steps])

    return timed(train, params.batch)


def of_detector(params: detector.Params, side: int) -> float:
    """Return the images a second of a detector's training on slices of ``side`` px with a box each."""
    where = device.pick(params)
    params = device.settle(replace(params, checkpoint=detector.LAST), where, params.batch, params.maps)
    box = np.array([side / 4, side / 4, side / 2, side / 2], np.float32)
    examples = batches.Examples(
        noise(params.batch, side), np.tile(box, (params.batch, 1, 1)), np.zeros((params.batch, 1), np.int64)
    )
    anchors = np.linspace(side / 16, side / 2, yolov3.ANCHORS)[:, None].repeat(2, axis=1)

    def train(steps: int) -> None:
        network = device.place(detector.build(params, NAMES, anchors), where)
        detector.train(network, examples, replace(params, steps=steps), NAMES, where, chances={})

    return timed(train, params.batch)


def of_roi_generator(kind: family.Family, params: family.Params) -> float:
    """Return the images a second of the training of a generator of ROIs, of the family ``kind``."""

    def conditions(count: int) -> np.ndarray | None:
        return np.arange(count) % len(params.classes) if kind.conditioned_on == family.CLASS else None

    return _of_epochs(kind, params, SIDE, conditions)


def of_pix2pix(params: pix2pix.Params) -> float:
    """Return the images a second of the training of a generator of slices for label maps."""
    return _of_epochs(
        pix2pix.FAMILY, params, params.side, lambda count: noise(count, params.side) % (1 + len(params.classes))
    )


def _of_epochs(
    kind: family.Family, params: family.Params, side: int, conditions: Callable[[int], np.ndarray | None]
) -> float:
    """Return the images a second of a family whose epochs are all alike."""
    where = device.pick(params)
    params = device.settle(replace(params, epochs=1), where, params.batch, kind.narrowest(params))

    def train(steps: int) -> None:
        images = noise(steps * params.batch, side)
        networks = {name: device.place(one, where) for name, one in kind.build(params, NAMES).items()}
        kind.train(networks, images, conditions(len(images)), params, NAMES, where, shown=[], checkpoint=None)

    return timed(train, params.batch)


def of_cpggan(params: cpggan.Params) -> float:
    """Return the images a second of the whole training of a growing generator: less of it, in the same proportions."""
    where = device.pick(params)
    params = device.settle(params, where, params.batch, cpggan.FAMILY.narrowest(params))
    resolutions = growth.resolutions(params.side)
    shown = [growth.at(px, params.images_per_stage) for px in resolutions]
    steps = [each / growth.at(px, params.batches) for px, each in zip(resolutions, shown, strict=True)]
    part = growth.EPOCHS / max(min(steps), growth.EPOCHS)  # the shortest phase has a step an epoch
    images = noise(max(params.batches), params.side)
    conditions = [np.array([[params.side / 4, params.side / 4, params.side / 2, params.side / 2, 0]])] * len(images)

    def less(times: int) -> cpggan.Params:
        return replace(params, images_per_stage=[round(times * part * each) for each in shown])

    def train(times: int) -> None:
        networks = {name: device.place(one, where) for name, one in cpggan.FAMILY.build(params, NAMES).items()}
        cpggan.FAMILY.train(networks, images, conditions, less(times), NAMES, where, shown=[], checkpoint=None)

    plan = growth.epochs(params.side, less(1).images_per_stage, params.batches, len(images))
    return timed(train, plan[-1].shown)


ROI_FAMILIES = {"dcgan": dcgan.FAMILY, "acgan": acgan.FAMILY}
