import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tests.helpers import forked

from synthaug import seeding
from synthaug.files import artifacts
from synthaug.generators import dcgan
from synthaug.training import device, weights

SCRIPTS = Path(__file__).parents[3] / "scripts"
CPU = torch.device("cpu")
PARAMS = {
    "architecture": "dcgan",
    "latent": 10,
    "generator_maps": 4,
    "discriminator_maps": 4,
    "epochs": 3,
    "batch": 4,
    "learning_rate": 2e-4,
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
    "device": "cpu",
    "threads": 1,
    "precision": "float32",
}
SAMPLING = {
    "classes": ["cyst"],
    "samples": 70,
    "sampling_latent": "uniform",
    "master_seed": 1,
    "device": "cpu",
    "threads": 1,
    "precision": "float32",
}
NAMES = ("generator", 0, "12", "cyst")


def build(**changes) -> list[torch.nn.Module]:
    params = dcgan.Params(**PARAMS | changes)
    where = device.pick(params)
    networks = dcgan.FAMILY.build(params, NAMES)
    assert tuple(networks) == dcgan.FAMILY.networks
    return [device.place(network, where) for network in networks.values()]


def sample(generator: torch.nn.Module, z: np.ndarray, precision: str = "float32") -> np.ndarray:
    return dcgan.FAMILY.images({"generator": generator}, (z,), CPU, precision)


def test_published_size():
    """Layer by layer: weights and biases of each layer, two values a map for batch normalisation."""
    generator, discriminator = build(latent=100, generator_maps=128, discriminator_maps=64)
    deconvolutions = sum(a * b * 25 + b for a, b in [(1024, 512), (512, 256), (256, 128), (128, 1)])
    head, normalisation = 100 * 16384 + 16384, 2 * (1024 + 512 + 256 + 128)
    assert weights.count(generator) == head + deconvolutions + normalisation == 18_865_921
    convolutions = sum(a * b * 25 + b for a, b in [(1, 64), (64, 128), (128, 256), (256, 512)])
    score, normalisation = 16 * 512 + 1, 2 * (128 + 256 + 512)
    assert weights.count(discriminator) == convolutions + score + normalisation == 4_313_345


def test_initial_weights():
    networks = build(latent=100, generator_maps=16, discriminator_maps=16)
    for network in networks:
        for module in network.modules():
            if hasattr(module, "weight") and module.weight.numel() > 100:
                values = module.weight.detach()
                assert values.mean().item() == pytest.approx(float(values.dim() == 1), abs=0.008)
                assert values.std().item() == pytest.approx(0.02, rel=0.15)
            if hasattr(module, "bias"):
                assert not module.bias.any()
    assert networks[0].head.weight[0, :4].tolist() != networks[1].score.weight[0, :4].tolist()


def test_shapes_and_range():
    generator, discriminator = build()
    images = generator(100 * torch.randn(5, 10))
    assert images.shape == (5, 1, 64, 64)
    assert images.abs().max() <= 1
    assert discriminator(images).shape == (5,)


def test_a_pixel_reaches_the_discriminators_map_as_far_as_its_receptive_field():
    """Four 5x5 convolutions of stride 2 see 5 + 4 (2 + 4 + 8) = 61 px a side."""
    _, discriminator = build()
    discriminator.eval()
    image = torch.randn(1, 1, 64, 64, requires_grad=True)
    discriminator.features(image)[0, :, 2, 2].sum().backward()
    rows = torch.nonzero(image.grad[0, 0].abs().sum(1)).flatten()
    center = 2 * 16  # the map's position 2 is centred on pixel 2 * 2^4
    assert (rows.min().item(), rows.max().item()) == (center - 30, center + 30)


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_latents_are_nested_and_distributed_as_asked(kind):
    many = dcgan.latents(np.random.default_rng(0), 1000, 20, kind)
    assert np.array_equal(many[:7], dcgan.latents(np.random.default_rng(0), 7, 20, kind))
    assert many.dtype == np.float32
    assert many.mean() == pytest.approx(0, abs=0.03)
    assert many.std() == pytest.approx(3**-0.5 if kind == "uniform" else 1, rel=0.03)
    assert (np.abs(many) <= 1).all() == (kind == "uniform")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_sample_depends_on_its_own_latent_vector_only(precision):
    generator, _ = build(init_std=0.1)
    z = dcgan.latents(np.random.default_rng(0), 70, 10, "uniform")
    images = sample(generator, z, precision)
    assert images.shape == (70, 64, 64)
    assert images.dtype == np.uint8
    assert np.array_equal(images[:3], sample(generator, z[:3], precision))
    assert np.array_equal(images[69:], sample(generator, z[69:], precision))
    assert (images[0] != images[1]).any()
    assert generator.training


