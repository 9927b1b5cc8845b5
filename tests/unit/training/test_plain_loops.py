"""The fast loops learn what the plain ones do: the same losses over the first steps, the same accuracy in the end."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from tests.benchmarks import plain
from tests.helpers.small_trainings import CLASSIFIER, COMPUTE, EPOCHS, GAN, discs

from synthaug import seeding
from synthaug.classification import classifier
from synthaug.generators import dcgan
from synthaug.training import device

NAMES = ("model", 0, "12")
# Of an epoch's loss: sums are taken in another order; bfloat16 keeps eight bits of a product.
TOLERANCE = {"float32": 1e-3, "bfloat16": 3e-2}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_first_steps_of_the_dcgan(precision):
    images, _ = discs(32, 0)
    params = dcgan.Params(**GAN, **COMPUTE, precision=precision)
    where = device.pick(params)
    loop = plain.Dcgan(*plain.gan_networks(params, NAMES), params, where)
    order, noise = (seeding.stream(1, *NAMES, name) for name in ("order", "latents"))
    expected = []
    for _ in range(EPOCHS):
        (z,) = dcgan.FAMILY.training_inputs(noise, 32, None, params)
        expected.append(np.mean(loop.epoch(images, order.permutation(32).tolist(), np.split(z, 2)), axis=0))

    networks = {name: device.place(network, where) for name, network in dcgan.FAMILY.build(params, NAMES).items()}
    history, _ = dcgan.FAMILY.train(networks, images, None, params, NAMES, where)
    found = np.column_stack([history["loss_d"], history["loss_g"]])
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[precision])
    assert np.ptp(found[:, 0]) > 0.1  # it learns: equal losses are no accident


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


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_first_steps_of_the_classifier(precision):
    images, labels = discs(32, 0)
    params = classifier.Params(**CLASSIFIER, **COMPUTE, precision=precision)
    found, expected = (trained(images, labels, params, NAMES, fast=fast)[1] for fast in (True, False))
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[precision])
    assert np.ptp(found) > 0.01


@pytest.mark.slow
def test_accuracies_differ_within_the_noise_of_seeds():
    images, labels = discs(240, 0, contrast=12)
    unseen, truth = discs(400, 1, contrast=12)
    # A sixth of the labels is wrong, so that the task is neither hopeless nor perfect.
    labels, truth = (np.where(np.arange(len(each)) % 6 == 1, 1 - each, each) for each in (labels, truth))
    settings = CLASSIFIER | {"dropout": 0.5, "epochs": 12, "learning_rate": 0.02}
    params = classifier.Params(**settings, **COMPUTE, precision="auto")
    accuracies = {}
    for fast in (True, False):
        auto = device.settle(params, device.pick(params), params.batch, min(params.widths))
        chosen = auto if fast else replace(params, precision="float32")
        networks = [trained(images, labels, chosen, ("model", seed, "12"), fast=fast)[0] for seed in range(6)]
        predicted = [classifier.predict(network, unseen, torch.device("cpu"))[0].argmax(1) for network in networks]
        accuracies[fast] = np.mean(np.array(predicted) == truth, axis=1)
    assert 0.6 < accuracies[False].mean() < 0.97
    test = stats.ttest_ind(accuracies[True], accuracies[False])
    assert test.pvalue > 0.05, accuracies
    assert abs(accuracies[True].mean() - accuracies[False].mean()) < 0.03, accuracies
