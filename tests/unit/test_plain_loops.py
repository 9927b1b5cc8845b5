"""The fast loops learn what the plain ones do: the same losses over the first steps, the same accuracy in the end."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from tests.benchmarks import plain

from synthaug import adversarial, classify, dcgan, device, seeding

NAMES = ("model", 0, "12")
COMPUTE = {"master_seed": 1, "device": "cpu", "threads": 1}
EPOCHS = 3  # of two steps each; later, rounding has grown
GAN = {
    "architecture": "dcgan", "latent": 20, "generator_maps": 16, "discriminator_maps": 16, "epochs": EPOCHS,
    "batch": 16, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "init_std": 0.02, "leak": 0.2,
    "batchnorm_momentum": 0.1, "generator_updates": 1, "diffaugment": [], "ema": 0.0,
}  # fmt: skip
CLASSIFIER = {
    "classes": ["dark", "bright"], "widths": [8, 16], "kernel": 5, "dense": 32, "dropout": 0.0, "epochs": EPOCHS,
    "batch": 16, "learning_rate": 0.01, "momentum": 0.9, "mean": "value",
}  # fmt: skip
# Of an epoch's loss: sums are taken in another order; bfloat16 keeps eight bits of a product.
TOLERANCE = {"float32": 1e-3, "bfloat16": 3e-2}


def discs(count: int, seed: int, contrast: float = 60.0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images with a disc that is darker (class 0) or brighter (class 1) than the ground."""
    draws = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    y, x = np.mgrid[:64, :64]
    images = np.full((count, 64, 64), 128.0)
    for image, label in zip(images, labels, strict=True):
        center_y, center_x = draws.uniform(20, 44, 2)
        image[(y - center_y) ** 2 + (x - center_x) ** 2 < 100] += contrast if label else -contrast
    images += draws.normal(0, 20, images.shape)
    return images.clip(0, 255).astype(np.uint8), labels


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_first_steps_of_the_dcgan(precision):
    images, _ = discs(32, 0)
    params = dcgan.Params(**GAN, **COMPUTE, precision=precision)
    where = device.pick(params)
    loop = plain.Dcgan(*plain.gan_networks(params, NAMES), params, where)
    order, noise = (seeding.stream(1, *NAMES, name) for name in ("order", "latents"))
    expected = []
    for _ in range(EPOCHS):
        z = dcgan.training_latents(noise, 32, params)
        expected.append(np.mean(loop.epoch(images, order.permutation(32).tolist(), np.split(z, 2)), axis=0))

    history, _ = adversarial.train(
        *(device.place(network, where) for network in dcgan.build(params, NAMES)), images, np.zeros(32, int),
        lambda draws, count: dcgan.training_latents(draws, count, params), dcgan.LOSSES, params, NAMES, where,
    )  # fmt: skip
    found = np.column_stack([history["loss_d"], history["loss_g"]])
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[precision])
    assert np.ptp(found[:, 0]) > 0.1  # it learns: equal losses are no accident


def trained(images, labels, params, names, *, fast: bool):
    """Return the network and the losses of each epoch of our loop, or of the plain one."""
    where = device.pick(params)
    network = classify.build(images, params, names)
    if fast:
        history = classify.train(device.place(network, where), images, labels, params, names, where)
        return network, history["loss"]
    order = seeding.stream(1, *names, "order")
    torch.manual_seed(seeding.stream_seed(1, *names, "dropout"))
    loop = plain.Classifier(network, params, where)
    epochs = [loop.epoch(images, labels, order.permutation(len(images)).tolist()) for _ in range(params.epochs)]
    return network, np.mean(epochs, axis=1)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_first_steps_of_the_classifier(precision):
    images, labels = discs(32, 0)
    params = classify.Params(**CLASSIFIER, **COMPUTE, precision=precision)
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
    params = classify.Params(**settings, **COMPUTE, precision="auto")
    accuracies = {}
    for fast in (True, False):
        auto = device.settle(params, device.pick(params), params.batch, min(params.widths))
        chosen = auto if fast else replace(params, precision="float32")
        networks = [trained(images, labels, chosen, ("model", seed, "12"), fast=fast)[0] for seed in range(6)]
        predicted = [classify.predict(network, unseen, torch.device("cpu"))[0].argmax(1) for network in networks]
        accuracies[fast] = np.mean(np.array(predicted) == truth, axis=1)
    assert 0.6 < accuracies[False].mean() < 0.97
    test = stats.ttest_ind(accuracies[True], accuracies[False])
    assert test.pvalue > 0.05, accuracies
    assert abs(accuracies[True].mean() - accuracies[False].mean()) < 0.03, accuracies
