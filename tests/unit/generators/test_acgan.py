import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tests.helpers import forked
from torch.nn import functional

from synthaug.files import artifacts
from synthaug.generators import acgan, adversarial, dcgan
from synthaug.training import device, weights

SCRIPTS = Path(__file__).parents[3] / "scripts"
CPU = torch.device("cpu")
CLASSES = ["dark", "bright"]
COMPUTE = {"device": "cpu", "threads": 1, "precision": "float32"}
PARAMS = {
    "classes": CLASSES,
    "architecture": "acgan",
    "latent": 10,
    "generator_maps": 8,
    "discriminator_maps": 8,
    "epochs": 30,
    "batch": 16,
    "learning_rate": 5e-4,
    "beta1": 0.5,
    "beta2": 0.999,
    "init_std": 0.02,
    "leak": 0.2,
    "batchnorm_momentum": 0.1,
    "generator_updates": 1,
    "loss": "logistic",
    "r1": 0,
    "spectral_norm": False,
    "diffaugment": [],
    "ada": None,
    "ema": 0.0,
    "master_seed": 1,
    **COMPUTE,
}
NAMES = ("generator", 0, "12", "all")


def discs(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Discs that are darker (class 0) or brighter (class 1) than the ground."""
    labels = np.arange(count) % 2
    draws = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64] - 31.5
    inside = np.hypot(y, x) < draws.uniform(14, 22, (count, 1, 1))
    values = np.where(inside, np.where(labels, 210, 40)[:, None, None], 128) + draws.normal(0, 6, inside.shape)
    return values.clip(0, 255).astype(np.uint8), labels


def test_size_of_the_paper_configuration():
    # The DCGAN of the paper's widths, three more inputs and a head of three classes.
    paper = {"latent": 100, "generator_maps": 128, "discriminator_maps": 64, "classes": [*"abc"]}
    networks = acgan.FAMILY.build(acgan.Params(**PARAMS | paper), NAMES)
    generator, discriminator = (networks[name] for name in acgan.FAMILY.networks)
    assert weights.count(generator) == 18_865_921 + 3 * 16_384 == 18_915_073
    assert weights.count(discriminator) == 4_313_345 + 3 * (8192 + 1) == 4_337_924


def test_latents_carry_the_class():
    (z,) = acgan.FAMILY.training_inputs(np.random.default_rng(3), 400, np.zeros(96, int), acgan.Params(**PARAMS))
    assert z.shape == (400, 12)
    assert z.dtype == np.float32
    assert set(z[:, 10:].sum(axis=1)) == {1.0}
    assert 150 < z[:, 10].sum() < 250
    assert z[:, :10].min() >= -1
    assert z[:, :10].max() <= 1


def test_losses_are_odenas():
    draws = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 7, 3, dtype=torch.float64, generator=draws)
    labels, wanted = torch.tensor([0, 1, 0, 1, 1, 0, 0]), torch.tensor([1, 1, 0, 0, 1, 0, 1])
    z = torch.cat([torch.zeros(7, 10), functional.one_hot(wanted)], dim=1).double()
    # Odena et al. 2017, section 3: D maximises L_S + L_C, G maximises L_C - L_S, not saturating.
    source = real[:, 0].sigmoid().log().mean() + (1 - fake[:, 0].sigmoid()).log().mean()
    of_fake = torch.stack([row.log_softmax(0)[c] for row, c in zip(fake[:, 1:], wanted, strict=True)]).mean()
    of_real = torch.stack([row.log_softmax(0)[c] for row, c in zip(real[:, 1:], labels, strict=True)]).mean()
    outputs, logistic = acgan.FAMILY.outputs, adversarial.LOSSES["logistic"]
    assert torch.equal(outputs.score(real), real[:, 0])
    torch.testing.assert_close(
        logistic.discriminator(real[:, 0], fake[:, 0]) + outputs.discriminator_extra(real, fake, labels, (z,)),
        -(source + of_real + of_fake),
    )
    torch.testing.assert_close(
        logistic.generator(fake[:, 0]) + outputs.generator_extra(fake, (z,)),
        -(fake[:, 0].sigmoid().log().mean() + of_fake),
    )


@pytest.fixture(scope="module")
def trained():
    params = acgan.Params(**PARAMS)
    where = device.pick(params)
    images, labels = discs(96)
    networks = {name: device.place(network, where) for name, network in acgan.FAMILY.build(params, NAMES).items()}
    acgan.FAMILY.train(networks, images, labels, params, NAMES, where)
    return networks


def test_samples_show_the_class_asked_for(trained):
    sampling = dcgan.SamplingParams(master_seed=1, samples=40, sampling_latent="uniform", **COMPUTE)
    dark, bright = (
        acgan.FAMILY.sample(
            trained, np.full(40, label), np.random.default_rng(5), acgan.Params(**PARAMS), sampling, CPU
        )[:, 26:38, 26:38].mean((1, 2))
        for label in (0, 1)
    )
    assert (dark < 110).mean() > 0.9
    assert (bright > 150).mean() > 0.9


def test_discriminator_classifies(trained):
    discriminator = trained["discriminator"]
    images, labels = discs(40)
    probabilities, features = acgan.classify(discriminator, images, CPU)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.95
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert features.shape == (40, 8 * 8 * 16)
    alone, _ = acgan.classify(discriminator, images[7:8], CPU)
    assert np.array_equal(alone[0], probabilities[7])


def run(script: str, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, SCRIPTS / script, *arguments]
    return forked.run(command)


def test_scripts(tmp_path):
    images, labels = discs(24)
    lesions = [f"lesion-{i:02d}" for i in range(24)]
    classes = np.array(CLASSES)[labels]
    rois = pd.DataFrame({"lesion": lesions, "patient": lesions, "class": classes, "set": "main"})
    artifacts.write_csv(rois, tmp_path / "rois.csv")
    artifacts.write_array(images, tmp_path / "rois.npy")
    artifacts.write_csv(pd.DataFrame({"lesion": np.repeat(lesions, 2), "rank": [0, 1] * 24}), tmp_path / "index.csv")
    artifacts.write_array(np.repeat(images, 2, axis=0)[:, ::-1], tmp_path / "pool.npy")
    artifacts.write_csv(rois.drop(columns="set").assign(fold=np.arange(24) // 2 % 3), tmp_path / "folds.csv")
    cohort = ["--rois", tmp_path / "rois.csv", "--roi-images", tmp_path / "rois.npy", "--folds", tmp_path / "folds.csv"]
    settings = PARAMS | {"epochs": 2}
    done = run(
        "train_acgan.py", *cohort, "--pool-index", tmp_path / "index.csv", "--pool-images", tmp_path / "pool.npy",
        "--seed", 0, "--train-folds", "12", "--group", 8, "--cls", "all", "--params", json.dumps(settings),
        "--out-dir", tmp_path / "generators/train-12/all",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    train_set = artifacts.read_csv(tmp_path / "generators/train-12/all/train_set.csv")
    assert train_set["class"].value_counts().to_dict() == {"dark": 16, "bright": 16}
    assert artifacts.read_json(tmp_path / "generators/train-12/all/model.json")["params"] == settings

    sampling = {"master_seed": 1, "classes": CLASSES, "samples": 9, "sampling_latent": "uniform", **COMPUTE}
    done = run(
        "sample_acgan.py", "--generators", tmp_path / "generators/train-12", "--generator", "mine", "--seed", 0,
        "--train-folds", "12", "--params", json.dumps(sampling), "--out-dir", tmp_path / "synthetic",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    dark, bright = (artifacts.read_array(tmp_path / "synthetic" / cls / "images.npy") for cls in CLASSES)
    assert dark.shape == bright.shape == (9, 64, 64)
    assert not np.array_equal(dark, bright)

    done = run(
        "classify_discriminator.py", *cohort, "--generators", tmp_path / "generators", "--train-folds", "12",
        "--params", json.dumps(COMPUTE), "--out-dir", tmp_path / "classify",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = artifacts.read_csv(tmp_path / "classify/train-12/predictions.csv")
    assert table["lesion"].tolist() == [name for i, name in enumerate(lesions) if i // 2 % 3 == 0]
    assert table.columns.tolist() == ["lesion", "patient", "fold", "truth", "predicted", "p_dark", "p_bright"]
    pd.testing.assert_frame_equal(artifacts.read_csv(tmp_path / "classify/train-12/train_set.csv"), train_set)
