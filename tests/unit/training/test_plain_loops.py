"""The fast loops learn what the plain ones do: the same losses over the first steps, the same accuracy in the end.

Processors add up in different orders. A training amplifies what rounds differently, so that losses of a few steps on
agree in no digit that could be relied on: trainings are compared in float64, and in the precisions of the config what
the first step finds, before any weight has changed.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from tests.benchmarks import plain
from tests.helpers.small_trainings import CLASSIFIER, COMPUTE, EPOCHS, GAN, RESNET, discs

from synthaug import seeding
from synthaug.classification import classifier
from synthaug.generators import dcgan
from synthaug.training import device

NAMES = ("model", 0, "12")
# Between the rounding of a loss to float32, in which its totals are kept, and what any difference of the loops makes.
EXACT = 1e-6
# Relative, of the loss and of the gradient's length. float32 rounds each of up to thousands of terms by 6e-8, and batch
# normalisation of features as small as the initial weights makes that a thousand times as much: 0.0012 of the gradient
# without vector instructions. A difference of the loops would be tens of percent; what is exact is tested in float64.
# bfloat16 keeps eight bits of each product: no less than LEAST, or the precision was not asked for.
TOLERANCE = {"float32": (1e-5, 1e-2), "bfloat16": (3e-2, 1.5e-1)}
LEAST = {"float32": 0, "bfloat16": 2e-3}


def gradients(network: torch.nn.Module) -> np.ndarray:
    return torch.cat([each.grad.flatten() for each in network.parameters()]).double().numpy()


def check_first_step(precision: str, found: tuple[float, np.ndarray], expected: tuple[float, np.ndarray]) -> None:
    """Compare the loss and the gradient of one step."""
    of_loss, of_gradient = TOLERANCE[precision]
    np.testing.assert_allclose(found[0], expected[0], rtol=of_loss)
    difference = np.linalg.norm(found[1] - expected[1]) / np.linalg.norm(expected[1])
    assert LEAST[precision] <= difference < of_gradient


def dcgans(epochs: int, **changes):
    """Train by both loops; return the losses of D and G in each epoch, and D's gradient of the last step, by loop."""
    images, _ = discs(32, 0)
    params = dcgan.Params(**{**GAN, **COMPUTE, "precision": "float32", "epochs": epochs, **changes})
    where = device.pick(params)
    generator, discriminator = plain.gan_networks(params, NAMES)
    loop = plain.Dcgan(generator, discriminator, params, where)
    last = []
    loop.update_d.register_step_pre_hook(lambda *_: last.append(gradients(discriminator)))
    order, noise = (seeding.stream(1, *NAMES, name) for name in ("order", "latents"))
    expected = []
    for _ in range(epochs):
        (z,) = dcgan.FAMILY.training_inputs(noise, 32, None, params)
        losses = loop.epoch(images, order.permutation(32).tolist(), np.split(z, 32 // params.batch))
        expected.append(np.mean(losses, axis=0))

    networks = {name: device.place(network, where) for name, network in dcgan.FAMILY.build(params, NAMES).items()}
    history, _ = dcgan.FAMILY.train(networks, images, None, params, NAMES, where)
    found = np.column_stack([history["loss_d"], history["loss_g"]])
    return (found, gradients(networks["discriminator"])), (np.array(expected), last[-1])


def test_first_steps_of_the_dcgan(float64):
    (found, gradient), (expected, gradient_expected) = dcgans(EPOCHS, generator_maps=4, discriminator_maps=4)
    np.testing.assert_allclose(found, expected, rtol=EXACT)
    np.testing.assert_allclose(gradient, gradient_expected, rtol=EXACT, atol=EXACT * np.abs(gradient).max())
    assert np.ptp(found[:, 0]) > 0.1  # it learns: equal losses are no accident


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_first_step_of_the_dcgan(precision):
    # The generator's loss is of an updated discriminator, and Adam makes a whole step of a gradient's last bit.
    found, expected = ((losses[:, 0], gradient) for losses, gradient in dcgans(1, batch=32, precision=precision))
    check_first_step(precision, found, expected)


def trained(images, labels, params, names, *, fast: bool):
    """Return the network and the losses of each epoch of our loop, or of the plain one."""
    where = device.pick(params)
    network = classifier.build(images, params, names)
    if fast:
        history = classifier.train(device.place(network, where), images, labels, params, names, where)
        return network, history["loss"]
    order = seeding.stream(1, *names, "order")
    torch.manual_seed(seeding.stream_seed(1, *names, "dropout"))
    loop = plain.Classifier(network, params, where)
    epochs = [loop.epoch(images, labels, order.permutation(len(images)).tolist()) for _ in range(params.epochs)]
    return network, np.mean(epochs, axis=1)


def classifiers(preset=CLASSIFIER, **changes):
    """Train by both loops; return the losses of each epoch, and the gradient of the last step, by loop."""
    images, labels = discs(32, 0)
    params = classifier.Params(**{**preset, **COMPUTE, "precision": "float32", **changes})
    for fast in (True, False):
        network, losses = trained(images, labels, params, NAMES, fast=fast)
        yield losses, gradients(network)


@pytest.mark.parametrize("preset", [CLASSIFIER, RESNET], ids=["cnn", "resnet"])
def test_first_steps_of_the_classifier(float64, preset):
    (found, gradient), (expected, gradient_expected) = classifiers(preset, learning_rate=0.03)
    np.testing.assert_allclose(found, expected, rtol=EXACT)
    np.testing.assert_allclose(gradient, gradient_expected, rtol=EXACT, atol=EXACT * np.abs(gradient).max())
    assert np.ptp(found) > 1e-3


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_first_step_of_the_classifier(precision):
    check_first_step(precision, *classifiers(epochs=1, batch=32, precision=precision))


def plain_classifier(precision):
    """Return the loss of the first step of the plain loop, and its gradient."""
    images, labels = discs(32, 0)
    params = classifier.Params(**{**CLASSIFIER, **COMPUTE, "precision": "float32", "batch": 32})
    network = classifier.build(images, params, NAMES)
    (loss,) = plain.Classifier(network, params, device.pick(params), precision).epoch(images, labels, range(32))
    return loss, gradients(network)


def plain_dcgan(precision):
    """Return the discriminator's loss in the first step of the plain loop, and its gradient."""
    images, _ = discs(32, 0)
    params = dcgan.Params(**{**GAN, **COMPUTE, "precision": "float32", "batch": 32})
    generator, discriminator = plain.gan_networks(params, NAMES)
    loop = plain.Dcgan(generator, discriminator, params, device.pick(params), precision)
    last = []
    loop.update_d.register_step_pre_hook(lambda *_: last.append(gradients(discriminator)))
    (z,) = dcgan.FAMILY.training_inputs(np.random.default_rng(0), 32, None, params)
    ((loss, _),) = loop.epoch(images, range(32), [z])
    return loss, last[0]


@pytest.mark.parametrize("loop", [plain_classifier, plain_dcgan], ids=["classifier", "dcgan"])
def test_plain_loops_in_bfloat16_are_those_in_float32_but_for_its_rounding(loop):
    check_first_step("bfloat16", loop(plain.BFLOAT16), loop(plain.FLOAT32))


@pytest.mark.slow
def test_accuracies_differ_within_the_noise_of_seeds():
    images, labels = discs(240, 0, contrast=20)
    unseen, truth = discs(400, 1, contrast=20)
    # A sixth of the labels is wrong, so that the task is neither hopeless nor perfect.
    labels, truth = (np.where(np.arange(len(each)) % 6 == 1, 1 - each, each) for each in (labels, truth))
    settings = CLASSIFIER | {"dropout": 0.5, "epochs": 12, "learning_rate": 0.01}
    params = classifier.Params(**settings, **COMPUTE, precision="auto")
    accuracies = {}
    for fast in (True, False):
        auto = device.settle(params, device.pick(params), params.batch, min(params.widths))
        chosen = auto if fast else replace(params, precision="float32")
        networks = [trained(images, labels, chosen, ("model", seed, "12"), fast=fast)[0] for seed in range(4)]
        predicted = [classifier.predict(network, unseen, torch.device("cpu"))[0].argmax(1) for network in networks]
        accuracies[fast] = np.mean(np.array(predicted) == truth, axis=1)
    assert 0.6 < accuracies[False].mean() < 0.97
    # Which seed does well depends on the processor. So the noise of seeds must be far smaller than what is looked for,
    # and a difference count that chance makes on one processor of ten thousand.
    assert max(np.std(found, ddof=1) for found in accuracies.values()) < 0.025, accuracies
    assert stats.ttest_ind(accuracies[True], accuracies[False]).pvalue > 1e-4, accuracies
    assert abs(accuracies[True].mean() - accuracies[False].mean()) < 0.03, accuracies