def test_sample_is_the_network_rounded_to_bytes():
    generator, _ = build(init_std=0.1)
    z = dcgan.latents(np.random.default_rng(0), 5, 10, "uniform")
    images = sample(generator, z)
    with torch.no_grad():
        exact = (generator.eval()(torch.from_numpy(z))[:, 0].numpy() + 1) * 127.5
    assert np.abs(images - exact).max() <= 0.501


def run(script: str, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, SCRIPTS / script, *arguments]
    return forked.run(command)


def test_scripts(tmp_path):
    draws = np.random.default_rng(0)
    lesions = [f"lesion-{i:02d}" for i in range(12)]
    rois = pd.DataFrame({"lesion": lesions, "patient": lesions, "class": ["cyst", "metastasis"] * 6, "set": "main"})
    artifacts.write_csv(rois, tmp_path / "rois.csv")
    artifacts.write_array(draws.integers(0, 256, (12, 64, 64), np.uint8), tmp_path / "rois.npy")
    artifacts.write_csv(pd.DataFrame({"lesion": np.repeat(lesions, 2), "rank": [0, 1] * 12}), tmp_path / "index.csv")
    artifacts.write_array(draws.integers(0, 256, (24, 64, 64), np.uint8), tmp_path / "pool.npy")
    artifacts.write_csv(rois.drop(columns="set").assign(fold=np.arange(12) // 4), tmp_path / "folds.csv")

    def train(out: Path, params: dict) -> subprocess.CompletedProcess:
        return run(
            "train_dcgan.py", "--rois", tmp_path / "rois.csv", "--roi-images", tmp_path / "rois.npy",
            "--pool-index", tmp_path / "index.csv", "--pool-images", tmp_path / "pool.npy",
            "--folds", tmp_path / "folds.csv", "--seed", 0, "--train-folds", "12", "--group", 4, "--cls", "cyst",
            "--params", json.dumps(params), "--out-dir", out, "--log", out / "log.txt",
        )  # fmt: skip

    out = tmp_path / "out/cyst"
    finished = train(out, PARAMS)
    assert finished.returncode == 0, finished.stderr
    train_set = artifacts.read_csv(out / "train_set.csv")
    assert train_set["source"].value_counts().to_dict() == {"roi": 4, "pool": 4}
    assert set(train_set["class"]) == {"cyst"}
    assert train_set.columns.tolist() == ["source", "lesion", "rank", "class", "generator", "row"]
    for source, table in (("roi", "rois.csv"), ("pool", "index.csv")):
        part = train_set[train_set["source"] == source]
        assert artifacts.read_csv(tmp_path / table)["lesion"][part["row"]].tolist() == part["lesion"].tolist()
    assert not set(train_set["lesion"]) & set(lesions[:4])
    model = artifacts.read_json(out / "model.json")
    assert model["params"] == PARAMS
    assert model["snapshot_epochs"] == [1, 2, 3]
    assert artifacts.read_array(out / "samples.npy").shape == (3, 16, 64, 64)
    assert np.isfinite(artifacts.read_csv(out / "history.csv")).all(axis=None)

    def draw(folder: Path, **changes) -> subprocess.CompletedProcess:
        return run(
            "sample_dcgan.py", "--generators", tmp_path / "out", "--generator", "dcgan", "--seed", 0,
            "--train-folds", "12", "--params", json.dumps(SAMPLING | changes), "--out-dir", folder,
            "--log", folder / "log.txt",
        )  # fmt: skip

    finished = draw(tmp_path / "synthetic")
    assert finished.returncode == 0, finished.stderr
    z = dcgan.latents(seeding.stream(1, *NAMES, "samples"), 7, 10, "uniform")
    generator, _ = build()
    weights.load(generator, out / "generator.safetensors")
    synthetic = artifacts.read_array(tmp_path / "synthetic/cyst/images.npy")
    assert synthetic.shape == (70, 64, 64)
    assert np.array_equal(synthetic[:7], sample(generator, z))
    index = artifacts.read_csv(tmp_path / "synthetic/cyst/index.csv")
    assert index.to_csv(index=False).startswith("sample,generator,class\n0,dcgan,cyst\n1,dcgan,cyst\n")

    failed = draw(tmp_path / "failed", seeds=3)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert "seeds" in failed.stderr
